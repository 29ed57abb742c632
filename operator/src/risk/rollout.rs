//! How changes are guarded from now on.

use healthcare_crds::v1alpha1::{Analysis, BlueGreen, Canary, CanaryStep, Rollout, RolloutStrategy};

use super::tally::Tally;

pub(super) fn compare(from: Option<&Rollout>, to: Option<&Rollout>, tally: &mut Tally) {
    let from = from.cloned().unwrap_or_default();
    let Rollout {
        strategy,
        canary: Canary { steps },
        blue_green,
        analysis: limits,
        bake_seconds,
        auto_rollback,
    } = to.cloned().unwrap_or_default();
    let mut parts = Tally::default();
    if from.auto_rollback && !auto_rollback {
        let message = "a version that fails stays until somebody acts";
        parts.add("AutoRollbackOff", 15, message);
    }
    if from.strategy != strategy && strategy == RolloutStrategy::Rolling {
        parts.add(
            "StrategyFixed",
            8,
            "changes are always rolled out pod by pod, whatever their risk",
        );
    }
    if bake_seconds < from.bake_seconds {
        parts.add(
            "WatchShortened",
            4,
            "a new version is watched for less long after it took over",
        );
    }
    canary(&from.canary.steps, &steps, &mut parts);
    switch(&from.blue_green, &blue_green, &mut parts);
    analysis(&from.analysis, &limits, &mut parts);
    tally.add_capped(30, parts);
}

/// Looser at any weight: a greater share at first, a shorter watch, one approval less.
fn canary(from: &[CanaryStep], to: &[CanaryStep], parts: &mut Tally) {
    let first = |steps: &[CanaryStep]| steps.first().map_or(100, |step| step.weight);
    let watched =
        |steps: &[CanaryStep]| -> i64 { steps.iter().map(|step| i64::from(step.bake_seconds)).sum() };
    let approvals = |steps: &[CanaryStep]| steps.iter().filter(|step| step.approval).count();
    if first(to) > first(from) {
        let message = format!(
            "a canary begins with {}% of the calls, not {}%",
            first(to),
            first(from)
        );
        parts.add("CanaryLoosened", 4, message);
    }
    if watched(to) < watched(from) {
        parts.add("CanaryLoosened", 4, "a canary is watched for less long");
    }
    if approvals(to) < approvals(from) {
        parts.add("ApprovalRemoved", 8, "a canary asks fewer times for approval");
    }
}

fn switch(from: &BlueGreen, to: &BlueGreen, parts: &mut Tally) {
    let BlueGreen {
        bake_seconds,
        approval,
    } = to;
    if *bake_seconds < from.bake_seconds {
        parts.add(
            "BlueGreenLoosened",
            4,
            "new pods are watched for less long before the switch",
        );
    }
    if from.approval && !approval {
        parts.add(
            "ApprovalRemoved",
            8,
            "the switch to new pods needs no approval any more",
        );
    }
}

fn analysis(from: &Analysis, to: &Analysis, parts: &mut Tally) {
    let Analysis {
        interval_seconds,
        failure_limit,
        error_rate_percent,
        latency_milliseconds,
        min_requests,
        progress_deadline_seconds,
    } = to;
    let looser = [
        (*interval_seconds > from.interval_seconds, "intervalSeconds"),
        (*failure_limit > from.failure_limit, "failureLimit"),
        (
            higher(from.error_rate_percent, *error_rate_percent),
            "errorRatePercent",
        ),
        (
            higher(
                from.latency_milliseconds.map(f64::from),
                latency_milliseconds.map(f64::from),
            ),
            "latencyMilliseconds",
        ),
        (*min_requests > from.min_requests, "minRequests"),
        (
            *progress_deadline_seconds > from.progress_deadline_seconds,
            "progressDeadlineSeconds",
        ),
    ];
    for (_, name) in looser.into_iter().filter(|(looser, _)| *looser) {
        parts.add(
            "AnalysisLoosened",
            4,
            format!("{name} raised: a failing version is found later"),
        );
    }
}

/// Whether a limit went up, came in place of the default, or went away for it.
fn higher(from: Option<f64>, to: Option<f64>) -> bool {
    match (from, to) {
        (Some(from), Some(to)) => to > from,
        (from, to) => from.is_some() != to.is_some(),
    }
}
