//! A node that only says it runs pods. For tests that need Deployments to become available on a control plane alone;
//! what pods really do is tested on the real node.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Result;
use futures::StreamExt;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const NAME: &str = "fake-node";
/// Of documentation (RFC 5737): no packet goes there.
const HOST: &str = "192.0.2.1";
/// Between two attempts at a pod.
const LONGEST: Duration = Duration::from_secs(5);
/// For one sign of life, as kubelet has it: the controller manager waits 50 seconds for the next.
const LONGEST_BEAT: Duration = Duration::from_secs(10);

/// Runs until dropped. Pods bound to it become Running and Ready at once, each with an address of its own, except
/// those whose image contains `missing` (ImagePullBackOff), `crash` (CrashLoopBackOff, exit code 1), `oom` (OOMKilled)
/// or `unready`.
#[derive(Debug)]
pub struct FakeNode {
    tasks: Vec<JoinHandle<()>>,
}

impl FakeNode {
    /// Registers the node and starts to play its part. One that was dropped, or whose process ended, may be started
    /// again: it takes the part up where it was.
    pub async fn start(client: Client) -> Result<Self> {
        let nodes: Api<Node> = Api::all(client.clone());
        let node = match nodes.create(&PostParams::default(), &node()).await {
            Err(kube::Error::Api(refusal)) if refusal.code == 409 => nodes.get(NAME).await?,
            created => created?,
        };
        let parameters = PatchParams::default();
        let ready = Patch::Merge(json!({"status": status()}));
        nodes.patch_status(NAME, &parameters, &ready).await?;
        let untainted = Patch::Merge(json!({"spec": {"taints": null}}));
        nodes.patch(NAME, &parameters, &untainted).await?;
        let addresses = Addresses::of(&client).await?;
        let heartbeat = tokio::spawn(heartbeat(client.clone(), node.uid().unwrap_or_default()));
        Ok(Self {
            tasks: vec![heartbeat, tokio::spawn(play(client, addresses))],
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

/// The status is sent too: after a missed heartbeat the controller manager has written another.
async fn heartbeat(client: Client, uid: String) {
    loop {
        // A request may hang in an API server that has just started.
        let pause = match timeout(LONGEST_BEAT, beat(&client, &uid)).await {
            Ok(Ok(())) => Duration::from_secs(10),
            _retried => Duration::from_secs(1),
        };
        tokio::time::sleep(pause).await;
    }
}

async fn beat(client: &Client, uid: &str) -> kube::Result<()> {
    let spec = LeaseSpec {
        holder_identity: Some(uid.to_owned()),
        lease_duration_seconds: Some(40),
        renew_time: Some(MicroTime(now())),
        ..LeaseSpec::default()
    };
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": NAME}, "spec": spec,
    });
    let leases: Api<Lease> = Api::namespaced(client.clone(), "kube-node-lease");
    let force = PatchParams::apply("fake-node").force();
    leases.patch(NAME, &force, &Patch::Apply(lease)).await?;
    let nodes: Api<Node> = Api::all(client.clone());
    let ready = Patch::Merge(json!({"status": status()}));
    nodes.patch_status(NAME, &PatchParams::default(), &ready).await?;
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a node's lease carries the time of this machine"
)]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Pods on this node.
fn mine() -> String {
    format!("spec.nodeName={NAME}")
}

async fn play(client: Client, addresses: Addresses) {
    let pods: Api<Pod> = Api::all(client.clone());
    let events = watcher(pods, watcher::Config::default().fields(&mine()))
        .default_backoff()
        .applied_objects();
    let played = events.for_each_concurrent(64, |pod| async {
        if let Ok(pod) = pod {
            attend_until_done(&client, &addresses, &pod).await;
        }
    });
    played.await;
}

/// A pod that could not be attended to is tried again: no further event may come for it.
async fn attend_until_done(client: &Client, addresses: &Addresses, pod: &Pod) {
    let mut wait = Duration::from_millis(100);
    while let Err(error) = attend(client, addresses, pod).await {
        if is_gone(client, pod).await {
            return;
        }
        if wait >= LONGEST {
            complain(pod, &error);
        }
        tokio::time::sleep(wait).await;
        wait = LONGEST.min(wait * 2);
    }
}

/// Whether the pod does not exist any more; another of its name may be in its place.
async fn is_gone(client: &Client, pod: &Pod) -> bool {
    let pods: Api<Pod> = Api::namespaced(client.clone(), &pod.namespace().unwrap_or_default());
    let found = pods.get_opt(&pod.name_any()).await;
    found.is_ok_and(|found| found.is_none_or(|found| found.uid() != pod.uid()))
}

#[expect(clippy::print_stderr, reason = "progress of a harness")]
fn complain(pod: &Pod, error: &kube::Error) {
    eprintln!(
        "local-cluster: the fake node cannot play {}: {error}",
        pod.name_any()
    );
}

/// Brings one pod to the state that its image asks for, or lets it go.
async fn attend(client: &Client, addresses: &Addresses, pod: &Pod) -> kube::Result<()> {
    let name = pod.name_any();
    let api: Api<Pod> = Api::namespaced(client.clone(), &pod.namespace().unwrap_or_default());
    if pod.metadata.deletion_timestamp.is_some() {
        let preconditions = Preconditions {
            uid: pod.uid(),
            resource_version: None,
        };
        let at_once = DeleteParams::default()
            .grace_period(0)
            .preconditions(preconditions);
        return api.delete(&name, &at_once).await.map(|_gone| ());
    }
    if !is_played(pod) {
        let address = address(pod).unwrap_or_else(|| addresses.next());
        // The uid makes a patch of another pod of this name a conflict.
        let patch = json!({"metadata": {"uid": pod.uid()}, "status": played_status(pod, address)});
        api.patch_status(&name, &PatchParams::default(), &Patch::Merge(patch))
            .await?;
    }
    Ok(())
}

/// Whether a pod is as its image asks for. The controller manager says of all pods that they are not ready when the node gave no
/// sign of life; kubelet says afterwards how they are.
fn is_played(pod: &Pod) -> bool {
    let Some(status) = &pod.status else { return false };
    let containers = status.container_statuses.as_deref().unwrap_or_default();
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let says_ready = conditions
        .iter()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True");
    !containers.is_empty() && says_ready == containers.iter().all(|container| container.ready)
}

fn address(pod: &Pod) -> Option<Ipv4Addr> {
    pod.status.as_ref()?.pod_ip.as_ref()?.parse().ok()
}

/// Addresses for pods from 198.18.0.0/15, which RFC 2544 sets aside for benchmarks: no packet goes there.
#[derive(Debug)]
struct Addresses(AtomicU32);

impl Addresses {
    const FIRST: u32 = u32::from_be_bytes([198, 18, 0, 1]);

    /// Those above the ones that pods of this node have already.
    async fn of(client: &Client) -> kube::Result<Self> {
        let pods: Api<Pod> = Api::all(client.clone());
        let pods = pods.list(&ListParams::default().fields(&mine())).await?;
        let used = pods.iter().filter_map(|pod| pod.status.as_ref()?.pod_ip.clone());
        Ok(Self::above(used))
    }

    fn above(used: impl Iterator<Item = String>) -> Self {
        let used = used.filter_map(|address| address.parse::<Ipv4Addr>().ok());
        let next = used.map(|address| u32::from(address).saturating_add(1));
        Self(AtomicU32::new(next.max().unwrap_or_default().max(Self::FIRST)))
    }

    fn next(&self) -> Ipv4Addr {
        Ipv4Addr::from(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

fn played_status(pod: &Pod, address: Ipv4Addr) -> Value {
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
        "podIP": address, "podIPs": [{"ip": address}], "hostIP": HOST, "hostIPs": [{"ip": HOST}],
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

#[cfg(test)]
mod tests;
