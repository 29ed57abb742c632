use serde_json::{Value, json};

use super::*;

#[derive(Deserialize)]
struct Service {
    #[serde(deserialize_with = "without_managed_fields")]
    metadata: ObjectMeta,
}

fn object() -> Value {
    let entry = |manager: &str| {
        json!({"manager": manager, "operation": "Apply", "apiVersion": "apps/v1", "time": "2026-01-01T00:00:00Z",
            "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}}})
    };
    json!({"metadata": {
        "name": "records", "namespace": "clinic", "uid": "u", "resourceVersion": "7", "generation": 2,
        "creationTimestamp": "2026-01-01T00:00:00Z", "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["f"],
        "labels": {"a": "b"}, "annotations": {"c": "d"},
        "ownerReferences": [{"apiVersion": "v1", "kind": "K", "name": "n", "uid": "o", "controller": true}],
        "managedFields": [entry("operator"), entry("scaler")],
    }})
}

/// As k8s-openapi reads it.
fn whole() -> ObjectMeta {
    serde_json::from_value(object()["metadata"].clone()).unwrap()
}

#[test]
fn of_a_service_all_but_managed_fields_is_kept() {
    let Service { metadata } = serde_json::from_str(&object().to_string()).unwrap();
    assert_eq!(
        metadata,
        ObjectMeta {
            managed_fields: None,
            ..whole()
        }
    );
}

#[test]
fn of_a_child_identity_version_and_owners_are_kept() {
    let child: ChildView = serde_json::from_str(&object().to_string()).unwrap();
    assert_eq!(
        child.metadata,
        ObjectMeta {
            creation_timestamp: None,
            finalizers: None,
            labels: None,
            annotations: None,
            managed_fields: None,
            ..whole()
        }
    );
    let managers: Vec<_> = child
        .managed
        .iter()
        .map(|entry| entry.manager.as_deref())
        .collect();
    assert_eq!(managers, [Some("operator"), Some("scaler")]);
}

#[test]
fn one_that_was_sent_whole_tells_the_same() {
    let (read, of): (ChildView, _) = (serde_json::from_value(object()).unwrap(), ChildView::of(&whole()));
    let told = |child: &ChildView| child.managed.iter().map(ManagedEntry::owned).collect::<Vec<_>>();
    assert_eq!(told(&read), told(&of));
    assert_eq!(
        of.managed[1].fields(),
        Some(json!({"f:spec": {"f:replicas": {}}}))
    );
}

#[test]
fn bare_metadata_is_read_too() {
    let child: ChildView = serde_json::from_str(r#"{"metadata": {"name": "a"}}"#).unwrap();
    assert_eq!(child.metadata.name.as_deref(), Some("a"));
    assert!(
        serde_json::from_str::<ChildView>("{}")
            .unwrap()
            .managed
            .is_empty()
    );
}

#[test]
fn another_type_is_an_error() {
    assert!(serde_json::from_str::<Service>(r#"{"metadata": {"name": 7}}"#).is_err());
    assert!(serde_json::from_str::<ChildView>(r#"{"metadata": {"managedFields": {}}}"#).is_err());
}

/// The API server is asked for the metadata alone.
#[test]
fn children_are_asked_for_as_metadata() {
    assert!(ChildView::metadata_api());
}
