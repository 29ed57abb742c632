use serde_json::{Value, json};

use super::*;
use crate::testing::plain;

const NOW: &str = "2027-03-01T12:00:00Z";

fn object<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn owner(uid: &str) -> Value {
    json!([{"apiVersion": "x/v1", "kind": "X", "name": "x", "uid": uid, "controller": true}])
}

fn pod(name: &str, set: &str, status: &Value) -> Pod {
    object(
        json!({"metadata": {"name": name, "uid": name, "ownerReferences": owner(set)}, "spec": {
        "nodeName": "node-1",
        "containers": [{"name": "api", "env": [{"name": "PASSWORD", "value": "hunter2"}]}],
    }, "status": status}),
    )
}

fn event(uid: &str, minute: u8, message: &str) -> Event {
    object(json!({
        "metadata": {}, "involvedObject": {"uid": uid}, "type": "Warning", "reason": "Failed", "message": message, "count": 4,
        "lastTimestamp": format!("2027-03-01T11:{minute}:00Z"),
    }))
}

fn service(conditions: &[Value], observed: i64) -> HealthcareService {
    object(json!({
        "apiVersion": "gitops-health.io/v1alpha1", "kind": "HealthcareService",
        "metadata": {"name": "api", "namespace": "ward", "uid": "hcs", "generation": 2},
        "spec": {"image": "r/a:1"},
        "status": {"observedGeneration": observed, "conditions": conditions},
    }))
}

fn condition(type_: &str, status: &str, reason: &str) -> Value {
    json!({"type": type_, "status": status, "reason": reason, "message": format!("says {reason}"), "lastTransitionTime": "2027-03-01T11:00:00Z"})
}

/// Pods that wait, crash, find no place, and serve.
fn pods() -> Vec<Pod> {
    let waiting = json!({"phase": "Pending", "containerStatuses": [{
        "name": "api", "image": "", "imageID": "", "ready": false, "restartCount": 0, "started": false,
        "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image \"r/a:2\""}},
    }]});
    let crashed = json!({"phase": "Running", "containerStatuses": [{
        "name": "api", "image": "", "imageID": "", "ready": false, "restartCount": 7, "started": false,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2027-03-01T11:58:30Z", "message": "postgres://u:hunter2@db"}},
    }]});
    let unplaced = json!({"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"},
    ]});
    let ready = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]});
    vec![
        pod("api-2-x", "new", &waiting),
        pod("api-2-y", "new", &crashed),
        pod("api-2-z", "new", &unplaced),
        pod("api-1-a", "old", &ready),
        pod("api-1-b", "old", &ready),
        pod("of-another", "else", &json!({})),
    ]
}

fn broken() -> Seen {
    Seen {
        service: service(
            &[
                condition("Ready", "False", "ImagePullBackOff"),
                condition("Reconciling", "True", "RollingOut"),
            ],
            2,
        ),
        deployments: vec![object(json!({
            "metadata": {"name": "api", "uid": "deployment", "ownerReferences": owner("hcs")}, "spec": {"replicas": 3, "selector": {}, "template": {}},
            "status": {"availableReplicas": 2, "updatedReplicas": 1, "conditions": [
                {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "ReplicaSet has timed out"},
                {"type": "Available", "status": "True"},
            ]},
        }))],
        replica_sets: vec![
            object(
                json!({"metadata": {"name": "api-2", "uid": "new", "annotations": {"deployment.kubernetes.io/revision": "2"}, "ownerReferences": owner("deployment")}, "spec": {"replicas": 3, "selector": {}}, "status": {"replicas": 3}}),
            ),
            object(
                json!({"metadata": {"name": "api-1", "uid": "old", "ownerReferences": owner("deployment")}, "spec": {"replicas": 2, "selector": {}}, "status": {"replicas": 2, "readyReplicas": 2}}),
            ),
            object(
                json!({"metadata": {"name": "api-0", "uid": "past", "ownerReferences": owner("deployment")}, "spec": {"replicas": 0, "selector": {}}, "status": {"replicas": 0}}),
            ),
        ],
        pods: pods(),
        autoscaler: Some(object(
            json!({"metadata": {"name": "api"}, "status": {"desiredReplicas": 3, "conditions": [
                {"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric", "message": "no metrics"},
                {"type": "ScalingLimited", "status": "False", "reason": "x", "message": "y"},
            ]}}),
        )),
        events: vec![
            event("api-2-x", 50, "first"),
            event("api-2-x", 59, "last\u{1b}[31m\nline"),
            event("of-another", 59, "other"),
        ],
        tells_termination_messages: false,
        now: NOW.parse().unwrap(),
    }
}

#[test]
fn the_tree_leads_to_the_container() {
    insta::assert_snapshot!(plain(&written(&tree(&broken()))));
}

#[test]
fn json_tells_the_same() {
    insta::assert_json_snapshot!(tree(&broken()));
}

#[test]
fn no_value_of_the_environment_is_told_and_no_message_of_a_container_unasked() {
    let mut seen = broken();
    assert!(!written(&tree(&seen)).contains("hunter2"));
    seen.tells_termination_messages = true;
    assert!(written(&tree(&seen)).contains("postgres://u:hunter2@db"));
}

/// Texts of a cluster could otherwise steer the terminal.
#[test]
fn control_characters_are_taken_out() {
    let text = plain(&written(&tree(&broken())));
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
}

#[test]
fn the_root_is_good_exactly_when_the_current_generation_is_ready() {
    let health = |conditions: &[Value], observed| {
        let seen = Seen {
            service: service(conditions, observed),
            ..broken()
        };
        let root = tree(&seen);
        (root.health, root.message)
    };
    assert_eq!(
        health(&[condition("Ready", "True", "Serving")], 2).0,
        Health::Good
    );
    assert_eq!(
        health(&[condition("Ready", "Unknown", "Paused")], 2).0,
        Health::Bad
    );
    assert!(
        health(&[condition("Ready", "True", "Serving")], 1)
            .1
            .contains("has not seen generation 2 yet (last seen: 1)")
    );
    assert!(health(&[], 2).1.contains("no condition Ready"));
}

#[test]
fn a_service_without_a_deployment_says_so() {
    let seen = Seen {
        deployments: Vec::new(),
        ..broken()
    };
    assert!(plain(&written(&tree(&seen))).contains("✗ no Deployment: the operator has made none"));
}

#[test]
fn ages_are_told_in_one_unit() {
    let now: Timestamp = NOW.parse().unwrap();
    let told = [0, 119, 120, 7_199, 7_200, 172_799, 172_800, -5]
        .map(|s| age(now - jiff::SignedDuration::from_secs(s), now));
    assert_eq!(told, ["0s", "119s", "2m", "119m", "2h", "47h", "2d", "0s"]);
}
