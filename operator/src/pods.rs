//! Why pods do not serve. Pure.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};

mod looks;
mod turns;

pub use looks::{Looks, Turn};
pub use turns::Turns;

/// The reason of a pod that does not serve, in the words of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodFault {
    /// Reason, such as `ImagePullBackOff`, `CrashLoopBackOff`, `OOMKilled` or `Unschedulable`.
    pub reason: String,
    /// What happened, with the pod's name.
    pub message: String,
    rank: u8,
}

impl PodFault {
    /// Whether the pod itself fails, and does not merely wait for a place or to become ready.
    pub fn is_failure(&self) -> bool {
        self.rank >= 3
    }
}

/// A pod whose container has ended and was started again: it may look well between two crashes.
pub fn restarted(pods: &[Pod]) -> Option<PodFault> {
    let of = |pod: &Pod| {
        let containers = pod.status.as_ref()?.container_statuses.as_ref()?;
        let ended = containers.iter().find(|container| container.restart_count > 0)?;
        Some(crashed(pod.metadata.name.as_deref().unwrap_or("?"), ended))
    };
    pods.iter().find_map(of)
}

/// The most telling fault among the pods: one that needs a person comes before one that may pass.
pub fn worst(pods: &[Pod]) -> Option<PodFault> {
    pods.iter().filter_map(fault).max_by_key(|fault| fault.rank)
}

fn fault(pod: &Pod) -> Option<PodFault> {
    let name = pod.metadata.name.as_deref().unwrap_or("?");
    let status = pod.status.as_ref()?;
    if pod.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let containers = status
        .container_statuses
        .iter()
        .flatten()
        .chain(status.init_container_statuses.iter().flatten());
    containers
        .filter_map(|c| container(name, c))
        .max_by_key(|f| f.rank)
        .or_else(|| unscheduled(name, pod))
}

/// The kubelet tells in turn that it failed and that it waits: for people that is one state.
fn not_pulled(pod: &str, detail: &str) -> PodFault {
    let cause = detail
        .split_once("ErrImagePull: ")
        .map_or(detail, |(_, cause)| cause);
    PodFault {
        reason: "ImagePullBackOff".to_owned(),
        message: format!("pod {pod}: ImagePullBackOff: {cause}"),
        rank: 4,
    }
}

fn container(pod: &str, status: &ContainerStatus) -> Option<PodFault> {
    let state = status.state.as_ref()?;
    if let Some(waiting) = &state.waiting {
        let reason = waiting.reason.clone()?;
        let detail = waiting.message.clone().unwrap_or_default();
        return match reason.as_str() {
            "ContainerCreating" | "PodInitializing" => None,
            "CrashLoopBackOff" => Some(crashed(pod, status)),
            "ErrImagePull" | "ImagePullBackOff" => Some(not_pulled(pod, &detail)),
            _ => Some(PodFault {
                message: format!("pod {pod}: {reason}: {detail}"),
                reason,
                rank: 4,
            }),
        };
    }
    if state.terminated.is_some() {
        return Some(crashed(pod, status));
    }
    let not_ready = !status.ready && status.started == Some(true);
    not_ready.then(|| PodFault {
        reason: "ReadinessProbeFailing".to_owned(),
        message: format!("pod {pod}: the container runs but its readiness check does not succeed"),
        rank: 1,
    })
}

/// A container that ended: by its exit code, or because it took more memory than its limit.
fn crashed(pod: &str, status: &ContainerStatus) -> PodFault {
    let terminated = |state: &Option<k8s_openapi::api::core::v1::ContainerState>| {
        state.as_ref().and_then(|s| s.terminated.clone())
    };
    let last = terminated(&status.state)
        .or_else(|| terminated(&status.last_state))
        .unwrap_or_default();
    let restarts = status.restart_count;
    if last.reason.as_deref() == Some("OOMKilled") {
        return PodFault {
            reason: "OOMKilled".to_owned(),
            message: format!(
                "pod {pod}: killed for using more memory than its limit ({restarts} restarts); raise resources.limits.memory"
            ),
            rank: 3,
        };
    }
    PodFault {
        reason: "CrashLoopBackOff".to_owned(),
        message: format!(
            "pod {pod}: the container ended with exit code {} ({restarts} restarts)",
            last.exit_code
        ),
        rank: 3,
    }
}

fn unscheduled(name: &str, pod: &Pod) -> Option<PodFault> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let scheduled = conditions
        .iter()
        .find(|c| c.type_ == "PodScheduled" && c.status == "False")?;
    Some(PodFault {
        reason: scheduled
            .reason
            .clone()
            .unwrap_or_else(|| "Unschedulable".to_owned()),
        message: format!("pod {name}: {}", scheduled.message.clone().unwrap_or_default()),
        rank: 2,
    })
}

#[cfg(test)]
mod tests;
