use serde_json::json;

use super::*;
use crate::rollout::stages;

fn judge(all: Vec<Pod>, phase: RolloutPhase, since: Timestamp) -> Verdict {
    super::judge(&new(all, phase, Some(since)), phase, Some(since))
}

fn pod(name: &str, template: &str, second: u32, ready: bool, restarts: i32) -> Pod {
    let state = json!({"running": {"startedAt": "2026-03-01T08:00:00Z"}});
    let last = if restarts > 0 {
        json!({"terminated": {"exitCode": 3}})
    } else {
        json!({})
    };
    serde_json::from_value(json!({
        "metadata": {
            "name": name, "labels": {"pod-template-hash": template},
            "creationTimestamp": format!("2026-03-01T08:00:{second:02}Z"),
        },
        "status": {
            "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
            "containerStatuses": [{
                "name": "main", "image": "i", "imageID": "i", "ready": ready, "started": true,
                "restartCount": restarts, "state": state, "lastState": last,
            }],
        },
    }))
    .unwrap()
}

fn at(second: i64) -> Timestamp {
    "2026-03-01T08:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

#[test]
fn pods_that_serve_do_well() {
    let pods = vec![pod("a", "new", 10, true, 0), pod("b", "new", 11, true, 0)];
    assert_eq!(judge(pods, RolloutPhase::Baking, at(20)), Verdict::Pass);
    assert_eq!(judge(Vec::new(), RolloutPhase::Progressing, at(0)), Verdict::Pass);
}

#[test]
fn old_pods_do_not_count() {
    let pods = vec![
        pod("old", "old", 1, false, 5),
        pod("new", "new", 10, true, 0),
        pod("scaled", "old", 12, false, 0),
    ];
    assert_eq!(judge(pods, RolloutPhase::Baking, at(9)), Verdict::Pass);
}

/// A change that mends crashing pods would otherwise be taken back for their sake.
#[test]
fn before_the_first_new_pod_nothing_is_judged() {
    let old = || vec![pod("old", "old", 1, false, 5)];
    assert_eq!(judge(old(), RolloutPhase::Promoting, at(9)), Verdict::Pass);
    assert!(
        matches!(judge(old(), RolloutPhase::Baking, at(9)), Verdict::Fail { .. }),
        "alone they are the new ones"
    );
}

#[test]
fn a_crash_that_is_over_is_one_all_the_same() {
    let Verdict::Fail { message, .. } =
        judge(vec![pod("a", "new", 10, true, 1)], RolloutPhase::Promoting, at(9))
    else {
        panic!("a restart must count");
    };
    assert_eq!(
        message,
        "pod a: the container ended with exit code 3 (1 restarts)"
    );
}

#[test]
fn readiness_counts_once_the_pods_were_ready() {
    let pods = || vec![pod("a", "new", 10, false, 0)];
    assert_eq!(judge(pods(), RolloutPhase::Progressing, at(9)), Verdict::Pass);
    assert_eq!(
        judge(pods(), RolloutPhase::Baking, at(20)),
        fails("PodsNotReady", "pod a is no longer ready".into())
    );
    assert_eq!(
        judge(pods(), RolloutPhase::Baking, at(9)),
        Verdict::Pass,
        "added since, by the autoscaler"
    );
}

#[test]
fn pods_on_their_way_out_do_not_count() {
    let mut leaving = pod("a", "new", 10, false, 9);
    leaving.metadata.deletion_timestamp = leaving.metadata.creation_timestamp.clone();
    assert_eq!(judge(vec![leaving], RolloutPhase::Baking, at(9)), Verdict::Pass);
}

/// They would be asked about in place of the new ones.
#[test]
fn in_a_takeover_old_pods_are_not_of_the_new_version() {
    let (old, new_one) = (pod("old", "old", 1, true, 0), pod("new", "new", 10, true, 0));
    let names = |all: Vec<Pod>, phase| replica_set("svc", &new(all, phase, Some(at(9))));
    assert_eq!(names(vec![old.clone()], RolloutPhase::Promoting), None);
    let both = || vec![old.clone(), new_one.clone()];
    assert_eq!(names(both(), RolloutPhase::Promoting).as_deref(), Some("svc-new"));
    assert_eq!(names(both(), RolloutPhase::Baking).as_deref(), Some("svc-new"));
}

#[test]
fn a_takeover_is_measured() {
    let takeover = stages::first()[0];
    assert!(is_called(takeover, RolloutPhase::Promoting));
    assert!(!is_called(takeover, RolloutPhase::RollingBack));
}
