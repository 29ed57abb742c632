//! Conditions: an ordered list of small checks from facts to verdicts. Pure.

use healthcare_crds::v1alpha1::{RolloutStatus, condition as types};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::access::Inconsistency;
use crate::compliance::Judgement;
use crate::outcome::{Error, Retry};
use crate::plan::Plan;
use crate::pods::PodFault;
use crate::workload::Workload;

mod compliant;
mod rollout;

/// Everything the checks look at.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The plan, none when the spec could not be planned.
    pub plan: Option<&'a Plan>,
    /// Whether the operator's hands are held.
    pub paused: bool,
    /// What kept the pass from getting through.
    pub error: Option<&'a Error>,
    /// The Deployment.
    pub workload: Option<&'a Workload>,
    /// Why pods do not serve.
    pub fault: Option<&'a PodFault>,
    /// The rollout, under way or over.
    pub rollout: Option<&'a RolloutStatus>,
    /// Callees that do not admit this service; none when it names no callee.
    pub access: Option<&'a [Inconsistency]>,
    /// Whether the pods run with another template than this operator would make.
    pub template_pending: bool,
    /// Whether the spec asks for scraping or alerts.
    pub wants_monitoring: bool,
    /// How the service stands to the frameworks that apply to it.
    pub compliance: &'a Judgement,
}

/// Status of a condition with its reason and message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// `True`, `False` or `Unknown`.
    pub status: &'static str,
    /// CamelCase word.
    pub reason: String,
    /// For people.
    pub message: String,
}

/// How far the service is: decided once, and what Ready, Reconciling and Stalled say follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Paused,
    Ready { reason: &'static str, message: String },
    Working { reason: String, message: String },
    Stuck { reason: String, message: String },
}

type Check = fn(&Facts<'_>) -> Option<Verdict>;

/// The checks in the order in which `kubectl describe` shows them. One that returns none leaves its condition out.
const CHECKS: [(&str, Check); 11] = [
    (types::READY, ready),
    (types::RECONCILING, reconciling),
    (types::STALLED, stalled),
    (types::AVAILABLE, available),
    (types::PROGRESSING, progressing),
    (types::ROLLED_BACK, rollout::rolled_back),
    (types::PAUSED, paused),
    (types::ACCESS_POLICY_CONSISTENT, access_policy),
    (types::COMPLIANT, compliant::compliant),
    (types::TEMPLATE_UPDATE_PENDING, template_update),
    (types::MONITORING_AVAILABLE, monitoring),
];

/// All conditions. A time moves only when its status flips.
pub fn conditions(
    facts: &Facts<'_>,
    generation: i64,
    before: &[Condition],
    now: Timestamp,
) -> Vec<Condition> {
    let verdicts = CHECKS
        .iter()
        .filter_map(|(type_, check)| Some((*type_, check(facts)?)));
    verdicts
        .map(|(type_, verdict)| condition(type_, verdict, generation, before, now))
        .collect()
}

fn condition(
    type_: &str,
    verdict: Verdict,
    generation: i64,
    before: &[Condition],
    now: Timestamp,
) -> Condition {
    let earlier = before
        .iter()
        .find(|c| c.type_ == type_ && c.status == verdict.status);
    Condition {
        type_: type_.to_owned(),
        status: verdict.status.to_owned(),
        reason: verdict.reason,
        message: truncated(verdict.message),
        observed_generation: Some(generation),
        last_transition_time: earlier
            .map_or_else(|| Time(whole_seconds(now)), |c| c.last_transition_time.clone()),
    }
}

/// metav1.Time has no fractions: with them the stored time would differ from the wanted one for ever.
fn whole_seconds(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// A metav1.Condition takes 32 KiB; nobody reads more than a screenful.
fn truncated(message: String) -> String {
    const LONGEST: usize = 1024;
    if message.chars().count() <= LONGEST {
        return message;
    }
    message.chars().take(LONGEST).chain(['…']).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "all checks have one signature")]
fn ready(facts: &Facts<'_>) -> Option<Verdict> {
    Some(match phase(facts) {
        Phase::Paused => unknown(
            "Paused",
            format!("spec.paused is true: nothing is applied; {}", counts(facts)),
        ),
        Phase::Ready { reason, message } => yes(reason, message),
        Phase::Working { reason, message } | Phase::Stuck { reason, message } => no(reason, message),
    })
}

fn reconciling(facts: &Facts<'_>) -> Option<Verdict> {
    match phase(facts) {
        Phase::Working { reason, message } => Some(yes(reason, message)),
        _ => None,
    }
}

fn stalled(facts: &Facts<'_>) -> Option<Verdict> {
    match phase(facts) {
        Phase::Stuck { reason, message } => Some(yes(reason, message)),
        _ => None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "all checks have one signature")]
fn available(facts: &Facts<'_>) -> Option<Verdict> {
    let Some(workload) = facts.workload else {
        return Some(unknown("NoDeployment", "the Deployment has not been applied yet"));
    };
    if is_stopped(facts) {
        return Some(no("Stopped", "scaling.minReplicas is 0: no pod runs"));
    }
    let minimum = facts.plan.map_or(i32::MAX, |plan| plan.replicas.minimum());
    if workload.serves(minimum) {
        return Some(yes("MinimumReplicasAvailable", counts(facts)));
    }
    Some(match facts.fault {
        Some(fault) => no(fault.reason.clone(), fault.message.clone()),
        None => no("MinimumReplicasUnavailable", counts(facts)),
    })
}

fn progressing(facts: &Facts<'_>) -> Option<Verdict> {
    let workload = facts.workload?;
    let minimum = facts.plan?.replicas.minimum();
    if let Some((reason, message)) = facts.rollout.and_then(rollout::between) {
        return Some(yes(reason, message));
    }
    Some(if workload.is_rolled_out(minimum) {
        no("Complete", "all pods are of the current revision")
    } else {
        yes("RollingOut", counts(facts))
    })
}

fn template_update(facts: &Facts<'_>) -> Option<Verdict> {
    facts.template_pending.then(|| {
        yes(
            "OperatorChanged",
            "this operator makes another pod template of the same spec: it is taken when the pods' part of the spec changes, or when the annotation gitops-health.io/template-requested-at gets a new value",
        )
    })
}

fn paused(facts: &Facts<'_>) -> Option<Verdict> {
    facts.paused.then(|| {
        yes(
            "Paused",
            "spec.paused is true: the operator watches and reports, but writes nothing",
        )
    })
}

fn access_policy(facts: &Facts<'_>) -> Option<Verdict> {
    let list = facts.access?;
    let Some(first) = list.first() else {
        return Some(yes(
            "CalleesAdmit",
            "every service in accessPolicy.outbound admits this one",
        ));
    };
    let all: Vec<_> = list.iter().map(ToString::to_string).collect();
    Some(no(first.reason(), all.join("; ")))
}

fn monitoring(facts: &Facts<'_>) -> Option<Verdict> {
    if !facts.wants_monitoring {
        return None;
    }
    let capabilities = facts.plan?.capabilities;
    Some(if capabilities.service_monitor && capabilities.prometheus_rule {
        yes("Installed", "the cluster has ServiceMonitor and PrometheusRule")
    } else {
        no(
            "KindsMissing",
            "the cluster lacks ServiceMonitor or PrometheusRule of monitoring.coreos.com/v1: install the Prometheus operator's CRDs to have this service scraped and watched",
        )
    })
}

fn phase(facts: &Facts<'_>) -> Phase {
    if facts.paused {
        return Phase::Paused;
    }
    if let Some(error) = facts.error {
        let (reason, message) = (error.reason().to_owned(), error.to_string());
        return match error.retry() {
            Retry::OnChange => Phase::Stuck { reason, message },
            Retry::Backoff => Phase::Working { reason, message },
        };
    }
    match (facts.plan, facts.workload) {
        (Some(plan), Some(workload)) => serving(facts, plan, workload),
        _ => working("Applying", "the children are being applied"),
    }
}

fn serving(facts: &Facts<'_>, plan: &Plan, workload: &Workload) -> Phase {
    if let Some(phase) = facts.rollout.and_then(rollout::phase) {
        return phase;
    }
    if is_stopped(facts) && workload.is_observed() && workload.replicas == 0 {
        let message = "stopped: scaling.minReplicas is 0".to_owned();
        return Phase::Ready {
            reason: "Stopped",
            message,
        };
    }
    if workload.is_rolled_out(plan.replicas.minimum()) && !is_stopped(facts) {
        return Phase::Ready {
            reason: "Serving",
            message: counts(facts),
        };
    }
    let (reason, message) = explanation(facts, workload);
    match &workload.failure {
        Some(failure) if failure.terminal && workload.is_observed() => Phase::Stuck { reason, message },
        _ => Phase::Working { reason, message },
    }
}

/// The pods' own reason where there is one, then what the Deployment controller says, then the numbers.
fn explanation(facts: &Facts<'_>, workload: &Workload) -> (String, String) {
    match (facts.fault, &workload.failure) {
        (Some(fault), _) => (
            fault.reason.clone(),
            format!("{}; {}", fault.message, counts(facts)),
        ),
        (None, Some(failure)) => (failure.reason.clone(), failure.message.clone()),
        (None, None) => ("RollingOut".to_owned(), counts(facts)),
    }
}

fn is_stopped(facts: &Facts<'_>) -> bool {
    facts.plan.is_some_and(|plan| plan.replicas.minimum() == 0)
}

fn counts(facts: &Facts<'_>) -> String {
    facts.workload.map_or_else(
        || "no Deployment yet".to_owned(),
        |w| {
            format!(
                "{} of {} pods available, {} of {} up to date",
                w.available, w.wanted, w.updated, w.wanted
            )
        },
    )
}

fn yes(reason: impl Into<String>, message: impl Into<String>) -> Verdict {
    Verdict {
        status: "True",
        reason: reason.into(),
        message: message.into(),
    }
}

fn no(reason: impl Into<String>, message: impl Into<String>) -> Verdict {
    Verdict {
        status: "False",
        reason: reason.into(),
        message: message.into(),
    }
}

fn unknown(reason: impl Into<String>, message: impl Into<String>) -> Verdict {
    Verdict {
        status: "Unknown",
        reason: reason.into(),
        message: message.into(),
    }
}

fn working(reason: &str, message: &str) -> Phase {
    Phase::Working {
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests;
