//! `Compliant`: whether the controls that apply are met.

use healthcare_crds::v1alpha1::BreakGlass;

use super::{Facts, Verdict, no, unknown, yes};
use crate::compliance::{Judgement, Report};
use crate::outcome::Retry;

/// Violations that the message tells; the status and the command line tell all.
const TOLD: usize = 3;

/// None for a service to which no framework applies. What is not applied, or may be changed by others, is not claimed to be
/// met.
pub(super) fn compliant(facts: &Facts<'_>) -> Option<Verdict> {
    let report = match facts.compliance {
        Judgement::NotAsked => return None,
        Judgement::Impossible => {
            return Some(unknown(
                "NotEvaluated",
                "there are no children to judge: Ready tells why",
            ));
        }
        Judgement::Made(report) => report,
    };
    if report.violations().next().is_some() {
        return Some(match &report.break_glass {
            Some(emergency) => no(
                "BreakGlass",
                format!("{}; {}", under(emergency), violations(report)),
            ),
            None => no("ControlsViolated", violations(report)),
        });
    }
    let refused = facts.error.is_some_and(|error| error.retry() == Retry::OnChange);
    if refused {
        return Some(unknown(
            "NotApplied",
            "what was judged could not be applied: Ready tells why",
        ));
    }
    Some(yes("ControlsMet", met(report)))
}

fn under(emergency: &BreakGlass) -> String {
    format!(
        "emergency access until {}, opened by {}, ticket {}",
        emergency.until, emergency.opened_by, emergency.ticket
    )
}

fn violations(report: &Report) -> String {
    let all = report.violations().count();
    let told: Vec<_> = report
        .violations()
        .take(TOLD)
        .map(|(control, message)| format!("{}: {message}", control.id))
        .collect();
    let more = match all - told.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("{} controls met; {}{more}", report.summary(), told.join("; "))
}

fn met(report: &Report) -> String {
    let exempted = match report.counts.exempted {
        0 => String::new(),
        count => format!(", {count} of them by exemption"),
    };
    let idle = match report.notices.as_slice() {
        [] => String::new(),
        [first, ..] => format!("; {}: {}", first.subject, first.message),
    };
    format!(
        "{} checked controls met{exempted}; {} are for the cluster and the organisation to verify{idle}",
        report.summary(),
        report.counts.inherited
    )
}
