//! Clients that go on asking while something happens.

use std::path::PathBuf;
use std::process::{Child, Stdio};

use anyhow::{Context, Result, bail};
use local_cluster::Cluster;
use serde_json::Value;

/// The `load` tool, asking from within the node's network.
pub(crate) struct Load(Child);

impl Load {
    /// Starts to ask `url`.
    pub(crate) fn start(cluster: &Cluster, url: &str) -> Result<Self> {
        let tool = PathBuf::from(env!("CARGO_BIN_EXE_load"));
        let tool = tool.to_str().context("the checkout has a printable path")?;
        let child = cluster
            .in_network(tool)?
            .arg(url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start the load")?;
        Ok(Self(child))
    }

    /// Stops asking, and tells what came of it.
    pub(crate) fn finish(mut self) -> Result<Value> {
        drop(self.0.stdin.take());
        let output = self.0.wait_with_output()?;
        if !output.status.success() {
            bail!("the load ended with {}", output.status);
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}
