//! Rollouts: from the last good revision to the one in the spec, by stages, and back when it fails. Pure.
//!
//! The whole state is `status.rollout` (what was decided) and the cluster (how far it is). Each pass computes the next state
//! from both; what the children have to look like follows from the state alone ([`arrangement`]). So a pass that is cut off
//! anywhere is simply made again.

use std::time::Duration;

use healthcare_crds::v1alpha1::{Rollout, RolloutPhase, RolloutStatus, RolloutStrategy};
use jiff::Timestamp;

pub mod advance;
pub mod arrangement;
pub mod compose;
pub mod gates;
pub mod health;
pub mod revision;
pub mod sizes;
pub mod stages;

use crate::analysis::Verdict;
pub use advance::advance;
use advance::{complete, enter};
pub use arrangement::{Arrangement, Size, Track, Version, arrangement};
pub use compose::{Versions, compose};
pub use gates::Gate;
pub use revision::Revision;
use stages::Stage;

/// What is seen of the pods of the stage under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Whether the pods that the stage asks for are there and ready, and the Deployments have seen what was applied.
    pub is_in_place: bool,
    /// What the last measurement says.
    pub measured: Verdict,
    /// Measurements in a row that failed, the last one included.
    pub failures: i32,
}

/// A change to roll out.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<'a> {
    /// Name of the revision in the spec.
    pub revision: &'a str,
    /// Generation of the spec.
    pub generation: i64,
    /// Whether its pods are those of the last good revision: only the surroundings change.
    pub is_around_the_pods: bool,
    /// How it is to be rolled out, and why.
    pub strategy: RolloutStrategy,
    /// Risk of the change.
    pub risk: healthcare_crds::v1alpha1::Risk,
    /// Pods of the primary.
    pub replicas: i32,
}

/// The stages of a rollout.
pub fn stages_of(rollout: &RolloutStatus, settings: &Rollout) -> Vec<Stage> {
    match rollout.last_good_revision {
        Some(_) => stages::stages(rollout.strategy, settings),
        None => stages::first().into(),
    }
}

/// The stage under way: the last one, should the settings name fewer by now.
pub fn stage_of(rollout: &RolloutStatus, settings: &Rollout) -> Stage {
    let all = stages_of(rollout, settings);
    let index = usize::try_from(rollout.step).unwrap_or(1).saturating_sub(1);
    let last = all.last().copied();
    all.get(index).copied().or(last).unwrap_or(stages::first()[0])
}

/// Whether nothing of a rollout is left to do.
pub fn is_over(phase: RolloutPhase) -> bool {
    matches!(phase, RolloutPhase::Completed | RolloutPhase::RolledBack)
}

/// The revision to go back to, should the next one fail.
pub fn last_good(before: &RolloutStatus) -> Option<&str> {
    match before.phase {
        RolloutPhase::Completed => Some(&before.revision),
        _ => before.last_good_revision.as_deref(),
    }
}

/// When to look at a rollout again, if it is under way. A phase that has just begun may be over at once.
pub fn pause(
    before: Option<&RolloutStatus>,
    rollout: &RolloutStatus,
    settings: &Rollout,
    now: Timestamp,
) -> Option<Duration> {
    const AT_ONCE: Duration = Duration::from_millis(200);
    if is_over(rollout.phase) || rollout.last_good_revision.is_none() {
        return None;
    }
    let stood = |before: &RolloutStatus| (before.phase, before.step) == (rollout.phase, rollout.step);
    if !before.is_some_and(stood) {
        return Some(AT_ONCE);
    }
    let interval = seconds(settings.analysis.interval_seconds);
    let whole = match rollout.phase {
        RolloutPhase::Baking => seconds(stage_of(rollout, settings).bake_seconds),
        RolloutPhase::Progressing | RolloutPhase::Promoting => {
            seconds(settings.analysis.progress_deadline_seconds)
        }
        _ => interval,
    };
    let left = whole.saturating_sub(age(rollout, now));
    // At the end of its time it waits for what is measured next.
    Some(if left.is_zero() {
        interval
    } else {
        left.min(interval)
    })
}

/// Time in the phase; none at all when the status holds no time, or one to come.
pub fn age(rollout: &RolloutStatus, now: Timestamp) -> Duration {
    let age = since(rollout).and_then(|since| Duration::try_from(now.duration_since(since)).ok());
    age.unwrap_or_default()
}

fn since(rollout: &RolloutStatus) -> Option<Timestamp> {
    rollout.since.parse().ok()
}

fn seconds(number: i32) -> Duration {
    Duration::from_secs(u64::try_from(number).unwrap_or_default())
}

/// How a change is rolled out in the end: the first pods of a service, and what is around pods that stay, need no other pods
/// beside them.
pub const fn strategy_used(
    chosen: RolloutStrategy,
    has_last_good: bool,
    is_around_the_pods: bool,
) -> RolloutStrategy {
    if has_last_good && !is_around_the_pods {
        chosen
    } else {
        RolloutStrategy::Rolling
    }
}

/// A new rollout, whatever was under way: it starts from the last good revision.
pub fn begin(
    before: Option<&RolloutStatus>,
    change: &Change<'_>,
    settings: &Rollout,
    now: Timestamp,
) -> RolloutStatus {
    let good = before.and_then(last_good).map(ToOwned::to_owned);
    let is_untouched = before.is_some_and(|before| is_over(before.phase));
    let mut rollout = RolloutStatus {
        strategy: strategy_used(change.strategy, good.is_some(), change.is_around_the_pods),
        phase: RolloutPhase::Progressing,
        revision: change.revision.to_owned(),
        generation: change.generation,
        last_good_revision: good,
        step: 1,
        steps: 0,
        weight: 0,
        replicas: change.replicas,
        risk: change.risk.clone(),
        since: now.to_string(),
        message: String::new(),
        failed_measurements: 0,
    };
    rollout.steps = i32::try_from(stages_of(&rollout, settings).len()).unwrap_or(i32::MAX);
    if change.is_around_the_pods && is_untouched {
        return complete(rollout, now, "the pods stay as they are");
    }
    enter(rollout, 1, settings, now)
}

#[cfg(test)]
mod tests;
