use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::json;

use super::*;
use crate::testing::service;

fn condition(type_: &str, status: &str, reason: &str) -> Condition {
    Condition {
        type_: type_.into(),
        status: status.into(),
        reason: reason.into(),
        message: format!("because of {reason}"),
        observed_generation: Some(1),
        last_transition_time: Time(jiff::Timestamp::UNIX_EPOCH),
    }
}

fn ready(status: &str, reason: &str) -> HealthcareServiceStatus {
    HealthcareServiceStatus {
        conditions: vec![condition("Ready", status, reason)],
        ..Default::default()
    }
}

fn stalled(reason: &str) -> HealthcareServiceStatus {
    let conditions = vec![
        condition("Ready", "False", reason),
        condition("Stalled", "True", reason),
    ];
    HealthcareServiceStatus {
        conditions,
        ..Default::default()
    }
}

/// Type and reason of what is published.
fn said(
    before: &HealthcareServiceStatus,
    after: &HealthcareServiceStatus,
    applied: &Applied,
) -> Vec<(bool, String)> {
    let events = transitions(&service(json!({})), before, after, applied);
    events
        .into_iter()
        .map(|event| (matches!(event.type_, EventType::Warning), event.reason))
        .collect()
}

#[test]
fn only_transitions_are_told() {
    let nothing = Applied::default();
    let cases = [
        (
            HealthcareServiceStatus::default(),
            ready("False", "Applying"),
            Some((false, "Applying")),
        ),
        (
            ready("False", "Applying"),
            ready("False", "RollingOut"),
            Some((false, "RollingOut")),
        ),
        (ready("False", "RollingOut"), ready("False", "RollingOut"), None),
        (
            ready("False", "RollingOut"),
            ready("True", "Serving"),
            Some((false, "Serving")),
        ),
        (ready("True", "Serving"), ready("True", "Serving"), None),
        (
            ready("True", "Serving"),
            ready("False", "RollingOut"),
            Some((false, "RollingOut")),
        ),
        (
            ready("False", "RollingOut"),
            ready("False", "ImagePullBackOff"),
            Some((true, "ImagePullBackOff")),
        ),
        (
            ready("True", "Serving"),
            ready("False", "ApplyFailed"),
            Some((true, "ApplyFailed")),
        ),
        (
            ready("False", "Applying"),
            stalled("ResourceConflict"),
            Some((true, "ResourceConflict")),
        ),
        (
            ready("True", "Serving"),
            ready("Unknown", "Paused"),
            Some((false, "Paused")),
        ),
        (ready("True", "Serving"), HealthcareServiceStatus::default(), None),
    ];
    for (before, after, expected) in cases {
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(warns, reason)| (warns, reason.to_owned()))
            .collect();
        assert_eq!(
            said(&before, &after, &nothing),
            expected,
            "{before:?} to {after:?}"
        );
    }
}

#[test]
fn a_new_message_alone_is_no_event() {
    let mut later = ready("False", "RollingOut");
    later.conditions[0].message = "2 of 3 pods available".into();
    assert_eq!(
        said(&ready("False", "RollingOut"), &later, &Applied::default()),
        []
    );
}

#[test]
fn what_was_made_and_removed_is_one_event_each() {
    let same = ready("True", "Serving");
    let applied = Applied {
        created: vec!["Deployment/records".into(), "Service/records".into()],
        removed: vec!["Ingress/records".into()],
        ..Applied::default()
    };
    let events = transitions(&service(json!({})), &same, &same, &applied);
    let notes: Vec<_> = events.iter().filter_map(|event| event.note.as_deref()).collect();
    assert_eq!(
        notes,
        [
            "created Deployment/records, Service/records",
            "removed Ingress/records"
        ]
    );
}

#[test]
fn each_repair_names_the_object_and_who_did_it() {
    let repair = |manager: Option<&str>, change: &str| Drift {
        kind: "Service".into(),
        name: "records".into(),
        change: change.into(),
        manager: manager.map(str::to_owned),
        time: "2026-01-01T00:00:00Z".into(),
    };
    let same = ready("True", "Serving");
    let applied = Applied {
        repairs: vec![repair(Some("kubectl-edit"), "changed"), repair(None, "deleted")],
        ..Applied::default()
    };
    let events = transitions(&service(json!({})), &same, &same, &applied);
    let notes: Vec<_> = events.iter().filter_map(|event| event.note.as_deref()).collect();
    assert_eq!(
        notes,
        [
            "Service records was changed by kubectl-edit; put right",
            "Service records was deleted; put right"
        ]
    );
    assert!(
        events
            .iter()
            .all(|event| event.reason == "DriftRepaired" && matches!(event.type_, EventType::Warning))
    );
    assert_eq!(
        events[0]
            .secondary
            .as_ref()
            .and_then(|child| child.name.as_deref()),
        Some("records")
    );
}

/// The API server refuses an Event whose note has more than 1024 bytes: it would be lost.
#[test]
fn notes_fit_an_event() {
    let mut after = ready("False", "ApplyRefused");
    after.conditions[0].message = "ü".repeat(1000);
    let events = transitions(
        &service(json!({})),
        &HealthcareServiceStatus::default(),
        &after,
        &Applied::default(),
    );
    let note = events[0].note.as_ref().unwrap();
    assert!(
        note.len() <= 1024 && note.starts_with("üüü"),
        "{} bytes",
        note.len()
    );
}
