use serde_json::{Value, json};

use super::*;
use crate::testing::{UID, service};

const NAME: &str = "records-0123456789";

fn revision(owner: &str) -> ControllerRevision {
    let object = json!({
        "metadata": {
            "name": NAME,
            "uid": "made",
            "ownerReferences": [{"apiVersion": "gitops-health.io/v1alpha1", "kind": "HealthcareService", "name": "records", "uid": owner, "controller": true}],
        },
        "revision": 1,
    });
    serde_json::from_value(object).unwrap()
}

fn inventory(entries: Value) -> Vec<InventoryEntry> {
    serde_json::from_value(entries).unwrap()
}

#[test]
fn a_revision_of_another_service_is_none_of_ours() {
    let service = service(json!({}));
    assert!(is_of(&revision(UID), &service));
    assert!(!is_of(&revision("another"), &service));
}

#[test]
fn what_took_a_revisions_place_is_not_believed() {
    let entry =
        |kind: &str, uid: &str| json!([{"apiVersion": "apps/v1", "kind": kind, "name": NAME, "uid": uid}]);
    let found = revision(UID);
    assert!(is_as_made(
        &found,
        &inventory(entry("ControllerRevision", "made"))
    ));
    assert!(!is_as_made(
        &found,
        &inventory(entry("ControllerRevision", "before"))
    ));
    // A ConfigMap may bear the same name; and of what an earlier process made last the status does not tell yet.
    assert!(is_as_made(&found, &inventory(entry("ConfigMap", "before"))));
    assert!(is_as_made(&found, &[]));
}
