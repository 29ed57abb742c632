//! From one state of a rollout to the next. Pure.

use healthcare_crds::keys;
use healthcare_crds::v1alpha1::{Rollout, RolloutPhase, RolloutStatus};
use jiff::Timestamp;

use super::gates::{self, Gate};
use super::stages::{self, Stage, StageKind};
use super::{Observed, age, is_over, seconds, since, stage_of, stages_of};
use crate::analysis::Verdict;

/// The state after what was seen.
pub fn advance(
    before: &RolloutStatus,
    settings: &Rollout,
    seen: &Observed,
    gate: Option<Gate>,
    now: Timestamp,
) -> RolloutStatus {
    let before = &not_in_the_future(before, now);
    match before.phase {
        RolloutPhase::RollingBack if seen.is_in_place => RolloutStatus {
            phase: RolloutPhase::RolledBack,
            since: now.to_string(),
            ..before.clone()
        },
        RolloutPhase::Completed | RolloutPhase::RolledBack | RolloutPhase::RollingBack => before.clone(),
        _ => forward(before, settings, seen, gate, now),
    }
}

/// A phase that a clock ahead of this one began, here or in the process before, begins now: waiting until the clock has caught
/// up could take hours.
fn not_in_the_future(before: &RolloutStatus, now: Timestamp) -> RolloutStatus {
    let mut rollout = before.clone();
    if !is_over(rollout.phase) && since(&rollout).is_some_and(|since| since > now) {
        rollout.since = now.to_string();
    }
    rollout
}

fn forward(
    before: &RolloutStatus,
    settings: &Rollout,
    seen: &Observed,
    gate: Option<Gate>,
    now: Timestamp,
) -> RolloutStatus {
    let stage = stage_of(before, settings);
    if gate == Some(Gate::Abort) && before.last_good_revision.is_some() {
        return go_back(
            before,
            now,
            "aborted by the annotation gitops-health.io/rollout-abort",
        );
    }
    let failure = failure(before, settings, seen, now);
    if let Some(failure) = failure.filter(|_| !is_overruled(settings, seen, gate)) {
        return failed(before, settings, &failure, now);
    }
    let rollout = RolloutStatus {
        failed_measurements: seen.failures,
        ..before.clone()
    };
    if !seen.is_in_place {
        // Pods that come and go while they are watched are no reason to begin anew: what fails is measured.
        return rollout;
    }
    if gate == Some(Gate::PromoteFully) {
        return take_over(rollout, settings, now);
    }
    if gate == Some(Gate::Promote) {
        return next(rollout, settings, now);
    }
    bake(rollout, stage, settings, seen, now)
}

/// Whether a person promotes a failure that nothing takes back by itself. Pods that are not there take no calls.
fn is_overruled(settings: &Rollout, seen: &Observed, gate: Option<Gate>) -> bool {
    let is_promoted = matches!(gate, Some(Gate::Promote | Gate::PromoteFully));
    is_promoted && seen.is_in_place && !settings.auto_rollback
}

/// The pods of the stage are there: it is watched, then left.
fn bake(
    rollout: RolloutStatus,
    stage: Stage,
    settings: &Rollout,
    seen: &Observed,
    now: Timestamp,
) -> RolloutStatus {
    if rollout.phase == RolloutPhase::AwaitingApproval {
        return rollout;
    }
    if rollout.phase != RolloutPhase::Baking {
        let begun = RolloutStatus {
            phase: RolloutPhase::Baking,
            since: now.to_string(),
            message: watched(stage),
            ..rollout
        };
        return if stage.bake_seconds == 0 {
            left(begun, stage, settings, now)
        } else {
            begun
        };
    }
    if age(&rollout, now) < seconds(stage.bake_seconds) {
        return rollout;
    }
    match &seen.measured {
        Verdict::Pass => left(rollout, stage, settings, now),
        Verdict::Fail { message, .. } | Verdict::NoData { message } => RolloutStatus {
            message: format!("held: {message}"),
            ..rollout
        },
    }
}

fn left(rollout: RolloutStatus, stage: Stage, settings: &Rollout, now: Timestamp) -> RolloutStatus {
    if stage.approval {
        return RolloutStatus {
            phase: RolloutPhase::AwaitingApproval,
            since: now.to_string(),
            message: format!(
                "promote with gitops-health rollout promote, or the annotation {}={}",
                keys::ROLLOUT_PROMOTE,
                gates::value(&rollout)
            ),
            ..rollout
        };
    }
    next(rollout, settings, now)
}

fn next(rollout: RolloutStatus, settings: &Rollout, now: Timestamp) -> RolloutStatus {
    let step = rollout.step.saturating_add(1);
    if step > rollout.steps {
        return complete(rollout, now, "the new version serves");
    }
    enter(rollout, step, settings, now)
}

fn take_over(rollout: RolloutStatus, settings: &Rollout, now: Timestamp) -> RolloutStatus {
    let all = stages_of(&rollout, settings);
    let place = all.iter().position(|stage| stage.kind == StageKind::Takeover);
    let step = place.and_then(|place| i32::try_from(place + 1).ok()).unwrap_or(1);
    if step <= rollout.step {
        return next(rollout, settings, now);
    }
    enter(rollout, step, settings, now)
}

pub(super) fn enter(rollout: RolloutStatus, step: i32, settings: &Rollout, now: Timestamp) -> RolloutStatus {
    let mut rollout = RolloutStatus {
        step,
        since: now.to_string(),
        failed_measurements: 0,
        ..rollout
    };
    let stage = stage_of(&rollout, settings);
    (rollout.phase, rollout.weight, rollout.message) = match stage.kind {
        StageKind::Share(weight) => {
            let size = stages::candidate_size(weight, rollout.replicas);
            let share = stages::share_of(size, rollout.replicas);
            (
                RolloutPhase::Progressing,
                share,
                format!("a candidate for {share} % of the calls comes up"),
            )
        }
        StageKind::Preview => (
            RolloutPhase::Progressing,
            0,
            "a candidate of full size comes up".to_owned(),
        ),
        StageKind::Switched => (
            RolloutPhase::Progressing,
            100,
            "all calls go to the candidate".to_owned(),
        ),
        StageKind::Takeover => (
            RolloutPhase::Promoting,
            100,
            "the new version replaces the pods".to_owned(),
        ),
        StageKind::Watch => (RolloutPhase::Baking, 100, watched(stage)),
    };
    rollout
}

fn watched(stage: Stage) -> String {
    format!("watched for {} s", stage.bake_seconds)
}

/// Why the new version has failed, if it has.
fn failure(before: &RolloutStatus, settings: &Rollout, seen: &Observed, now: Timestamp) -> Option<String> {
    let analysis = &settings.analysis;
    if let (Verdict::Fail { message, .. }, true) = (&seen.measured, seen.failures >= analysis.failure_limit) {
        return Some(message.clone());
    }
    let comes_up = matches!(before.phase, RolloutPhase::Progressing | RolloutPhase::Promoting);
    let deadline = seconds(analysis.progress_deadline_seconds);
    if !(comes_up && !seen.is_in_place && age(before, now) >= deadline) {
        return None;
    }
    let detail = match &seen.measured {
        Verdict::Fail { message, .. } => format!(": {message}"),
        // That nobody calls them yet is no reason.
        Verdict::NoData { .. } | Verdict::Pass => String::new(),
    };
    Some(format!(
        "its pods were not ready within {} s{detail}",
        analysis.progress_deadline_seconds
    ))
}

fn failed(before: &RolloutStatus, settings: &Rollout, why: &str, now: Timestamp) -> RolloutStatus {
    if before.last_good_revision.is_some() && settings.auto_rollback {
        return go_back(before, now, why);
    }
    let message = if before.last_good_revision.is_some() {
        format!("failed: {why}; spec.rollout.autoRollback is false: abort or promote it")
    } else {
        format!("failed: {why}; there is no earlier revision to go back to")
    };
    RolloutStatus {
        message,
        ..before.clone()
    }
}

fn go_back(before: &RolloutStatus, now: Timestamp, why: &str) -> RolloutStatus {
    RolloutStatus {
        phase: RolloutPhase::RollingBack,
        weight: 0,
        since: now.to_string(),
        message: why.to_owned(),
        ..before.clone()
    }
}

pub(super) fn complete(rollout: RolloutStatus, now: Timestamp, message: &str) -> RolloutStatus {
    RolloutStatus {
        phase: RolloutPhase::Completed,
        step: rollout.steps,
        weight: 100,
        last_good_revision: Some(rollout.revision.clone()),
        since: now.to_string(),
        message: message.to_owned(),
        failed_measurements: 0,
        ..rollout
    }
}
