//! What a rollout tells that the pods of the primary do not.

use healthcare_crds::v1alpha1::{RolloutPhase, RolloutStatus, RolloutStrategy};

use super::{Facts, Phase, Verdict, working, yes};

pub(super) fn rolled_back(facts: &Facts<'_>) -> Option<Verdict> {
    let rollout = facts.rollout?;
    let (reason, how) = match rollout.phase {
        RolloutPhase::RollingBack => ("RollingBack", "the last good revision takes over again"),
        RolloutPhase::RolledBack => (
            "RolledBack",
            "the last good revision serves until the spec changes",
        ),
        _ => return None,
    };
    Some(yes(
        reason,
        format!("{how}: revision {} failed: {}", rollout.revision, rollout.message),
    ))
}

/// A rollout of which the pods of the primary do not tell, in words.
pub(super) fn between(rollout: &RolloutStatus) -> Option<(&'static str, String)> {
    let stage = format!(
        "{:?}, step {} of {}, {} % of the calls: {}",
        rollout.strategy, rollout.step, rollout.steps, rollout.weight, rollout.message
    );
    match rollout.phase {
        RolloutPhase::AwaitingApproval => Some(("AwaitingApproval", stage)),
        RolloutPhase::RollingBack => Some(("RollingBack", rollout.message.clone())),
        RolloutPhase::Progressing | RolloutPhase::Baking | RolloutPhase::Promoting
            if rollout.strategy != RolloutStrategy::Rolling && rollout.step < rollout.steps =>
        {
            Some(("RolloutInProgress", stage))
        }
        _ => None,
    }
}

/// How far a service is whose pods are not those of the spec, or not yet for all calls.
pub(super) fn phase(rollout: &RolloutStatus) -> Option<Phase> {
    if rollout.phase == RolloutPhase::RolledBack {
        return Some(Phase::Stuck {
            reason: "RolledBack".to_owned(),
            message: format!("revision {} failed: {}", rollout.revision, rollout.message),
        });
    }
    let (reason, message) = between(rollout)?;
    Some(working(reason, &message))
}
