//! A cluster with a node, the operator installed with Helm, and a Prometheus that it asks.

use std::path::Path;

use anyhow::{Context, Result};
use healthcare_tests::built;
use kube::Client;
use local_cluster::{Cluster, Options, image};

use super::STRATEGIES;
use super::changes;
use super::prometheus::{PORT, Prometheus};
use crate::support::checkout;

const OPERATOR: &str = "registry.local/tests/healthcare-operator:tests";

/// Everything but the services.
pub(super) struct Stage {
    _prometheus: Prometheus,
    pub(super) cluster: Cluster,
    pub(super) client: Client,
}

impl Stage {
    pub(super) async fn start() -> Result<Self> {
        let cluster = tokio::task::spawn_blocking(prepare).await??;
        let client = cluster.client().await?;
        let prometheus = Prometheus::start(&cluster, client.clone())?;
        Ok(Self {
            _prometheus: prometheus,
            cluster,
            client,
        })
    }
}

fn prepare() -> Result<Cluster> {
    let cluster = Cluster::start(Options {
        node: true,
        measured: false,
    })?;
    let namespaces = STRATEGIES.map(namespace);
    for name in namespaces
        .iter()
        .map(String::as_str)
        .chain(["healthcare-operator"])
    {
        cluster.apply(&format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{pod-security.kubernetes.io/enforce: restricted}}}}\n"
        ))?;
    }
    // As they were built for this test: no image that users get holds the one, and the other is the code under test.
    load(&cluster, changes::IMAGE, Path::new(env!("CARGO_BIN_EXE_faulty")))?;
    load(&cluster, OPERATOR, &built::operator()?)?;
    install(&cluster)?;
    Ok(cluster)
}

/// Each strategy's service has a namespace of its own.
pub(super) fn namespace(strategy: &str) -> String {
    strategy.to_lowercase()
}

fn load(cluster: &Cluster, reference: &str, binary: &Path) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let archive = directory.path().join("image.tar");
    let name = binary.file_name().and_then(|name| name.to_str());
    image::write_linked(&archive, reference, name.context("a printable name")?, binary)?;
    cluster.load_image(&archive)
}

fn install(cluster: &Cluster) -> Result<()> {
    let chart = checkout("charts/healthcare-operator").display().to_string();
    let node = cluster.kubectl(&[
        "get",
        "node",
        "node-1",
        "-o",
        "jsonpath={.status.addresses[0].address}",
    ])?;
    let url = format!("prometheus.url=http://{node}:{PORT}");
    let settings =
        "replicas=1,operator.leaderElection=false,image.repository=tests/healthcare-operator,image.tag=tests";
    let fixed = [
        "install",
        "healthcare-operator",
        &chart,
        "-n",
        "healthcare-operator",
        "--wait",
        "--timeout",
        "300s",
    ];
    cluster.helm(&[&fixed[..], &["--set", settings, "--set", &url]].concat())?;
    Ok(())
}
