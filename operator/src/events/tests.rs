use healthcare_crds::v1alpha1::{Drift, RolloutPhase};
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
            None,
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
    let repair = |manager: Option<&str>, change: &str| Repair {
        resource_version: manager.map(|_| 7),
        drift: Drift {
            fields: manager.map(|_| "spec.ports".into()).into_iter().collect(),
            kind: "Service".into(),
            name: "records".into(),
            change: change.into(),
            manager: manager.map(str::to_owned),
            time: "2026-01-01T00:00:00Z".into(),
        },
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
            "Service records was changed by kubectl-edit at spec.ports; put right",
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

fn compliant(status: &str, reason: &str, violated: &[&str]) -> HealthcareServiceStatus {
    let violations = violated
        .iter()
        .map(|control| healthcare_crds::v1alpha1::Violation {
            control: (*control).to_owned(),
            message: String::new(),
        });
    HealthcareServiceStatus {
        conditions: vec![condition("Compliant", status, reason)],
        compliance: Some(healthcare_crds::v1alpha1::ComplianceStatus {
            violated: i32::try_from(violated.len()).unwrap(),
            violations: violations.collect(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[test]
fn violations_and_their_end_are_told_once() {
    let none = HealthcareServiceStatus::default();
    let met = compliant("True", "ControlsMet", &[]);
    let one = compliant("False", "ControlsViolated", &["a"]);
    let two = compliant("False", "ControlsViolated", &["a", "b"]);
    let other = compliant("False", "ControlsViolated", &["b"]);
    let emergency = compliant("False", "BreakGlass", &["a"]);
    let unknown = compliant("Unknown", "NotApplied", &[]);
    let (bad, good) = (Some((true, "ControlsViolated")), Some((false, "ControlsMet")));
    for (before, after, wanted) in [
        (&none, &met, None),
        (&none, &one, bad),
        (&one, &one, None),
        (&one, &two, bad),
        (&two, &one, None),
        (&two, &other, None),
        (&one, &other, bad),
        (&one, &met, good),
        (&met, &met, None),
        (&met, &unknown, None),
        (&unknown, &met, good),
        (&one, &emergency, Some((true, "BreakGlass"))),
        (&one, &none, None),
    ] {
        let wanted: Vec<_> = wanted
            .map(|(warns, reason)| (warns, reason.to_owned()))
            .into_iter()
            .collect();
        assert_eq!(
            said(before, after, &Applied::default()),
            wanted,
            "{before:?} {after:?}"
        );
    }
}

/// A rollout of `to` from `from` in its second step of four.
fn rolling(phase: RolloutPhase, step: i32, from: Option<&str>) -> HealthcareServiceStatus {
    let rollout = json!({
        "strategy": "Canary",
        "phase": phase,
        "revision": "app-2",
        "lastGoodRevision": from,
        "step": step,
        "steps": 4,
        "weight": 25,
        "replicas": 4,
        "risk": {"score": 34, "factors": [{"name": "ImageMajor", "points": 34, "message": "1.0.0 to 2.0.0"}]},
        "since": "2026-01-01T00:00:00Z",
        "message": "why",
    });
    HealthcareServiceStatus {
        rollout: serde_json::from_value(rollout).unwrap(),
        ..ready("False", "RollingOut")
    }
}

#[test]
fn steps_of_a_rollout_are_told_once() {
    use RolloutPhase::{
        AwaitingApproval, Baking, Completed, Progressing, Promoting, RolledBack, RollingBack,
    };
    let good = Some("app-1");
    let cases = [
        (
            ready("True", "Serving"),
            (Progressing, 1),
            Some((false, "RolloutStarted")),
        ),
        (rolling(Progressing, 1, good), (Baking, 1), None),
        (
            rolling(Baking, 1, good),
            (AwaitingApproval, 1),
            Some((false, "AwaitingApproval")),
        ),
        (
            rolling(AwaitingApproval, 1, good),
            (Progressing, 2),
            Some((false, "RolloutStep")),
        ),
        (
            rolling(Baking, 2, good),
            (Promoting, 3),
            Some((false, "RolloutStep")),
        ),
        (
            rolling(Baking, 2, good),
            (RollingBack, 2),
            Some((true, "RollingBack")),
        ),
        (rolling(RollingBack, 2, good), (RolledBack, 2), None),
        (
            rolling(Baking, 4, good),
            (Completed, 4),
            Some((false, "RolloutCompleted")),
        ),
        (rolling(Completed, 4, good), (Completed, 4), None),
        // Nothing but what is around the pods was changed.
        (ready("False", "RollingOut"), (Completed, 4), None),
    ];
    for (before, (phase, step), expected) in cases {
        let said = said(&before, &rolling(phase, step, good), &Applied::default());
        let expected: Vec<_> = expected
            .map(|(warns, reason): (bool, &str)| (warns, reason.to_owned()))
            .into_iter()
            .collect();
        assert_eq!(said, expected, "{phase:?} {step}");
    }
    let first = rolling(Progressing, 1, None);
    assert_eq!(
        said(&rolling(Progressing, 1, None), &first, &Applied::default()),
        []
    );
    // Once it is through, it is itself what is good.
    let through = rolling(Completed, 2, good);
    assert_eq!(said(&first, &through, &Applied::default()), []);
}

#[test]
fn a_start_tells_what_replaces_what_and_why_so() {
    let after = rolling(RolloutPhase::Progressing, 1, Some("app-1"));
    let events = transitions(
        &service(json!({})),
        &HealthcareServiceStatus::default(),
        &after,
        &Applied::default(),
    );
    let notes: Vec<_> = events.iter().filter_map(|event| event.note.as_deref()).collect();
    assert_eq!(
        notes,
        ["app-2 replaces app-1: Canary in 4 steps, risk 34 (ImageMajor 34)"]
    );
}
