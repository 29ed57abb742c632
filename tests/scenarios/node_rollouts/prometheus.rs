//! A Prometheus on the node, told of the pods and their labels as the Prometheus Operator would make it find them by a
//! ServiceMonitor: the endpoints of the Service (its documentation: `jobLabel`, `podTargetLabels`, and the labels that it
//! always adds). Debian's Prometheus cannot look them up in Kubernetes itself.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};
use local_cluster::Cluster;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// The node's network is the cluster's own: any port is free.
pub(super) const PORT: u16 = 9090;

/// Time between looks at the endpoints.
const PAUSE: Duration = Duration::from_millis(500);

/// The label that the ServiceMonitor selects by, and makes the job.
const SERVICE: &str = "gitops-health.io/service";

/// Killed when it is dropped.
pub(super) struct Prometheus {
    process: Child,
    discovery: JoinHandle<()>,
    _directory: TempDir,
}

impl Prometheus {
    pub(super) fn start(cluster: &Cluster, client: Client) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let file = |name: &str| directory.path().join(name);
        let (targets, settings) = (file("targets.json"), file("prometheus.yaml"));
        let scraping = json!({"job_name": "serviceMonitor", "honor_labels": false, "file_sd_configs": [{"files": [targets]}]});
        // JSON is YAML.
        let text = json!({"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": [scraping]});
        std::fs::write(&settings, text.to_string())?;
        let process = cluster
            .in_network("prometheus")?
            .arg(format!("--config.file={}", settings.display()))
            .arg(format!("--storage.tsdb.path={}", file("data").display()))
            .arg(format!("--web.listen-address=0.0.0.0:{PORT}"))
            .arg("--log.level=error")
            .stdin(Stdio::null())
            .spawn()
            .context("Prometheus is needed: apt-get install prometheus")?;
        let discovery = tokio::spawn(async move {
            loop {
                // Lost looks are made up for by the next.
                let _told = tell(&client, &targets).await;
                tokio::time::sleep(PAUSE).await;
            }
        });
        Ok(Self {
            process,
            discovery,
            _directory: directory,
        })
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.discovery.abort();
        let _ended_before = self.process.kill();
        let _ended_before = self.process.wait();
    }
}

/// Writes the endpoints of all services, in place of those that were.
async fn tell(client: &Client, targets: &Path) -> Result<()> {
    let of_services = ListParams::default().labels(SERVICE);
    let slices = Api::<EndpointSlice>::all(client.clone())
        .list(&of_services)
        .await?;
    let pods = Api::<Pod>::all(client.clone()).list(&of_services).await?;
    let pods = &pods.items;
    let found = slices.items.iter().flat_map(|slice| {
        let endpoints = slice.endpoints.iter().flatten();
        endpoints.filter_map(move |endpoint| target(slice, endpoint, pods))
    });
    let unfinished = targets.with_extension("part");
    std::fs::write(&unfinished, found.collect::<Value>().to_string())?;
    std::fs::rename(unfinished, targets)?;
    Ok(())
}

fn target(slice: &EndpointSlice, endpoint: &Endpoint, pods: &[Pod]) -> Option<Value> {
    let (namespace, service) = (slice.namespace()?, slice.labels().get(SERVICE)?);
    let name = endpoint.target_ref.as_ref()?.name.as_deref()?;
    let pod = pods
        .iter()
        .find(|pod| pod.name_any() == name && pod.namespace().as_ref() == Some(&namespace))?;
    let labels = json!({
        "namespace": namespace, "service": service, "job": service, "pod": name, "container": service, "endpoint": "http",
        "gitops_health_io_track": pod.labels().get("gitops-health.io/track"),
    });
    let address = format!("{}:8080", endpoint.addresses.first()?);
    Some(json!({"targets": [address], "labels": labels}))
}
