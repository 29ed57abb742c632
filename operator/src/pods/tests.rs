#![expect(
    clippy::needless_pass_by_value,
    reason = "json! reads better without a reference before it"
)]

use serde_json::{Value, json};

use super::*;

fn pod(name: &str, status: Value) -> Pod {
    serde_json::from_value(json!({"metadata": {"name": name}, "status": status})).unwrap()
}

/// A pod with one container in this state.
fn with(state: Value, extra: Value) -> Pod {
    let mut container = json!({
        "name": "records", "image": "records:1", "imageID": "", "ready": false, "restartCount": 0, "state": state,
    });
    for (key, value) in extra.as_object().unwrap() {
        container[key] = value.clone();
    }
    pod("records-a", json!({"containerStatuses": [container]}))
}

fn waiting(reason: &str, message: &str) -> Pod {
    with(
        json!({"waiting": {"reason": reason, "message": message}}),
        json!({}),
    )
}

fn said(pods: &[Pod]) -> Option<(String, String)> {
    worst(pods).map(|fault| (fault.reason, fault.message))
}

fn fault_of(pod: &Pod) -> (String, String) {
    said(std::slice::from_ref(pod)).expect("a fault")
}

#[test]
fn waiting_containers_say_why_in_their_own_words() {
    for reason in [
        "ImagePullBackOff",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
    ] {
        let (said, message) = fault_of(&waiting(reason, "not found"));
        assert_eq!(
            (said.as_str(), message),
            (reason, format!("pod records-a: {reason}: not found"))
        );
    }
}

#[test]
fn starting_is_no_fault() {
    for reason in ["ContainerCreating", "PodInitializing"] {
        assert_eq!(said(&[waiting(reason, "")]), None, "{reason}");
    }
    let running = |started: Value| with(json!({"running": {}}), json!({"started": started}));
    assert_eq!(said(&[running(json!(false))]), None);
    assert_eq!(said(&[running(Value::Null)]), None);
    assert_eq!(said(&[pod("fresh", json!({}))]), None);
    assert_eq!(said(&[]), None);
}

#[test]
fn crash_loop_tells_the_exit_code_of_the_last_run() {
    let looping = with(
        json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}}),
        json!({"restartCount": 4, "lastState": {"terminated": {"exitCode": 137, "reason": "Error"}}}),
    );
    let (reason, message) = fault_of(&looping);
    assert_eq!(reason, "CrashLoopBackOff");
    assert_eq!(
        message,
        "pod records-a: the container ended with exit code 137 (4 restarts)"
    );
}

#[test]
fn ended_container_is_a_crash_before_the_back_off_begins() {
    let ended = with(
        json!({"terminated": {"exitCode": 2, "reason": "Error"}}),
        json!({}),
    );
    assert_eq!(
        fault_of(&ended).1,
        "pod records-a: the container ended with exit code 2 (0 restarts)"
    );
}

#[test]
fn out_of_memory_is_told_from_a_crash() {
    let states = [
        with(
            json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}),
            json!({"restartCount": 2}),
        ),
        with(
            json!({"waiting": {"reason": "CrashLoopBackOff"}}),
            json!({"restartCount": 2, "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}),
        ),
    ];
    for state in states {
        let (reason, message) = fault_of(&state);
        assert_eq!(reason, "OOMKilled");
        assert!(
            message.contains("2 restarts") && message.contains("raise resources.limits.memory"),
            "{message}"
        );
    }
}

#[test]
fn init_containers_count() {
    let status = json!({"initContainerStatuses": [{
        "name": "migrate", "image": "m:1", "imageID": "", "ready": false, "restartCount": 0,
        "state": {"waiting": {"reason": "ErrImagePull", "message": "denied"}},
    }]});
    assert_eq!(fault_of(&pod("records-a", status)).0, "ImagePullBackOff");
}

/// The kubelet changes from one to the other and back with every try.
#[test]
fn a_failed_pull_and_the_pause_after_it_are_one_fault() {
    let failed = fault_of(&waiting("ErrImagePull", "failed to pull a:1: not found"));
    let waits = fault_of(&waiting(
        "ImagePullBackOff",
        "Back-off pulling image \"a:1\": ErrImagePull: failed to pull a:1: not found",
    ));
    assert_eq!(failed, waits);
    assert_eq!(
        failed,
        (
            "ImagePullBackOff".to_owned(),
            "pod records-a: ImagePullBackOff: failed to pull a:1: not found".to_owned()
        )
    );
}

#[test]
fn unschedulable_pod_tells_what_the_scheduler_said() {
    let status = json!({"conditions": [{
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available",
    }]});
    let (reason, message) = fault_of(&pod("records-b", status));
    assert_eq!(
        (reason.as_str(), message.as_str()),
        ("Unschedulable", "pod records-b: 0/3 nodes are available")
    );
}

#[test]
fn scheduled_pod_is_not_unschedulable() {
    let status = json!({"conditions": [{"type": "PodScheduled", "status": "True"}]});
    assert_eq!(said(&[pod("records-b", status)]), None);
}

#[test]
fn running_without_being_ready_is_the_readiness_check() {
    let running = with(json!({"running": {}}), json!({"started": true}));
    assert_eq!(fault_of(&running).0, "ReadinessProbeFailing");
    let ready = with(json!({"running": {}}), json!({"started": true, "ready": true}));
    assert_eq!(said(&[ready]), None);
}

#[test]
fn terminating_pods_do_not_count() {
    let mut leaving = waiting("ImagePullBackOff", "");
    leaving.metadata.deletion_timestamp = serde_json::from_value(json!("2026-01-01T00:00:00Z")).unwrap();
    assert_eq!(said(&[leaving]), None);
}

/// What a person must mend comes before what may pass.
#[test]
fn the_most_telling_fault_wins_wherever_it_stands() {
    let unready = with(json!({"running": {}}), json!({"started": true}));
    let unscheduled = pod(
        "u",
        json!({"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]}),
    );
    let crashed = with(json!({"terminated": {"exitCode": 1}}), json!({}));
    let unpulled = waiting("ImagePullBackOff", "");
    let rising = [unready, unscheduled, crashed, unpulled];
    let reasons = [
        "ReadinessProbeFailing",
        "Unschedulable",
        "CrashLoopBackOff",
        "ImagePullBackOff",
    ];
    for (last, reason) in reasons.into_iter().enumerate() {
        let mut pods = rising[..=last].to_vec();
        assert_eq!(said(&pods).unwrap().0, reason);
        pods.reverse();
        assert_eq!(said(&pods).unwrap().0, reason, "in another order");
    }
}
