use healthcare_crds::keys;
use serde_json::{Value, json};

use super::*;
use crate::testing::{plan, service};

/// A status that speaks of generation 2, with a rollout that began at `generation`.
fn status(generation: i64, more: &Value) -> HealthcareServiceStatus {
    let mut status = json!({
        "observedGeneration": 2,
        "rollout": {
            "strategy": "Canary", "phase": "Completed", "revision": "records-0123456789", "generation": generation,
            "step": 1, "steps": 1, "weight": 100, "replicas": 3, "risk": {"score": 0},
            "since": "2026-01-02T03:04:05Z", "message": "the new version serves",
        },
    });
    for (field, value) in more.as_object().unwrap() {
        status[field] = value.clone();
    }
    serde_json::from_value(status).unwrap()
}

fn named(before: &HealthcareServiceStatus, wish: Option<&str>) -> String {
    let mut service = service(json!({}));
    service.metadata.generation = Some(2);
    if let Some(wish) = wish {
        let wish = (keys::TEMPLATE_REQUESTED_AT.to_owned(), wish.to_owned());
        service.annotations_mut().extend([wish]);
    }
    named_as_before(&service, &plan(&service), before).revision.name
}

#[test]
fn a_spec_keeps_the_name_that_another_release_gave_it() {
    assert_eq!(named(&status(2, &json!({})), None), "records-0123456789");
}

/// The first pass after a change may fail: its status has seen the new spec, and no rollout of it has begun.
#[test]
fn a_spec_that_was_only_seen_is_none_that_was_rolled_out() {
    let seen = named(&status(1, &json!({})), None);
    assert_eq!(seen, plan(&service(json!({}))).revision.name);
}

#[test]
fn a_wish_for_new_pods_makes_another_revision_until_it_is_granted() {
    let used = |wish: &str| json!({"podTemplate": {"digest": "1", "specDigest": "2", "requestedAt": wish}});
    assert_ne!(
        named(&status(2, &used("monday")), Some("tuesday")),
        "records-0123456789"
    );
    assert_eq!(
        named(&status(2, &used("tuesday")), Some("tuesday")),
        "records-0123456789"
    );
}
