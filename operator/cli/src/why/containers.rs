//! One pod: where it is placed, and what its containers do.

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, ContainerStatus, Pod};
use kube::ResourceExt;

use super::workload::events;
use super::{Health, Node, Seen, age};

/// Longest text of a container that is told.
const LONGEST: usize = 400;
/// Reasons to wait that pass by themselves.
const COMING_UP: [&str; 2] = ["ContainerCreating", "PodInitializing"];

pub(super) fn is_ready(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    let mut ready = conditions.filter(|condition| condition.type_ == "Ready");
    ready.any(|condition| condition.status == "True")
}

pub(super) fn pod(seen: &Seen, pod: &Pod) -> Node {
    let status = pod.status.clone().unwrap_or_default();
    let mut because: Vec<_> = status
        .conditions
        .iter()
        .flatten()
        .filter(|condition| condition.type_ == "PodScheduled" && condition.status == "False")
        .map(|condition| {
            let reason = condition.reason.clone().unwrap_or_default();
            Node::new(Health::Bad, reason, condition.message.clone().unwrap_or_default())
        })
        .collect();
    let init = status.init_container_statuses.iter().flatten();
    let pending = init.filter(|status| !has_succeeded(status) && status.started != Some(true));
    because.extend(pending.map(|status| container(seen, "init container", status)));
    let containers = status.container_statuses.iter().flatten();
    because.extend(containers.map(|status| container(seen, "container", status)));
    because.extend(events(seen, &pod.uid().unwrap_or_default()));
    let phase = status.phase.unwrap_or_else(|| "Unknown".to_owned());
    let message = match (&pod.metadata.deletion_timestamp, status.reason) {
        (Some(since), _) => format!("is being deleted (for {})", age(since.0, seen.now)),
        (None, Some(reason)) => format!("{phase}: {reason}: {}", status.message.unwrap_or_default()),
        (None, None) => phase,
    };
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone());
    let node = node.map_or_else(String::new, |node| format!(" on {node}"));
    let subject = format!("Pod {}{node}", pod.name_any());
    Node::new(Health::Bad, subject, format!("{message}, not ready")).because(because)
}

fn has_succeeded(status: &ContainerStatus) -> bool {
    let ended = status.state.as_ref().and_then(|state| state.terminated.as_ref());
    ended.is_some_and(|ended| ended.exit_code == 0)
}

fn container(seen: &Seen, what: &str, status: &ContainerStatus) -> Node {
    let (health, message) = state(status);
    let ended = |state: &Option<ContainerState>| state.as_ref().and_then(|state| state.terminated.clone());
    let last = ended(&status.state).or_else(|| ended(&status.last_state));
    let mut because: Vec<_> = last.iter().map(|last| end(seen, last)).collect();
    if status.restart_count > 0 {
        because.push(Node::new(
            Health::Plain,
            format!("{} restarts", status.restart_count),
            "",
        ));
    }
    Node::new(health, format!("{what} {}", status.name), message).because(because)
}

fn state(status: &ContainerStatus) -> (Health, String) {
    let state = status.state.clone().unwrap_or_default();
    if let Some(waiting) = state.waiting {
        let reason = waiting.reason.unwrap_or_default();
        let passes = COMING_UP.contains(&reason.as_str());
        let message = match waiting.message {
            Some(message) => format!("{reason}: {message}"),
            None => reason,
        };
        return (if passes { Health::Waiting } else { Health::Bad }, message);
    }
    if state.terminated.is_some() {
        return (Health::Bad, "has ended".to_owned());
    }
    match (status.ready, status.started) {
        (true, _) => (Health::Good, "runs and is ready".to_owned()),
        (false, Some(true)) => (
            Health::Bad,
            "runs, but its readiness check does not succeed".to_owned(),
        ),
        (false, _) => (Health::Waiting, "runs, but has not started up yet".to_owned()),
    }
}

/// How a container ended. What it wrote then may hold anything.
fn end(seen: &Seen, end: &ContainerStateTerminated) -> Node {
    let reason = end.reason.clone().unwrap_or_else(|| "Ended".to_owned());
    let when = end.finished_at.as_ref();
    let when = when.map_or_else(String::new, |at| format!(", {} ago", age(at.0, seen.now)));
    let signal = end
        .signal
        .map_or_else(String::new, |signal| format!(", signal {signal}"));
    let message = format!("exit code {}{signal}{when}", end.exit_code);
    let said = end.message.as_deref().filter(|said| !said.is_empty());
    let because = match said {
        Some(said) if seen.tells_termination_messages => {
            vec![Node::new(
                Health::Plain,
                "it wrote",
                said.chars().take(LONGEST).collect::<String>(),
            )]
        }
        Some(_) => vec![Node::new(
            Health::Plain,
            "it wrote a message",
            "see it by --termination-messages",
        )],
        None => Vec::new(),
    };
    Node::new(
        Health::of(end.exit_code == 0),
        format!("last end: {reason}"),
        message,
    )
    .because(because)
}
