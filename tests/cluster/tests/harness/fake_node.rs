//! The node that only says it runs pods.

use std::collections::BTreeSet;

use anyhow::ensure;
use local_cluster::{Cluster, FakeNode, Options};

use crate::support::eventually;

const PODS: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {terminationGracePeriodSeconds: 0, containers: [{name: web, image: 'registry.example.org/web:1'}]}
";

fn addresses(cluster: &Cluster) -> Vec<String> {
    let paths = [
        "get",
        "pods",
        "-l",
        "app=web",
        "-o",
        "jsonpath={.items[*].status.podIP}",
    ];
    let text = cluster.kubectl(&paths).unwrap();
    text.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fake_node_plays_pods_again_after_a_restart() {
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(Options::default()).unwrap());
    let cluster = cluster.await.unwrap();
    let client = cluster.client().await.unwrap();
    let node = FakeNode::start(client.clone()).await.unwrap();
    cluster.apply(PODS).unwrap();
    let available = [
        "wait",
        "deployment/web",
        "--for=condition=Available",
        "--timeout=120s",
    ];
    cluster.kubectl(&available).unwrap();
    drop(node);
    cluster
        .kubectl(&["scale", "deployment/web", "--replicas=5"])
        .unwrap();
    let _node = FakeNode::start(client).await.unwrap();
    let found = eventually("five pods run", || {
        let found = addresses(&cluster);
        ensure!(found.len() == 5, "{found:?}");
        Ok(found)
    });
    let different: BTreeSet<_> = found.iter().collect();
    assert_eq!(different.len(), 5, "{found:?}");
    cluster
        .kubectl(&["scale", "deployment/web", "--replicas=0"])
        .unwrap();
    eventually("deleted pods go", || {
        let found = addresses(&cluster);
        ensure!(found.is_empty(), "{found:?}");
        Ok(())
    });
}
