use serde_json::{Value, json};

use super::*;
use crate::testing::{NAME, UID, service};

fn child(name: &str, uid: &str, changes: &Value) -> ChildView {
    let mut metadata = json!({
        "name": name, "uid": uid,
        "ownerReferences": [{
            "apiVersion": "gitops-health.io/v1alpha1", "kind": "HealthcareService", "name": NAME, "uid": UID, "controller": true,
        }],
        "managedFields": [{"manager": "healthcare-operator", "operation": "Apply", "apiVersion": "v1"}],
    });
    for (field, value) in changes.as_object().unwrap() {
        metadata[field] = value.clone();
    }
    serde_json::from_value(json!({"metadata": metadata})).unwrap()
}

fn ingress() -> ChildView {
    child(NAME, "1", &json!({}))
}

fn entry(uid: &str) -> InventoryEntry {
    InventoryEntry {
        api_version: "networking.k8s.io/v1".into(),
        kind: "Ingress".into(),
        name: NAME.into(),
        uid: uid.into(),
        fingerprint: None,
    }
}

fn known(strays: &Strays) -> Vec<InventoryEntry> {
    strays.added_to(&[], &service(json!({})))
}

#[test]
fn a_child_of_an_earlier_process_is_news_once_and_part_of_the_inventory() {
    let strays = Strays::default();
    assert_eq!(strays.saw(ChildKind::Ingress, &ingress()).as_deref(), Some(NAME));
    assert_eq!(strays.saw(ChildKind::Ingress, &ingress()), None);
    assert_eq!(known(&strays), [entry("1")]);
    let told = strays.added_to(&[entry("1")], &service(json!({})));
    assert_eq!(told, [entry("1")], "not twice");
}

/// The watch was down while the first was deleted.
#[test]
fn of_two_that_bear_a_name_the_later_one_is_there() {
    let strays = Strays::default();
    strays.saw(ChildKind::Ingress, &ingress());
    let later = child(NAME, "2", &json!({}));
    assert_eq!(strays.saw(ChildKind::Ingress, &later).as_deref(), Some(NAME));
    assert_eq!(known(&strays), [entry("2")]);
    strays.saw(ChildKind::Service, &child(NAME, "3", &json!({})));
    assert_eq!(known(&strays).len(), 2, "of another kind");
}

#[test]
fn what_others_made_is_none() {
    let strays = Strays::default();
    let others = [
        (
            "copied by a person",
            json!({"managedFields": [{"manager": "kubectl-create", "operation": "Update"}]}),
        ),
        ("nobody's", json!({"ownerReferences": []})),
        (
            "of a Deployment",
            json!({"ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME, "uid": UID, "controller": true}]}),
        ),
        (
            "not controlled",
            json!({"ownerReferences": [{"apiVersion": "gitops-health.io/v1alpha1", "kind": "HealthcareService", "name": NAME, "uid": UID}]}),
        ),
    ];
    for (what, changes) in others {
        assert_eq!(
            strays.saw(ChildKind::Ingress, &child(NAME, "1", &changes)),
            None,
            "{what}"
        );
    }
    assert_eq!(known(&strays), []);
}

#[test]
fn one_of_another_service_is_not_ours() {
    let strays = Strays::default();
    let owner = json!([{"apiVersion": "gitops-health.io/v1alpha1", "kind": "HealthcareService", "name": NAME, "uid": "earlier", "controller": true}]);
    strays.saw(
        ChildKind::Ingress,
        &child(NAME, "1", &json!({"ownerReferences": owner})),
    );
    assert_eq!(known(&strays), []);
}

#[test]
fn what_was_reported_deleted_or_forgotten_is_none_any_more() {
    let ends: [fn(&Strays); 3] = [
        |strays| strays.reported(&service(json!({})), &[entry("1")]),
        |strays| strays.gone(&ingress()),
        |strays| strays.forget(UID),
    ];
    for end in ends {
        let strays = Strays::default();
        strays.saw(ChildKind::Ingress, &ingress());
        end(&strays);
        assert_eq!(known(&strays), []);
        assert!(lock(&strays.by_owner).is_empty());
    }
}

#[test]
fn another_of_the_name_is_another_child() {
    let strays = Strays::default();
    strays.saw(ChildKind::Ingress, &ingress());
    strays.reported(&service(json!({})), &[entry("2")]);
    assert_eq!(known(&strays), [entry("1")]);
}

#[test]
fn what_a_pass_made_is_one_until_it_is_reported() {
    let strays = Strays::default();
    strays.made(&service(json!({})), &[entry("0")], &[entry("0"), entry("1")]);
    let other = InventoryEntry {
        name: "other".to_owned(),
        ..entry("2")
    };
    strays.made(&service(json!({})), &[entry("0")], &[entry("1"), other.clone()]);
    assert_eq!(known(&strays), [entry("1"), other]);
}

#[test]
fn the_one_seen_last_takes_the_place_of_the_one_told_of() {
    let strays = Strays::default();
    strays.saw(ChildKind::Ingress, &ingress());
    let inventory = strays.added_to(&[entry("0")], &service(json!({})));
    assert_eq!(inventory, [entry("1")]);
}
