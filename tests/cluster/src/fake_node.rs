//! A node that only says it runs pods. For tests that need Deployments to become available on a control plane alone;
//! what pods really do is tested on the real node.

use std::collections::BTreeMap;

use anyhow::Result;
use futures::StreamExt;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

const NAME: &str = "fake-node";

/// Runs until dropped. Pods bound to it become Running and Ready at once, except those whose image contains
/// `missing` (ImagePullBackOff), `crash` (CrashLoopBackOff, exit code 1), `oom` (OOMKilled) or `unready`.
#[derive(Debug)]
pub struct FakeNode {
    tasks: Vec<JoinHandle<()>>,
}

impl FakeNode {
    /// Registers the node and starts to play its part.
    pub async fn start(client: Client) -> Result<Self> {
        let nodes: Api<Node> = Api::all(client.clone());
        let node = nodes.create(&PostParams::default(), &node()).await?;
        nodes
            .patch_status(
                NAME,
                &PatchParams::default(),
                &Patch::Merge(json!({"status": status()})),
            )
            .await?;
        nodes
            .patch(
                NAME,
                &PatchParams::default(),
                &Patch::Merge(json!({"spec": {"taints": null}})),
            )
            .await?;
        let heartbeat = tokio::spawn(heartbeat(client.clone(), node.uid().unwrap_or_default()));
        Ok(Self {
            tasks: vec![heartbeat, tokio::spawn(play(client))],
        })
    }
}

impl Drop for FakeNode {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn node() -> Node {
    let labels = BTreeMap::from([
        ("kubernetes.io/hostname".to_owned(), NAME.to_owned()),
        ("kubernetes.io/os".to_owned(), "linux".to_owned()),
        ("kubernetes.io/arch".to_owned(), "amd64".to_owned()),
    ]);
    Node {
        metadata: ObjectMeta {
            name: Some(NAME.to_owned()),
            labels: Some(labels),
            ..ObjectMeta::default()
        },
        ..Node::default()
    }
}

fn status() -> Value {
    let size = json!({"cpu": "1000", "memory": "4Ti", "pods": "100000", "ephemeral-storage": "1Ti"});
    json!({
        "capacity": size, "allocatable": size,
        "conditions": [{"type": "Ready", "status": "True", "reason": "Fake", "message": "says so"}],
    })
}

async fn heartbeat(client: Client, uid: String) {
    let leases: Api<Lease> = Api::namespaced(client, "kube-node-lease");
    loop {
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(NAME.to_owned()),
                ..ObjectMeta::default()
            },
            spec: Some(LeaseSpec {
                holder_identity: Some(uid.clone()),
                lease_duration_seconds: Some(40),
                renew_time: Some(MicroTime(now())),
                ..LeaseSpec::default()
            }),
        };
        let body = json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": NAME}, "spec": lease.spec,
        });
        let _retried = leases
            .patch(
                NAME,
                &PatchParams::apply("fake-node").force(),
                &Patch::Apply(body),
            )
            .await;
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a node's lease carries the time of this machine"
)]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

async fn play(client: Client) {
    let pods: Api<Pod> = Api::all(client.clone());
    let mine = watcher::Config::default().fields(&format!("spec.nodeName={NAME}"));
    let events = watcher(pods, mine).default_backoff().applied_objects();
    let played = events.for_each_concurrent(64, |pod| {
        let client = client.clone();
        async move {
            if let Ok(pod) = pod {
                let _retried = attend(client, pod).await;
            }
        }
    });
    played.await;
}

/// Brings one pod to the state that its image asks for, or lets it go.
async fn attend(client: Client, pod: Pod) -> Result<()> {
    let name = pod.name_any();
    let api: Api<Pod> = Api::namespaced(client, &pod.namespace().unwrap_or_default());
    if pod.metadata.deletion_timestamp.is_some() {
        api.delete(
            &name,
            &DeleteParams {
                grace_period_seconds: Some(0),
                ..DeleteParams::default()
            },
        )
        .await?;
        return Ok(());
    }
    let played = pod
        .status
        .as_ref()
        .is_some_and(|s| s.container_statuses.is_some());
    if !played {
        api.patch_status(
            &name,
            &PatchParams::default(),
            &Patch::Merge(json!({"status": played_status(&pod)})),
        )
        .await?;
    }
    Ok(())
}

fn played_status(pod: &Pod) -> Value {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let statuses: Vec<_> = containers
        .map(|c| container(&c.name, c.image.as_deref().unwrap_or_default()))
        .collect();
    let ready = statuses
        .iter()
        .all(|status| status.get("ready") == Some(&json!(true)));
    let word = if ready { "True" } else { "False" };
    let running = statuses
        .iter()
        .all(|status| status.pointer("/state/running").is_some());
    json!({
        "phase": if running { "Running" } else { "Pending" },
        "podIP": "192.0.2.1", "podIPs": [{"ip": "192.0.2.1"}], "hostIP": "192.0.2.2",
        "startTime": now(),
        "conditions": [
            {"type": "PodScheduled", "status": "True"},
            {"type": "Initialized", "status": "True"},
            {"type": "ContainersReady", "status": word},
            {"type": "Ready", "status": word, "lastTransitionTime": now()},
        ],
        "containerStatuses": statuses,
    })
}

fn container(name: &str, image: &str) -> Value {
    let ended = |reason: &str, code: i32| json!({"terminated": {"reason": reason, "exitCode": code}});
    let waiting = |reason: &str, message: &str| json!({"waiting": {"reason": reason, "message": message}});
    let running = json!({"running": {"startedAt": now()}});
    let (ready, state, last, restarts) = match image {
        i if i.contains("missing") => (
            false,
            waiting("ImagePullBackOff", &format!("Back-off pulling image \"{i}\"")),
            json!({}),
            0,
        ),
        i if i.contains("crash") => (
            false,
            waiting("CrashLoopBackOff", "back-off restarting failed container"),
            ended("Error", 1),
            3,
        ),
        i if i.contains("oom") => (
            false,
            waiting("CrashLoopBackOff", "back-off restarting failed container"),
            ended("OOMKilled", 137),
            2,
        ),
        i if i.contains("unready") => (false, running, json!({}), 0),
        _ => (true, running, json!({}), 0),
    };
    json!({
        "name": name, "image": image, "imageID": image, "ready": ready, "started": true,
        "restartCount": restarts, "state": state, "lastState": last,
    })
}
