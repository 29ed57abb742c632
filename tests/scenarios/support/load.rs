//! Clients that go on asking while something happens.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use anyhow::{Context, Result, bail};
use local_cluster::Cluster;
use serde_json::Value;

/// The `load` tool, asking from within the node's network.
pub(crate) struct Load {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Load {
    /// Starts to ask `url`.
    pub(crate) fn start(cluster: &Cluster, url: &str) -> Result<Self> {
        Self::start_with(cluster, url, &[])
    }

    /// Starts to ask `url`, with further arguments.
    pub(crate) fn start_with(cluster: &Cluster, url: &str, args: &[&str]) -> Result<Self> {
        let tool = PathBuf::from(env!("CARGO_BIN_EXE_load"));
        let tool = tool.to_str().context("the checkout has a printable path")?;
        let mut process = cluster
            .in_network(tool)?
            .arg(url)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start the load")?;
        let commands = process.stdin.take().context("the load listens")?;
        let answers = BufReader::new(process.stdout.take().context("the load tells")?);
        Ok(Self {
            process,
            commands,
            answers,
        })
    }

    /// What came of it until now.
    pub(crate) fn so_far(&mut self) -> Result<Value> {
        writeln!(self.commands, "tell")?;
        read(&mut self.answers)
    }

    /// Stops asking, and tells what came of it.
    pub(crate) fn finish(self) -> Result<Value> {
        let Self {
            mut process,
            commands,
            mut answers,
        } = self;
        drop(commands);
        let told = read(&mut answers);
        let status = process.wait()?;
        if !status.success() {
            bail!("the load ended with {status}");
        }
        told
    }
}

fn read(answers: &mut BufReader<ChildStdout>) -> Result<Value> {
    let mut line = String::new();
    answers.read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}
