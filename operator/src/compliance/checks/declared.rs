//! What the spec declares, judged.

use healthcare_crds::v1alpha1::{RolloutStrategy, TransportEncryption};

use super::Case;
use crate::compliance::control::{Breach, Seen};
use crate::compliance::exemptions::LONGEST_EMERGENCY;

/// Somebody encrypts calls inside the cluster, where the data asks for it.
pub(in crate::compliance) fn transport(case: &Case<'_>) -> Seen {
    let input = case.input;
    match input.compliance().and_then(|c| c.transport_encryption) {
        Some(by) => Ok(format!("encrypted by the {}", name(by))),
        None if input.is_sensitive() => Err(Breach::new(
            format!(
                "the data is {:?} and nobody is named who encrypts calls",
                input.classification()
            ),
            "set spec.compliance.transportEncryption to Service, Mesh or Network",
        )),
        None => Ok(format!(
            "data classification {:?}: not asked for",
            input.classification()
        )),
    }
}

fn name(by: TransportEncryption) -> &'static str {
    match by {
        TransportEncryption::Service => "service itself",
        TransportEncryption::Mesh => "service mesh",
        TransportEncryption::Network => "cluster's network",
    }
}

pub(in crate::compliance) fn kept_one_year(case: &Case<'_>) -> Seen {
    kept(case, 1)
}

pub(in crate::compliance) fn kept_six_years(case: &Case<'_>) -> Seen {
    kept(case, 6)
}

pub(in crate::compliance) fn kept_seven_years(case: &Case<'_>) -> Seen {
    kept(case, 7)
}

/// For how long is for the predicate rules of the records to say; that it is decided can be seen.
pub(in crate::compliance) fn kept_as_declared(case: &Case<'_>) -> Seen {
    kept(case, 0)
}

fn kept(case: &Case<'_>, years: u32) -> Seen {
    let declared = case.input.compliance().and_then(|c| c.audit_retention.as_deref());
    let fix = match years {
        0 => "set spec.compliance.auditRetention to what the records' own rules ask for".to_owned(),
        years => format!("set spec.compliance.auditRetention to {years}y or more"),
    };
    match declared {
        None => Err(Breach::new("no retention of audit records is declared", fix)),
        Some(declared) if lasts(declared, years) => Ok(format!("audit records are kept for {declared}")),
        Some(declared) => Err(Breach::new(
            format!("audit records are kept for {declared}, less than {years} years"),
            fix,
        )),
    }
}

/// In days a span of years is as long as the longest such span, leap days included.
fn lasts(declared: &str, years: u32) -> bool {
    let number = |text: &str| text.parse::<u32>().ok();
    match (declared.strip_suffix('y'), declared.strip_suffix('d')) {
        (Some(kept), _) => number(kept).is_some_and(|kept| kept >= years),
        (_, Some(kept)) => number(kept).is_some_and(|kept| kept >= years * 365 + years.div_ceil(4)),
        (None, None) => false,
    }
}

/// A failed change is taken back by itself.
pub(in crate::compliance) fn taken_back(case: &Case<'_>) -> Seen {
    let rollout = case.input.service.spec.rollout.clone().unwrap_or_default();
    if rollout.auto_rollback {
        return Ok("a failed change gives way to the last good revision by itself".to_owned());
    }
    Err(Breach::new(
        "spec.rollout.autoRollback is false: a failed change stays",
        "set spec.rollout.autoRollback to true",
    ))
}

/// Changes are watched before they take over, at least the risky ones.
pub(in crate::compliance) fn watched(case: &Case<'_>) -> Seen {
    let rollout = case.input.service.spec.rollout.clone().unwrap_or_default();
    match rollout.strategy {
        RolloutStrategy::Rolling => Err(Breach::new(
            "spec.rollout.strategy is Rolling: changes of any risk take over unwatched",
            "set spec.rollout.strategy to RiskBased, Canary or BlueGreen",
        )),
        strategy => Ok(format!("changes are rolled out {strategy:?}")),
    }
}

/// Drift is put right.
pub(in crate::compliance) fn not_paused(case: &Case<'_>) -> Seen {
    if case.input.service.spec.paused {
        return Err(Breach::new(
            "spec.paused is true: changes by others stay",
            "set spec.paused to false",
        ));
    }
    Ok("changes by others are put right".to_owned())
}

/// Emergency access, where it is opened, is limited in time.
pub(in crate::compliance) fn emergency_limited(case: &Case<'_>) -> Seen {
    let Some(emergency) = case.input.compliance().and_then(|c| c.break_glass.as_ref()) else {
        return Ok("emergency access can be opened in spec.compliance.breakGlass; none is".to_owned());
    };
    let fix = "set spec.compliance.breakGlass.until to a time within 24 hours, or remove it";
    let Ok(until) = emergency.until.parse::<jiff::Timestamp>() else {
        return Err(Breach::new("emergency access without a readable end", fix));
    };
    if until <= case.now {
        return Err(Breach::new(
            format!("emergency access ended at {until} and is still written"),
            fix,
        ));
    }
    if until.duration_since(case.now) > LONGEST_EMERGENCY {
        return Err(Breach::new(
            format!("emergency access until {until}, more than 24 hours ahead"),
            fix,
        ));
    }
    Ok(format!(
        "emergency access until {until}, ticket {}",
        emergency.ticket
    ))
}
