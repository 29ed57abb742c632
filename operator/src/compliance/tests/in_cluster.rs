//! What is planned supports nothing while something else stands in the cluster.

use super::*;
use crate::compliance::control::{Breach, Check};
use crate::field_managers::REPAIR_MANAGER;
use crate::foreign::{Addition, Element, Path};
use crate::ledger::{Account, Disturbance, Standing};

fn index(scene: &Scene, kind: ChildKind) -> usize {
    scene
        .children
        .iter()
        .position(|child| child.kind == kind)
        .unwrap()
}

/// The exemplary service, with one child that is not as planned.
fn with_amiss(kind: ChildKind) -> Report {
    let scene = Scene::patched(&json!({}));
    let mut cluster = in_place(&scene.children);
    cluster.children[index(&scene, kind)].amiss = Some(Breach::new("it was deleted", "see who did it"));
    scene.report_of(&cluster)
}

fn on(kind: ChildKind) -> Vec<&'static str> {
    let looks_at =
        |control: &&Control| matches!(control.check, Check::Verified { on, .. } if on.contains(&kind));
    catalogue().filter(looks_at).map(|control| control.id).collect()
}

#[test]
fn children_in_place_change_nothing() {
    let scene = Scene::patched(&json!({}));
    let findings = |report: &Report| serde_json::to_value(&report.findings).unwrap();
    let (rendered, applied) = (scene.report(), scene.report_of(&in_place(&scene.children)));
    assert_eq!(findings(&rendered), findings(&applied));
    assert!(applied.based_on().contains("the operator applied"));
}

/// Just the controls that look at it.
#[test]
fn a_child_that_is_not_as_planned_supports_no_control() {
    let scene = Scene::patched(&json!({}));
    for child in &scene.children {
        assert_eq!(
            violated(&with_amiss(child.kind)),
            on(child.kind),
            "{}",
            child.kind.kind()
        );
    }
    assert!(on(ChildKind::NetworkPolicy).len() > 8 && on(ChildKind::Deployment).len() > 30);
    let report = with_amiss(ChildKind::NetworkPolicy);
    assert_eq!(
        message(&report, "PCI-DSS-7.3.3"),
        "it was deleted: see who did it"
    );
}

/// What is wrong with the plan comes first.
#[test]
fn a_breach_of_the_plan_is_told_before_what_stands_in_its_place() {
    let scene = Scene::patched(&json!({"observability": {"logging": {"level": "debug"}}}));
    let mut cluster = in_place(&scene.children);
    cluster.children[index(&scene, ChildKind::Deployment)].amiss =
        Some(Breach::new("it was deleted", "look"));
    let report = scene.report_of(&cluster);
    assert!(message(&report, "HIPAA-164.312(b)-log-level").contains("LOG_LEVEL is debug"));
    assert_eq!(message(&report, "SOX-ITGC-AC-06"), "it was deleted: look");
}

#[test]
fn what_is_left_over_supports_no_control_of_its_kind() {
    let scene = Scene::patched(&json!({"exposure": null}));
    let mut cluster = in_place(&scene.children);
    cluster.leftovers = vec![(ChildKind::Ingress, "records".to_owned())];
    let report = scene.report_of(&cluster);
    assert_eq!(violated(&report), on(ChildKind::Ingress));
    assert!(
        message(&report, "HIPAA-164.312(e)(2)(ii)-exposure")
            .starts_with("Ingress records is not planned any more and still there: ")
    );
}

#[test]
fn another_template_is_told() {
    let scene = Scene::patched(&json!({}));
    let mut cluster = in_place(&scene.children);
    cluster.is_template_pending = true;
    let notices = scene.report_of(&cluster).notices;
    assert_eq!(
        (notices.len(), notices[0].subject.as_str()),
        (1, "Deployment records")
    );
    assert!(
        notices[0]
            .message
            .contains("gitops-health.io/template-requested-at")
    );
}

#[test]
fn memory_is_evidence_with_identity() {
    let scene = Scene::patched(&json!({}));
    let mut cluster = in_place(&scene.children);
    let live = &mut cluster.children[index(&scene, ChildKind::NetworkPolicy)];
    (live.uid, live.resource_version) = (Some("u-1".to_owned()), Some(42));
    let report = scene.report_of(&cluster);
    let finding = report
        .findings
        .iter()
        .find(|f| f.control.id == "PCI-DSS-7.3.3")
        .unwrap();
    let evidence = &finding.evidence[0];
    assert_eq!(
        (evidence.uid.as_deref(), evidence.resource_version.as_deref()),
        (Some("u-1"), Some("42"))
    );
    assert_eq!(evidence.digest.len(), 64);
}

/// An addition by a manager, at fields.
fn addition(manager: &str, fields: &[&str]) -> Addition {
    let path = fields.iter().fold(Path::default(), |path, field| {
        path.child(Element::Field((*field).to_owned()))
    });
    Addition {
        path,
        manager: Some(manager.to_owned()),
    }
}

fn seen(standing: Standing, kept: Vec<Addition>) -> Option<String> {
    let scene = Scene::patched(&json!({}));
    let child = &scene.children[index(&scene, ChildKind::Deployment)];
    let account = Account {
        standing,
        uid: Some("u-1".to_owned()),
        resource_version: Some(7),
        kept,
    };
    let live = Live::of(child, account);
    assert_eq!(
        (live.uid.as_deref(), live.resource_version),
        (Some("u-1"), Some(7))
    );
    live.amiss.map(|breach| breach.seen)
}

fn disturbed(changed: bool, added: Vec<Addition>) -> Standing {
    Standing::Disturbed(Disturbance {
        uid: "u-1".to_owned(),
        resource_version: 8,
        changed,
        added,
        manager: Some("kubectl-edit".to_owned()),
    })
}

#[test]
fn each_standing_has_its_words() {
    let host = || addition("webhook", &["spec", "template", "spec", "hostNetwork"]);
    let cases = [
        (Standing::Absent, "Deployment records is not in the cluster"),
        (Standing::Gone, "Deployment records was deleted"),
        (
            Standing::Unproven,
            "Deployment records is in the cluster, but is not known to be what was planned",
        ),
        (
            Standing::Outdated {
                uid: "u-1".to_owned(),
            },
            "Deployment records is in the cluster as it was planned before",
        ),
        (
            disturbed(true, vec![]),
            "Deployment records was changed by kubectl-edit",
        ),
        (
            disturbed(true, vec![host()]),
            "Deployment records was changed by kubectl-edit",
        ),
        (
            disturbed(false, vec![host()]),
            "Deployment records holds what webhook put in: spec.template.spec.hostNetwork",
        ),
    ];
    for (standing, words) in cases {
        assert_eq!(seen(standing, vec![]).as_deref(), Some(words));
    }
    assert_eq!(seen(Standing::Intact, vec![]), None);
}

/// The operator puts up with what comes back after a repair; a control must not.
#[test]
fn additions_that_stay_are_amiss_unless_they_are_as_planned() {
    let host = addition("webhook", &["spec", "template", "spec", "hostNetwork"]);
    let ours = addition(REPAIR_MANAGER, &["spec", "template", "spec", "hostNetwork"]);
    let planned = addition("webhook", &["spec", "template", "spec", "containers"]);
    assert_eq!(seen(Standing::Intact, vec![ours, planned.clone()]), None);
    assert_eq!(
        seen(Standing::Intact, vec![planned, host]).as_deref(),
        Some("Deployment records holds what webhook put in: spec.template.spec.hostNetwork")
    );
}
