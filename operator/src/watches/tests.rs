use healthcare_crds::v1alpha1::HealthcareServiceStatus;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::json;

use super::*;
use crate::testing::service;

type Change = fn(&mut HealthcareService);

fn known() -> HealthcareService {
    let mut service = service(json!({}));
    service.annotations_mut().insert("team".into(), "records".into());
    service.labels_mut().insert("tier".into(), "one".into());
    service
}

fn asks(change: Change) -> bool {
    let (before, mut after) = (known(), known());
    change(&mut after);
    asks_for_a_pass(Some(&before), &after)
}

#[test]
fn a_service_not_seen_before_asks_for_a_pass() {
    assert!(asks_for_a_pass(None, &known()));
}

#[test]
fn what_people_change_asks_for_a_pass() {
    let cases: [(&str, Change); 8] = [
        ("spec", |s| s.metadata.generation = Some(2)),
        ("made anew under the same name", |s| {
            s.metadata.uid = Some("other".into());
        }),
        ("annotation added", |s| {
            s.annotations_mut().insert("a".into(), "b".into());
        }),
        ("annotation changed", |s| {
            s.annotations_mut().insert("team".into(), "billing".into());
        }),
        ("annotation removed", |s| {
            s.annotations_mut().clear();
        }),
        ("label changed", |s| {
            s.labels_mut().insert("tier".into(), "two".into());
        }),
        ("label removed", |s| {
            s.labels_mut().clear();
        }),
        ("deletion began", |s| {
            s.metadata.deletion_timestamp = Some(Time("2026-01-02T03:04:05Z".parse().unwrap()));
        }),
    ];
    for (what, change) in cases {
        assert!(asks(change), "{what}");
    }
}

#[test]
fn what_the_operator_and_the_api_server_write_asks_for_none() {
    let cases: [(&str, Change); 4] = [
        ("the same again, as a new list shows it", |_| ()),
        ("status", |s| {
            s.status = Some(HealthcareServiceStatus {
                observed_generation: Some(1),
                ..HealthcareServiceStatus::default()
            });
        }),
        ("resource version", |s| {
            s.metadata.resource_version = Some("99".into());
        }),
        ("field managers", |s| {
            s.metadata.managed_fields = Some(Vec::new());
        }),
    ];
    for (what, change) in cases {
        assert!(!asks(change), "{what}");
    }
}

#[test]
fn only_what_is_listed_as_it_was_left_is_one_of_many() {
    let observed = |generation| {
        let mut service = known();
        service.status = Some(HealthcareServiceStatus {
            observed_generation: generation,
            ..HealthcareServiceStatus::default()
        });
        service
    };
    assert_eq!(cause(&observed(Some(1)), true), Cause::Sweep);
    assert_eq!(cause(&observed(Some(1)), false), Cause::Service);
    // Changed or made while no operator ran.
    assert_eq!(cause(&observed(Some(0)), true), Cause::Service);
    assert_eq!(cause(&observed(None), true), Cause::Service);
    assert_eq!(cause(&known(), true), Cause::Service);
}

#[test]
fn events_keep_their_kind_when_trimmed() {
    let trim = |number: i32| number.to_string();
    let word = |event: Event<i32>| match mapped(event, &trim) {
        Event::Init => "init".to_owned(),
        Event::InitApply(text) => format!("init apply {text}"),
        Event::InitDone => "init done".to_owned(),
        Event::Apply(text) => format!("apply {text}"),
        Event::Delete(text) => format!("delete {text}"),
    };
    let events = [
        Event::Init,
        Event::InitApply(1),
        Event::InitDone,
        Event::Apply(2),
        Event::Delete(3),
    ];
    assert_eq!(
        events.map(word),
        ["init", "init apply 1", "init done", "apply 2", "delete 3"]
    );
}
