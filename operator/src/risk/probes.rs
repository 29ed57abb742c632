//! Health checks.

use healthcare_crds::v1alpha1::{HealthcareServiceSpec, Probes};

use super::tally::Tally;
use crate::plan::{self, ProbePlan, ProbesPlan};

/// Compared with the defaults filled in. A probe without a port of its own follows `spec.port`, which is a change of its own:
/// both sides take the port from before.
pub(super) fn compare(from: &HealthcareServiceSpec, to: Option<&Probes>, tally: &mut Tally) {
    let resolve = |probes: Option<&Probes>| plan::probes(probes.cloned().unwrap_or_default(), from.port);
    let before = resolve(from.probes.as_ref());
    let ProbesPlan {
        startup,
        liveness,
        readiness,
    } = resolve(to);
    let mut parts = Tally::default();
    probe("startup", &before.startup, &startup, &mut parts);
    probe("liveness", &before.liveness, &liveness, &mut parts);
    probe("readiness", &before.readiness, &readiness, &mut parts);
    tally.add_capped(30, parts);
}

fn probe(which: &str, from: &ProbePlan, to: &ProbePlan, parts: &mut Tally) {
    let ProbePlan {
        path,
        port,
        initial_delay,
        period,
        timeout,
        failures,
    } = to;
    if from.path != *path || from.port != *port {
        let message = format!("the {which} probe asks elsewhere: what it tells may be another thing");
        parts.add("ProbeTargetChanged", 8, message);
    }
    let times = [
        (from.initial_delay, *initial_delay),
        (from.period, *period),
        (from.timeout, *timeout),
        (from.failures, *failures),
    ];
    let looser = count(times, |from, to| to > from);
    let tighter = count(times, |from, to| to < from);
    let message = format!("the {which} probe waits longer before it acts on a failing pod");
    parts.add("ProbeLoosened", 4 * looser, message);
    let message = format!("the {which} probe waits less: a slow pod may be taken for a failing one");
    parts.add("ProbeTightened", 3 * tighter, message);
}

fn count(times: [(i32, i32); 4], differs: fn(i32, i32) -> bool) -> i32 {
    times
        .into_iter()
        .map(|(from, to)| i32::from(differs(from, to)))
        .sum()
}
