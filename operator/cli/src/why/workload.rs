//! Deployments, ReplicaSets, pods, the autoscaler, and the warnings about them.

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentCondition, ReplicaSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::{Resource, ResourceExt};

use super::{Health, Node, Seen, age, containers};

/// Most pods in trouble that are told one by one: the others have the same.
const MOST_PODS: usize = 5;
/// Most warnings about one object: the last ones.
const MOST_EVENTS: usize = 3;

pub(super) fn deployment(seen: &Seen, deployment: &Deployment) -> Node {
    let status = deployment.status.clone().unwrap_or_default();
    let wanted = deployment
        .spec
        .as_ref()
        .and_then(|spec| spec.replicas)
        .unwrap_or(1);
    let available = status.available_replicas.unwrap_or_default();
    let updated = status.updated_replicas.unwrap_or_default();
    let mut because: Vec<_> = status.conditions.iter().flatten().filter_map(condition).collect();
    because.extend(events(seen, &deployment.uid().unwrap_or_default()));
    let sets = owned(&seen.replica_sets, deployment);
    let sets = sets.filter(|set| replicas(set) > 0 || !empty(set));
    because.extend(sets.map(|set| replica_set(seen, set)));
    let message = format!("{available} of {wanted} available, {updated} of the newest template");
    let health = Health::of(available >= wanted && updated >= wanted);
    Node::new(health, format!("Deployment {}", deployment.name_any()), message).because(because)
}

/// What a condition says, where that is something amiss.
fn condition(condition: &DeploymentCondition) -> Option<Node> {
    let wanted = if condition.type_ == "ReplicaFailure" {
        "False"
    } else {
        "True"
    };
    (condition.status != wanted).then(|| {
        let reason = condition.reason.clone().unwrap_or_default();
        let message = condition.message.clone().unwrap_or_default();
        Node::new(
            Health::Bad,
            format!("{}={}", condition.type_, condition.status),
            format!("{reason}: {message}"),
        )
    })
}

fn replicas(set: &ReplicaSet) -> i32 {
    set.spec
        .as_ref()
        .and_then(|spec| spec.replicas)
        .unwrap_or_default()
}

/// An earlier one, without pods.
fn empty(set: &ReplicaSet) -> bool {
    set.status.as_ref().is_none_or(|status| status.replicas == 0)
}

fn replica_set(seen: &Seen, set: &ReplicaSet) -> Node {
    let status = set.status.clone().unwrap_or_default();
    let (wanted, ready) = (replicas(set), status.ready_replicas.unwrap_or_default());
    let mut because: Vec<_> = status
        .conditions
        .iter()
        .flatten()
        .filter(|condition| condition.type_ == "ReplicaFailure" && condition.status == "True")
        .map(|c| {
            Node::new(
                Health::Bad,
                "pods cannot be made",
                c.message.clone().unwrap_or_default(),
            )
        })
        .collect();
    because.extend(events(seen, &set.uid().unwrap_or_default()));
    let (well, ill): (Vec<_>, Vec<_>) = owned(&seen.pods, set).partition(|pod| containers::is_ready(pod));
    because.extend(ill.iter().take(MOST_PODS).map(|pod| containers::pod(seen, pod)));
    if ill.len() > MOST_PODS {
        because.push(Node::new(
            Health::Bad,
            format!("{} more pods", ill.len() - MOST_PODS),
            "not ready",
        ));
    }
    if !well.is_empty() {
        because.push(Node::new(Health::Good, format!("{} pods", well.len()), "ready"));
    }
    let revision = set.annotations().get("deployment.kubernetes.io/revision");
    let revision = revision.map_or_else(String::new, |number| format!(" (revision {number})"));
    let subject = format!("ReplicaSet {}{revision}", set.name_any());
    Node::new(
        Health::of(ready >= wanted),
        subject,
        format!("{ready} of {wanted} ready"),
    )
    .because(because)
}

pub(super) fn autoscaler(autoscaler: &HorizontalPodAutoscaler) -> Node {
    let status = autoscaler.status.clone().unwrap_or_default();
    let amiss = status.conditions.iter().flatten().filter(|condition| {
        let wanted = if condition.type_ == "ScalingLimited" {
            ""
        } else {
            "True"
        };
        !wanted.is_empty() && condition.status != wanted
    });
    let because: Vec<_> = amiss
        .map(|c| {
            let reason = c.reason.clone().unwrap_or_default();
            let message = format!("{reason}: {}", c.message.clone().unwrap_or_default());
            Node::new(Health::Waiting, format!("{}={}", c.type_, c.status), message)
        })
        .collect();
    let health = if because.is_empty() {
        Health::Good
    } else {
        Health::Waiting
    };
    let message = match status.desired_replicas {
        0 => "has decided nothing yet".to_owned(),
        number => format!("wants {number} pods"),
    };
    Node::new(
        health,
        format!("HorizontalPodAutoscaler {}", autoscaler.name_any()),
        message,
    )
    .because(because)
}

/// The last warnings about an object.
pub(super) fn events<'a>(seen: &'a Seen, uid: &str) -> impl Iterator<Item = Node> + use<'a> {
    let mut about: Vec<_> = seen
        .events
        .iter()
        .filter(|event| event.involved_object.uid.as_deref() == Some(uid))
        .collect();
    about.sort_by_key(|event| std::cmp::Reverse(last_seen(event)));
    about.into_iter().take(MOST_EVENTS).map(|event| {
        let series = event.series.as_ref().and_then(|series| series.count);
        let count = series.or(event.count).filter(|count| *count > 1);
        let count = count.map_or_else(String::new, |count| format!(", {count} times"));
        let when = last_seen(event).map_or_else(String::new, |at| format!("{} ago", age(at, seen.now)));
        let reason = event.reason.clone().unwrap_or_default();
        let message = format!("{} ({when}{count})", event.message.clone().unwrap_or_default());
        Node::new(Health::Waiting, format!("Event {reason}"), message)
    })
}

fn last_seen(event: &Event) -> Option<Timestamp> {
    let series = event
        .series
        .as_ref()
        .and_then(|series| series.last_observed_time.as_ref());
    series
        .map(|time| time.0)
        .or_else(|| event.last_timestamp.as_ref().map(|time| time.0))
        .or_else(|| event.event_time.as_ref().map(|time| time.0))
}

/// What an object controls.
fn owned<'a, T: Resource, O: Resource>(
    all: &'a [T],
    owner: &O,
) -> impl Iterator<Item = &'a T> + use<'a, T, O> {
    let uid = owner.meta().uid.clone();
    all.iter().filter(move |object| {
        let mut owners = object.meta().owner_references.iter().flatten();
        uid.is_some() && owners.any(|reference| Some(&reference.uid) == uid.as_ref())
    })
}

/// Pods that do not serve.
pub fn troubled(pods: &[Pod]) -> impl Iterator<Item = &Pod> {
    pods.iter().filter(|pod| !containers::is_ready(pod))
}
