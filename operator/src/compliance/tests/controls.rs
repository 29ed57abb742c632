//! Every control passes and fails for its reason.

use std::collections::BTreeSet;

use healthcare_crds::v1alpha1::Framework;

use super::breaches;
use super::*;
use crate::compliance::control::Check;

fn checked() -> BTreeSet<&'static str> {
    catalogue()
        .filter(|control| matches!(control.check, Check::Verified { .. }))
        .map(|control| control.id)
        .collect()
}

#[test]
fn the_exemplary_service_meets_every_control() {
    let report = Scene::patched(&json!({})).report();
    assert_eq!(
        violated(&report),
        Vec::<&str>::new(),
        "{:#?}",
        report.violations().collect::<Vec<_>>()
    );
    let met = report
        .findings
        .iter()
        .filter(|f| matches!(f.state, State::Met { .. }));
    assert_eq!(met.map(|f| f.control.id).collect::<BTreeSet<_>>(), checked());
    assert!(report.notices.is_empty() && report.next_change().is_none());
}

/// What each way breaks was met before, is violated after, and nothing else is.
#[test]
fn each_breach_breaks_what_it_should() {
    let mut wrong = Vec::new();
    for breach in breaches::all() {
        let before = violated(&breach.before().report());
        let after = breach.after().report();
        let found: BTreeSet<_> = violated(&after).into_iter().collect();
        let wanted: BTreeSet<_> = breach.breaks.iter().copied().collect();
        if !before.is_empty() || found != wanted {
            let differing: Vec<_> = found.symmetric_difference(&wanted).copied().collect();
            wrong.push((breach.name, before, differing));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A control that nothing breaks is a control that may look at nothing.
#[test]
fn every_checked_control_can_fail() {
    let broken: BTreeSet<_> = breaches::all()
        .iter()
        .flat_map(|b| b.breaks.iter().copied())
        .collect();
    assert_eq!(broken, checked());
}

#[test]
fn no_message_repeats_a_secret() {
    for breach in breaches::all() {
        let report = serde_json::to_string(&breach.after().report()).unwrap();
        assert!(!report.contains("hunter2"), "{}", breach.name);
    }
}

#[test]
fn messages_say_what_was_seen_and_what_to_do() {
    for breach in breaches::all() {
        for (control, message) in breach.after().report().violations() {
            assert!(
                message.contains(": ") && message.len() > 30,
                "{}: {message}",
                control.id
            );
        }
    }
}

#[test]
fn the_catalogue_is_large_and_names_nothing_twice() {
    let ids: Vec<_> = catalogue().map(|control| control.id).collect();
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
    assert!(
        ids.len() >= 64 && checked().len() >= 45,
        "{} controls, {} checked",
        ids.len(),
        checked().len()
    );
}

/// What an exemption may name (`spec.compliance.exemptions[].control`), and what a citation says.
#[test]
fn identifiers_fit_exemptions_and_hold_their_citation() {
    for control in catalogue() {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-.()".contains(c);
        assert!(
            control.id.len() <= 64 && control.id.chars().all(allowed),
            "{}",
            control.id
        );
        let paragraph = control.citation.rsplit(' ').next().unwrap();
        assert!(
            control.id.contains(paragraph) || control.id.starts_with("SOX-ITGC-"),
            "{}: {}",
            control.id,
            control.citation
        );
    }
}

#[test]
fn inherited_controls_say_who_has_to_verify_what() {
    for control in catalogue() {
        let is_inherited = control.enforcement == Enforcement::Inherited;
        match control.check {
            Check::Inherited(who) => assert!(
                is_inherited && who.len() > 40 && who.ends_with('.'),
                "{}",
                control.id
            ),
            Check::Verified { .. } => assert!(!is_inherited, "{}", control.id),
        }
    }
}

/// Whoever claims to have looked at a child shows which.
#[test]
fn evidence_names_the_children_that_were_looked_at() {
    let report = Scene::patched(&json!({})).report();
    let on_policy = report
        .findings
        .iter()
        .find(|f| f.control.id == "HIPAA-164.312(a)(1)-default-deny")
        .unwrap();
    assert_eq!(on_policy.evidence.len(), 1);
    let evidence = &on_policy.evidence[0];
    assert_eq!(
        (evidence.kind, evidence.name.as_str()),
        ("NetworkPolicy", "records")
    );
    assert_eq!((evidence.digest.len(), &evidence.uid), (64, &None));
}

#[test]
fn live_children_are_evidence_with_identity_and_the_same_digest() {
    let mut scene = Scene::patched(&json!({}));
    let rendered = scene.report();
    let policy = scene.child(ChildKind::NetworkPolicy);
    policy["metadata"]["uid"] = json!("u-1");
    policy["metadata"]["resourceVersion"] = json!("42");
    policy["metadata"]["managedFields"] = json!([{"manager": "healthcare-operator"}]);
    policy["status"] = json!({});
    let bodies = scene.children.iter().map(|child| (child.kind, &child.body));
    let live = evaluate(&Input::live(&scene.service, &scene.plan, bodies), now());
    let of = |report: &Report| {
        let finding = report
            .findings
            .iter()
            .find(|f| f.control.id == "PCI-DSS-7.3.3")
            .unwrap();
        finding.evidence[0].clone()
    };
    let (before, after) = (of(&rendered), of(&live));
    assert_eq!(after.digest, before.digest);
    assert_eq!(
        (after.uid.as_deref(), after.resource_version.as_deref()),
        (Some("u-1"), Some("42"))
    );
    let policy = scene.child(ChildKind::NetworkPolicy);
    policy["spec"]["egress"] = json!([]);
    assert_ne!(of(&scene.report()).digest, before.digest);
}

/// A rollout has two Deployments: the candidate is judged too.
#[test]
fn every_deployment_is_judged() {
    let mut scene = Scene::patched(&json!({}));
    let primary = scene
        .children
        .iter()
        .find(|c| c.kind == ChildKind::Deployment)
        .unwrap();
    let mut candidate = primary.clone();
    candidate.body["metadata"]["name"] = json!("records-candidate");
    candidate.body["spec"]["template"]["spec"]["hostNetwork"] = json!(true);
    scene.children.push(candidate);
    let report = scene.report();
    assert!(
        message(&report, "PCI-DSS-2.2.6-host-isolation")
            .contains("Deployment records-candidate sets hostNetwork")
    );
}

#[test]
fn no_deployment_is_no_proof() {
    let mut scene = Scene::patched(&json!({}));
    scene.children.retain(|child| child.kind != ChildKind::Deployment);
    assert!(message(&scene.report(), "SOX-ITGC-AC-06").contains("there is no Deployment"));
}

/// A stopped service needs no pods; what it would run is judged all the same.
#[test]
fn a_stopped_service_lacks_nothing() {
    let report = Scene::patched(&json!({"scaling": {"minReplicas": 0}})).report();
    assert_eq!(violated(&report), Vec::<&str>::new());
}

#[test]
fn frameworks_apply_by_choice_and_by_data() {
    let of = |compliance: Value| applicable(&service(json!({"compliance": compliance})).spec);
    assert_eq!(of(json!({})), []);
    assert_eq!(of(json!({"frameworks": ["SOX"]})), [Framework::Sox]);
    assert_eq!(of(json!({"dataClassification": "PHI"})), [Framework::Hipaa]);
    assert_eq!(
        of(json!({"dataClassification": "CardholderData", "frameworks": ["PCI-DSS"]})),
        [Framework::PciDss]
    );
    assert_eq!(applicable(&service(json!({})).spec), []);
}
