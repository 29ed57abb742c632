//! Whether the pods of the new version do well. Pure.

use std::collections::BTreeMap;

use healthcare_crds::v1alpha1::RolloutPhase;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Pod;

use super::stages::Stage;
use crate::analysis::Verdict;
use crate::pods;

/// Label by which the Deployment controller tells the pods of its templates apart.
const TEMPLATE_HASH: &str = "pod-template-hash";

/// The API server's times have no fractions.
const ROUNDING: SignedDuration = SignedDuration::from_secs(1);

/// Those of the pods that are of the new version.
pub fn new(all: Vec<Pod>, phase: RolloutPhase, since: Option<Timestamp>) -> Vec<Pod> {
    let mut new = newest(all);
    if phase == RolloutPhase::Promoting {
        // Until new ones come the newest are the old ones, and these may be what is to be mended.
        new.retain(|pod| since.is_none_or(|since| created(pod) + ROUNDING >= since));
    }
    new
}

/// Whether calls to the new version tell how it does: while it takes over, too, so that it goes back before the last old pod
/// is gone.
pub fn is_called(stage: Stage, phase: RolloutPhase) -> bool {
    stage.is_called() && matches!(phase, RolloutPhase::Baking | RolloutPhase::Promoting)
}

/// What a look at the pods of the new version tells.
pub fn judge(new: &[Pod], phase: RolloutPhase, since: Option<Timestamp>) -> Verdict {
    let failing = pods::worst(new).filter(pods::PodFault::is_failure);
    if let Some(fault) = failing.or_else(|| pods::restarted(new)) {
        return fails("PodsFailing", fault.message);
    }
    // Those that an autoscaler added meanwhile may take their time.
    let was_ready = |pod: &&Pod| since.is_none_or(|since| created(pod) < since);
    let is_watched = matches!(phase, RolloutPhase::Baking | RolloutPhase::AwaitingApproval);
    let mut watched = new.iter().filter(|_| is_watched).filter(was_ready);
    match watched.find(|pod| !is_ready(pod)) {
        Some(pod) => {
            let name = pod.metadata.name.as_deref().unwrap_or("?");
            fails("PodsNotReady", format!("pod {name} is no longer ready"))
        }
        None => Verdict::Pass,
    }
}

fn fails(reason: &'static str, message: String) -> Verdict {
    Verdict::Fail { reason, message }
}

/// Name of the ReplicaSet of these pods, which one Deployment made of one template.
pub fn replica_set(deployment: &str, new: &[Pod]) -> Option<String> {
    let labels = new.first()?.metadata.labels.as_ref()?;
    Some(format!("{deployment}-{}", labels.get(TEMPLATE_HASH)?))
}

/// The pods of the newest template: those of which the first was made last. An autoscaler adds pods to old ones as well.
fn newest(all: Vec<Pod>) -> Vec<Pod> {
    let mut by_template: BTreeMap<String, Vec<Pod>> = BTreeMap::new();
    for pod in all
        .into_iter()
        .filter(|pod| pod.metadata.deletion_timestamp.is_none())
    {
        let labels = pod.metadata.labels.as_ref();
        let hash = labels.and_then(|labels| labels.get(TEMPLATE_HASH)).cloned();
        by_template.entry(hash.unwrap_or_default()).or_default().push(pod);
    }
    let newest = by_template
        .into_values()
        .max_by_key(|pods| pods.iter().map(created).min());
    newest.unwrap_or_default()
}

fn created(pod: &Pod) -> Timestamp {
    let time = pod.metadata.creation_timestamp.as_ref();
    time.map_or(Timestamp::UNIX_EPOCH, |time| time.0)
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|all| all.iter().any(|c| c.type_ == "Ready" && c.status == "True"))
}

#[cfg(test)]
mod tests;
