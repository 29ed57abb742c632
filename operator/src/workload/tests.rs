#![expect(
    clippy::needless_pass_by_value,
    reason = "json! reads better without a reference before it"
)]

use healthcare_crds::v1alpha1::Scaling;
use serde_json::{Value, json};

use super::*;

fn deployment(metadata: Value, spec: Value, status: Value) -> DeploymentView {
    let mut object =
        json!({"metadata": {"uid": "u", "resourceVersion": "7", "generation": 2}, "status": status});
    for (key, value) in metadata.as_object().unwrap() {
        object["metadata"][key] = value.clone();
    }
    let mut full = json!({"selector": {}, "template": {}});
    for (key, value) in spec.as_object().unwrap() {
        full[key] = value.clone();
    }
    object["spec"] = full;
    serde_json::from_value(object).unwrap()
}

fn workload(status: Value) -> Workload {
    Workload::of(&deployment(json!({}), json!({"replicas": 3}), status)).unwrap()
}

fn replicas(wanted: i32, replicas_owner: ReplicasOwner) -> Workload {
    Workload {
        wanted,
        replicas_owner,
        ..workload(json!({}))
    }
}

/// A `managedFields` entry of `manager` that holds `spec.replicas`.
fn holder(manager: &str, operation: &str) -> Value {
    json!({"manager": manager, "operation": operation, "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}}})
}

#[test]
fn reads_what_matters_of_a_deployment() {
    let status = json!({
        "observedGeneration": 2, "replicas": 4, "updatedReplicas": 3, "readyReplicas": 2, "availableReplicas": 1,
        "conditions": [{"type": "Available", "status": "True"}],
    });
    let workload = workload(status);
    assert_eq!(
        (
            workload.replicas,
            workload.updated,
            workload.ready,
            workload.available
        ),
        (4, 3, 2, 1)
    );
    assert_eq!(
        (workload.wanted, workload.generation, workload.resource_version),
        (3, 2, 7)
    );
    assert!(workload.is_available && workload.is_observed() && workload.failure.is_none());
}

#[test]
fn without_identity_it_is_none_of_the_api_servers() {
    assert_eq!(
        Workload::of(&serde_json::from_value(json!({"metadata": {}})).unwrap()),
        None
    );
}

#[test]
fn fresh_deployment_has_the_api_servers_default() {
    let fresh = Workload::of(&deployment(json!({}), json!({}), json!({}))).unwrap();
    assert_eq!(
        (fresh.wanted, fresh.replicas_owner, fresh.is_observed()),
        (1, ReplicasOwner::Nobody, false)
    );
}

#[test]
fn managed_fields_tell_who_set_the_replicas() {
    let main = json!({"manager": "healthcare-operator", "operation": "Apply", "fieldsV1": {"f:spec": {"f:template": {}}}});
    let scale = holder("healthcare-operator-scale", "Apply");
    let hpa = holder("kube-controller-manager", "Update");
    let cases = [
        (json!([main]), ReplicasOwner::Nobody),
        (json!([main, scale]), ReplicasOwner::Operator),
        (
            json!([holder("healthcare-operator", "Apply")]),
            ReplicasOwner::Maker,
        ),
        (json!([main, hpa]), ReplicasOwner::Other),
        (
            json!([main, scale, holder("kubectl", "Apply")]),
            ReplicasOwner::Operator,
        ),
    ];
    for (entries, owner) in cases {
        let deployment = deployment(json!({"managedFields": entries}), json!({}), json!({}));
        assert_eq!(
            Workload::of(&deployment).unwrap().replicas_owner,
            owner,
            "{entries}"
        );
    }
}

/// Dropping `spec.replicas` from the main manager would reset it (kubernetes/kubernetes#25238), and setting it
/// while the autoscaler decides would undo its work.
#[test]
fn replicas_are_set_only_where_they_are_ours_to_set() {
    use ReplicasOwner::{Nobody, Operator, Other};
    let auto = ReplicasPlan::Autoscaled(Scaling::default());
    let cases = [
        (&ReplicasPlan::Stopped, 3, Other, Some(0)),
        (&ReplicasPlan::Stopped, 1, Nobody, Some(0)),
        (&ReplicasPlan::Stopped, 0, Operator, None),
        (&ReplicasPlan::Fixed(4), 1, Nobody, Some(4)),
        (&ReplicasPlan::Fixed(1), 1, Nobody, Some(1)),
        (&ReplicasPlan::Fixed(4), 4, Operator, None),
        (&ReplicasPlan::Fixed(4), 4, Other, None),
        (&ReplicasPlan::Fixed(4), 7, Other, Some(4)),
        (&auto, 1, Nobody, Some(3)),
        (&auto, 7, Other, None),
        (&auto, 7, Operator, None),
        (&auto, 2, Other, None),
        (&auto, 0, Operator, Some(3)),
        (&auto, 0, Other, Some(3)),
    ];
    for (plan, wanted, owner, expected) in cases {
        assert_eq!(
            replicas(wanted, owner).replicas_to_set(plan),
            expected,
            "{plan:?}, {wanted} set by {owner:?}"
        );
    }
}

/// Once set, nothing is left to set: the operator never fights with itself.
#[test]
fn setting_replicas_settles_it() {
    for plan in [
        ReplicasPlan::Stopped,
        ReplicasPlan::Fixed(4),
        ReplicasPlan::Autoscaled(Scaling::default()),
    ] {
        let number = replicas(1, ReplicasOwner::Nobody).replicas_to_set(&plan).unwrap();
        assert_eq!(
            replicas(number, ReplicasOwner::Operator).replicas_to_set(&plan),
            None,
            "{plan:?}"
        );
    }
}

#[test]
fn rolled_out_means_all_current_and_enough_serving() {
    let of = |observed: i64, existing: i32, updated: i32, available: i32| Workload {
        observed_generation: observed,
        replicas: existing,
        updated,
        available,
        wanted: 5,
        ..workload(json!({}))
    };
    let cases = [
        ("complete", of(2, 5, 5, 5), true),
        ("not seen by the controller yet", of(1, 5, 5, 5), false),
        ("old pods left", of(2, 6, 5, 5), false),
        ("too few serve", of(2, 5, 5, 2), false),
        ("the autoscaler is adding pods", of(2, 4, 4, 4), true),
        ("nothing runs", of(2, 0, 0, 0), false),
    ];
    for (what, workload, expected) in cases {
        assert_eq!(workload.is_rolled_out(3), expected, "{what}");
    }
}

#[test]
fn fewer_wanted_than_the_minimum_can_still_be_rolled_out() {
    let scaled_down = Workload {
        observed_generation: 2,
        replicas: 2,
        updated: 2,
        available: 2,
        wanted: 2,
        ..workload(json!({}))
    };
    assert!(scaled_down.is_rolled_out(3));
}

#[test]
fn failures_are_those_of_the_deployment_controller() {
    let stuck = json!({
        "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "has timed out",
    });
    let refused = json!({
        "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota",
    });
    let fine = json!({"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"});
    let of = |conditions: Value| {
        workload(json!({"conditions": conditions}))
            .failure
            .map(|f| (f.reason, f.terminal))
    };
    assert_eq!(of(json!([])), None);
    assert_eq!(of(json!([fine])), None);
    assert_eq!(
        of(json!([stuck])),
        Some(("ProgressDeadlineExceeded".into(), true))
    );
    assert_eq!(of(json!([fine, refused])), Some(("FailedCreate".into(), false)));
    assert_eq!(
        of(json!([stuck, refused])),
        Some(("FailedCreate".into(), true)),
        "the cause, not the symptom"
    );
}

#[test]
fn what_moved_tells_how_soon_to_look() {
    let one = workload(
        json!({"observedGeneration": 7, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}),
    );
    let with = |change: fn(&mut Workload)| {
        let mut other = one.clone();
        change(&mut other);
        other.moved(&one)
    };
    assert_eq!(
        with(|w| w.resource_version = 99),
        None,
        "position in history is no state"
    );
    assert_eq!(with(|w| w.ready = 1), Some(Moved::Pods));
    assert_eq!(with(|w| w.available = 1), Some(Moved::Pods));
    assert_eq!(
        with(|w| w.generation = 99),
        Some(Moved::Pods),
        "not seen by its controller yet"
    );
    assert_eq!(with(|w| w.wanted = 9), Some(Moved::Replicas));
    assert_eq!(
        with(|w| w.replicas_owner = ReplicasOwner::Other),
        Some(Moved::Replicas)
    );
    assert_eq!(with(|w| w.is_available = !w.is_available), Some(Moved::State));
    assert_eq!(with(|w| w.updated = 1), Some(Moved::State));
    assert_eq!(with(|w| w.uid = "another".into()), Some(Moved::State));
}
