use healthcare_crds::keys;
use healthcare_operator::rollout::Gate;
use serde_json::{Value, json};

use super::Outcome::{Completed, NotSeen, Paused, RolledBack, RollingBack, Stalled, UnderWay};
use super::*;
use crate::testing::{plain, under_way};
use crate::tree::written;

const NOW: &str = "2027-03-01T12:00:00Z";

/// A canary in a phase, at a step.
fn at(phase: &str, step: i32) -> HealthcareService {
    changed(&json!({"status": {"rollout": {"phase": phase, "step": step}}}))
}

/// A canary that waits at its first step, with a merge patch.
fn changed(patch: &Value) -> HealthcareService {
    serde_json::from_value(under_way(patch)).unwrap()
}

fn deployment(name: &str, owner: &str, track: &str, ready: i32) -> Deployment {
    let text = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "ownerReferences": [{"apiVersion": "x/v1", "kind": "X", "name": "x", "uid": owner}]},
        "spec": {"replicas": 4, "selector": {}, "template": {
            "metadata": {"labels": {"gitops-health.io/track": track}},
            "spec": {"containers": [{"name": "a", "image": format!("registry.example.org/a:{track}")}]},
        }},
        "status": {"readyReplicas": ready},
    });
    serde_json::from_value(text).unwrap()
}

fn seen(service: HealthcareService) -> Seen {
    Seen {
        service,
        deployments: vec![
            deployment("api", "hcs", "primary", 4),
            deployment("api-candidate", "hcs", "candidate", 1),
            deployment("foreign", "another", "primary", 4),
        ],
        now: NOW.parse().unwrap(),
    }
}

fn text(seen: &Seen) -> String {
    plain(&written(&tree(&view(seen), seen.now)))
}

#[test]
fn people_read_a_tree() {
    insta::assert_snapshot!(text(&seen(at("AwaitingApproval", 1))));
}

#[test]
fn what_went_back_says_where_it_failed() {
    insta::assert_snapshot!(text(&seen(at("RolledBack", 2))));
}

#[test]
fn programs_read_json() {
    let seen = seen(at("Baking", 2));
    let view = serde_json::to_value(view(&seen)).unwrap();
    assert_eq!(view["outcome"], "underWay");
    assert_eq!(view["rollout"]["revision"], "api-2");
    assert_eq!(
        view["steps"][0],
        json!({"step": 1, "what": "some of the pods run the new version", "weight": 25, "bakeSeconds": 0, "approval": true, "state": "done"})
    );
    assert_eq!(
        (&view["steps"][1]["state"], &view["steps"][2]["state"]),
        (&json!("current"), &json!("ahead"))
    );
    assert_eq!(view["deployments"].as_array().unwrap().len(), 2);
    assert_eq!(
        view["deployments"][0],
        json!({"deployment": "api-candidate", "track": "candidate", "ready": 1, "wanted": 4, "image": "registry.example.org/a:candidate"})
    );
}

#[test]
fn outcomes_are_told_apart() {
    let stalled = json!([{"type": "Stalled", "status": "True", "reason": "InvalidSpec", "message": "no", "lastTransitionTime": NOW}]);
    let of = |patch: Value| {
        let outcome = Outcome::of(&changed(&patch));
        (outcome, outcome.is_end(), outcome.is_well())
    };
    let phase = |phase: &str| of(json!({"status": {"rollout": {"phase": phase}}}));
    for under_way in ["Progressing", "Baking", "AwaitingApproval", "Promoting"] {
        assert_eq!(phase(under_way), (UnderWay, false, true));
    }
    assert_eq!(phase("RollingBack"), (RollingBack, false, false));
    assert_eq!(phase("RolledBack"), (RolledBack, true, false));
    assert_eq!(phase("Completed"), (Completed, true, true));
    let refused = json!({"status": {"rollout": {"phase": "Completed"}, "conditions": stalled}});
    assert_eq!(
        of(refused),
        (Stalled, true, false),
        "it was another spec that completed"
    );
    assert_eq!(
        of(json!({"status": {"observedGeneration": 2}})),
        (NotSeen, false, false)
    );
    assert_eq!(of(json!({"status": null})), (NotSeen, false, false));
    assert_eq!(of(json!({"spec": {"paused": true}})), (Paused, true, false));
    assert_eq!(of(json!({"status": {"rollout": null}})), (UnderWay, false, true));
}

#[test]
fn a_promotion_names_revision_and_step() {
    let said = |gate, service: &HealthcareService| {
        let ask = ask(service, gate, None).unwrap();
        (ask.key, ask.value, ask.is_said)
    };
    let service = at("AwaitingApproval", 1);
    assert_eq!(
        said(Gate::Promote, &service),
        (keys::ROLLOUT_PROMOTE, "api-2/0/1".to_owned(), false)
    );
    assert_eq!(
        said(Gate::PromoteFully, &service),
        (keys::ROLLOUT_PROMOTE, "api-2/0/full".to_owned(), false)
    );
    assert_eq!(
        said(Gate::Abort, &service),
        (keys::ROLLOUT_ABORT, "api-2/0".to_owned(), false)
    );
    let promoted = changed(&json!({"metadata": {"annotations": {keys::ROLLOUT_PROMOTE: "api-2/0/1"}}}));
    assert!(said(Gate::Promote, &promoted).2);
    assert!(!said(Gate::PromoteFully, &promoted).2);
}

fn refused(gate: Gate, step: Option<i32>, service: &HealthcareService) -> String {
    ask(service, gate, step).unwrap_err().to_string()
}

#[test]
fn what_would_do_nothing_is_refused_with_the_reason() {
    let aborted = changed(&json!({"metadata": {"annotations": {keys::ROLLOUT_ABORT: "api-2/0"}}}));
    let lines = [
        refused(Gate::Promote, None, &at("Completed", 4)),
        refused(Gate::Abort, None, &at("Completed", 4)),
        refused(Gate::Promote, None, &at("RollingBack", 2)),
        refused(Gate::Abort, None, &at("RolledBack", 2)),
        refused(Gate::Promote, None, &at("Promoting", 3)),
        refused(Gate::Promote, Some(2), &at("AwaitingApproval", 1)),
        refused(Gate::Promote, None, &aborted),
        refused(
            Gate::PromoteFully,
            None,
            &changed(&json!({"spec": {"paused": true}})),
        ),
        refused(
            Gate::Abort,
            None,
            &changed(&json!({"status": {"observedGeneration": 2}})),
        ),
        refused(Gate::Abort, None, &changed(&json!({"status": {"rollout": null}}))),
        refused(
            Gate::Abort,
            None,
            &changed(&json!({"status": {"rollout": {"lastGoodRevision": null}}})),
        ),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

/// The watch after the new version took over can be left, and left out.
#[test]
fn what_would_do_something_is_not_refused() {
    for (gate, service) in [
        (Gate::PromoteFully, at("Promoting", 3)),
        (Gate::Promote, at("Baking", 4)),
        (Gate::Promote, at("Progressing", 1)),
        (Gate::Abort, at("Promoting", 3)),
    ] {
        assert!(
            ask(&service, gate, Some(service_step(&service))).is_ok(),
            "{gate:?}"
        );
    }
}

fn service_step(service: &HealthcareService) -> i32 {
    service.status.as_ref().unwrap().rollout.as_ref().unwrap().step
}
