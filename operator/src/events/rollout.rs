//! Events of a rollout.

use healthcare_crds::v1alpha1::{RiskFactor, RolloutPhase, RolloutStatus};
use kube::runtime::events::{Event, EventType};

use super::event;

/// What a rollout came to since the last status. The first one of a service tells nothing that its readiness does not.
pub(super) fn events(before: Option<&RolloutStatus>, after: Option<&RolloutStatus>) -> Vec<Event> {
    let Some(after) = after.filter(|after| after.last_good_revision.is_some()) else {
        return Vec::new();
    };
    // The first one has a last good revision only once it is through.
    let before =
        before.filter(|before| before.revision == after.revision && before.last_good_revision.is_some());
    started(before, after)
        .into_iter()
        .chain(before.and_then(|before| went_on(before, after)))
        .collect()
}

fn started(before: Option<&RolloutStatus>, after: &RolloutStatus) -> Option<Event> {
    let good = after.last_good_revision.as_ref()?;
    if before.is_some() || after.phase == RolloutPhase::Completed {
        return None;
    }
    let RolloutStatus {
        strategy,
        revision,
        steps,
        risk,
        ..
    } = after;
    let factors = named(&risk.factors);
    let note = format!(
        "{revision} replaces {good}: {strategy:?} in {steps} steps, risk {}{factors}",
        risk.score
    );
    Some(event(EventType::Normal, "RolloutStarted", note, "Rollout"))
}

fn named(factors: &[RiskFactor]) -> String {
    if factors.is_empty() {
        return String::new();
    }
    let names: Vec<_> = factors
        .iter()
        .map(|factor| format!("{} {}", factor.name, factor.points))
        .collect();
    format!(" ({})", names.join(", "))
}

fn went_on(before: &RolloutStatus, after: &RolloutStatus) -> Option<Event> {
    if (before.phase, before.step) == (after.phase, after.step) {
        return None;
    }
    let RolloutStatus {
        revision,
        step,
        steps,
        message,
        ..
    } = after;
    let (type_, reason, note) = match after.phase {
        RolloutPhase::AwaitingApproval => (
            EventType::Normal,
            "AwaitingApproval",
            format!("{revision}, step {step} of {steps}: {message}"),
        ),
        RolloutPhase::RollingBack => (
            EventType::Warning,
            "RollingBack",
            format!("{revision}, step {step} of {steps}: {message}"),
        ),
        RolloutPhase::Completed => (
            EventType::Normal,
            "RolloutCompleted",
            format!("{revision}: {message}"),
        ),
        // The readiness tells of it.
        RolloutPhase::RolledBack => return None,
        _ if before.step != *step => (
            EventType::Normal,
            "RolloutStep",
            format!("{revision}, step {step} of {steps}: {message}"),
        ),
        _ => return None,
    };
    Some(event(type_, reason, note, "Rollout"))
}
