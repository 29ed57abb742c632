use serde_json::{Value, json};

use super::*;
use crate::outcome::Error;
use crate::render::ChildKind;
use crate::testing::{NAME, UID, planned, rendered};

fn found(owners: &Value) -> ObjectMeta {
    serde_json::from_value(json!({"name": NAME, "uid": "1", "ownerReferences": owners})).unwrap()
}

fn owner(uid: &str) -> Value {
    json!([{"apiVersion": "v1", "kind": "HealthcareService", "name": "x", "uid": uid, "controller": true}])
}

fn checked(found: &ObjectMeta, adopt: bool, known: Option<&str>) -> Result<String, Error> {
    let children = rendered(&planned(json!({})));
    let service = children.iter().find(|child| child.kind == ChildKind::Service);
    check(service.unwrap(), found, &planned(json!({})), adopt, known)
}

#[test]
fn what_the_service_controls_is_ours() {
    assert_eq!(checked(&found(&owner(UID)), false, None).unwrap(), "1");
}

#[test]
fn what_nobody_controls_is_ours_only_when_it_is_known_or_adopted() {
    let nobodys = found(&json!([]));
    let is_conflict = |result| matches!(result, Err(Error::Conflict { .. }));
    assert!(is_conflict(checked(&nobodys, false, None)));
    assert_eq!(checked(&nobodys, true, None).unwrap(), "1");
    assert_eq!(checked(&nobodys, false, Some("1")).unwrap(), "1");
    let another = checked(&nobodys, false, Some("2"));
    assert!(is_conflict(another), "another object of the same name");
    assert!(is_conflict(checked(&ObjectMeta::default(), false, None)));
}

#[test]
fn what_another_controls_is_never_ours() {
    let theirs = checked(&found(&owner("other")), true, Some("1"));
    assert!(matches!(theirs, Err(Error::Conflict { .. })));
}

#[test]
fn what_an_earlier_service_of_the_name_left_is_waited_for() {
    let of = |api: &str, name: &str| {
        let owner = json!([{"apiVersion": api, "kind": "HealthcareService", "name": name, "uid": "other", "controller": true}]);
        checked(&found(&owner), true, None)
    };
    let earlier = of("gitops-health.io/v1alpha1", NAME);
    assert!(matches!(earlier, Err(Error::Terminating { .. })));
    for (api, name) in [("gitops-health.io/v1alpha1", "another"), ("example.org/v1", NAME)] {
        assert!(
            matches!(of(api, name), Err(Error::Conflict { .. })),
            "{api} {name}"
        );
    }
}
