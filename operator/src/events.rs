//! Events for people, on transitions only.

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::{Drift, HealthcareServiceStatus, condition as types};
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Resource;
use kube::runtime::events::{Event, EventType, Recorder};

use crate::outcome::Applied;

/// What happened, in the words of an Event.
pub fn transitions(
    service: &HealthcareService,
    before: &HealthcareServiceStatus,
    after: &HealthcareServiceStatus,
    applied: &Applied,
) -> Vec<Event> {
    let repairs = applied.repairs.iter().map(|drift| repaired(drift, service));
    readiness(before, after)
        .into_iter()
        .chain(repairs)
        .chain(created(applied))
        .chain(removed(applied))
        .collect()
}

/// Publishes events. A lost event changes nothing but what people read: it is logged.
pub async fn publish(recorder: &Recorder, service: &HealthcareService, events: Vec<Event>) {
    let reference = service.object_ref(&());
    for event in events {
        if let Err(error) = recorder.publish(&event, &reference).await {
            tracing::warn!(reason = event.reason, %error, "could not publish an event");
        }
    }
}

/// Ready changed its status, or its reason while false.
fn readiness(before: &HealthcareServiceStatus, after: &HealthcareServiceStatus) -> Option<Event> {
    let old = find(before).map(|c| (c.status.as_str(), c.reason.as_str()));
    let new = find(after)?;
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
    let type_ = if new.status == "False" && faulty {
        EventType::Warning
    } else {
        EventType::Normal
    };
    Some(event(type_, &new.reason, new.message.clone(), "Reconcile"))
}

fn find(status: &HealthcareServiceStatus) -> Option<&Condition> {
    status.conditions.iter().find(|c| c.type_ == types::READY)
}

/// The child is the event's related object: the recorder would otherwise count repairs of different children as
/// repetitions of one event.
fn repaired(drift: &Drift, service: &HealthcareService) -> Event {
    let by = drift
        .manager
        .as_ref()
        .map_or_else(String::new, |manager| format!(" by {manager}"));
    let note = format!(
        "{} {} was {}{by}; put right",
        drift.kind, drift.name, drift.change
    );
    let child = ObjectReference {
        kind: Some(drift.kind.clone()),
        name: Some(drift.name.clone()),
        namespace: service.metadata.namespace.clone(),
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
