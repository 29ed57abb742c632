//! Events for people, on transitions only.

use std::collections::BTreeSet;

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::{HealthcareServiceStatus, condition as types};
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::runtime::events::{Event, EventType};

use crate::outcome::{Applied, Repair};

mod publisher;
mod rollout;

pub use publisher::Publisher;

/// What happened, in the words of an Event.
pub fn transitions(
    service: &HealthcareService,
    before: &HealthcareServiceStatus,
    after: &HealthcareServiceStatus,
    applied: &Applied,
) -> Vec<Event> {
    let repairs = applied.repairs.iter().map(|repair| repaired(repair, service));
    let rollout = rollout::events(before.rollout.as_ref(), after.rollout.as_ref());
    // A start tells more than "RollingOut" does.
    let readiness =
        readiness(before, after).filter(|event| rollout.is_empty() || event.reason != "RollingOut");
    readiness
        .into_iter()
        .chain(rollout)
        .chain(compliance(before, after))
        .chain(repairs)
        .chain(created(applied))
        .chain(removed(applied))
        .collect()
}

/// Ready changed its status, or its reason while false.
fn readiness(before: &HealthcareServiceStatus, after: &HealthcareServiceStatus) -> Option<Event> {
    let old = find(before, types::READY).map(|c| (c.status.as_str(), c.reason.as_str()));
    let new = find(after, types::READY)?;
    if old == Some((new.status.as_str(), new.reason.as_str())) {
        return None;
    }
    let is_stalled = after
        .conditions
        .iter()
        .any(|c| c.type_ == types::STALLED && c.status == "True");
    let faulty = is_stalled
        || !matches!(
            new.reason.as_str(),
            "RollingOut" | "Applying" | "WaitingForDeletion"
        );
    // A service that was just made: that its children were created says it all.
    if old.is_none() && new.status == "False" && !faulty {
        return None;
    }
    let type_ = if new.status == "False" && faulty {
        EventType::Warning
    } else {
        EventType::Normal
    };
    Some(event(type_, &new.reason, new.message.clone(), "Reconcile"))
}

/// Compliant turned false, or a control was violated that was not before; or it turned true again.
fn compliance(before: &HealthcareServiceStatus, after: &HealthcareServiceStatus) -> Option<Event> {
    let old = find(before, types::COMPLIANT).map(|c| (c.status.as_str(), c.reason.as_str()));
    let new = find(after, types::COMPLIANT)?;
    let turned = old != Some((new.status.as_str(), new.reason.as_str()));
    let type_ = match new.status.as_str() {
        "False" if turned || has_new_violation(before, after) => EventType::Warning,
        "True" if turned && old.is_some() => EventType::Normal,
        _ => return None,
    };
    Some(event(type_, &new.reason, new.message.clone(), "Evaluate"))
}

/// The list is bounded: one that was left out may stand in it once another is met, and that is no news.
fn has_new_violation(before: &HealthcareServiceStatus, after: &HealthcareServiceStatus) -> bool {
    let count = |status: &HealthcareServiceStatus| status.compliance.as_ref().map_or(0, |c| c.violated);
    let controls = |status: &HealthcareServiceStatus| {
        let violations = status.compliance.iter().flat_map(|c| c.violations.clone());
        violations
            .map(|violation| violation.control)
            .collect::<BTreeSet<_>>()
    };
    count(after) >= count(before) && !controls(after).is_subset(&controls(before))
}

fn find<'a>(status: &'a HealthcareServiceStatus, type_: &str) -> Option<&'a Condition> {
    status.conditions.iter().find(|c| c.type_ == type_)
}

/// The child is the event's related object: the recorder would otherwise count repairs of different children as
/// repetitions of one event.
fn repaired(repair: &Repair, service: &HealthcareService) -> Event {
    let drift = &repair.drift;
    let by = drift
        .manager
        .as_ref()
        .map_or_else(String::new, |manager| format!(" by {manager}"));
    let at = if drift.fields.is_empty() {
        String::new()
    } else {
        format!(" at {}", drift.fields.join(", "))
    };
    let note = format!(
        "{} {} was {}{by}{at}; put right",
        drift.kind, drift.name, drift.change
    );
    let child = ObjectReference {
        kind: Some(drift.kind.clone()),
        name: Some(drift.name.clone()),
        namespace: service.metadata.namespace.clone(),
        resource_version: repair.resource_version.map(|version| version.to_string()),
        ..ObjectReference::default()
    };
    Event {
        secondary: Some(child),
        ..event(EventType::Warning, "DriftRepaired", note, "Repair")
    }
}

fn created(applied: &Applied) -> Option<Event> {
    (!applied.created.is_empty()).then(|| {
        event(
            EventType::Normal,
            "Created",
            format!("created {}", applied.created.join(", ")),
            "Apply",
        )
    })
}

fn removed(applied: &Applied) -> Option<Event> {
    (!applied.removed.is_empty()).then(|| {
        event(
            EventType::Normal,
            "Removed",
            format!("removed {}", applied.removed.join(", ")),
            "Prune",
        )
    })
}

/// The API server refuses a note of more than 1024 bytes (events.k8s.io/v1).
const LONGEST_NOTE: usize = 1024;

fn event(type_: EventType, reason: &str, mut note: String, action: &str) -> Event {
    note.truncate(note.floor_char_boundary(LONGEST_NOTE));
    Event {
        type_,
        reason: reason.to_owned(),
        note: Some(note),
        action: action.to_owned(),
        secondary: None,
    }
}

#[cfg(test)]
mod tests;
