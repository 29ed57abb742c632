use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::render::ChildKind;
use crate::render::tests::specs;
use crate::testing::{body, plan, rendered, service};

fn recorded(service: &HealthcareService, rendered: &Value) -> PodTemplate {
    choose(service, None, rendered).record().clone()
}

fn is_in_use(choice: &Choice) -> bool {
    matches!(choice, Choice::InUse { .. })
}

#[test]
fn a_template_stays_in_use_while_the_spec_stays() {
    let (old, new) = (json!({"spec": 1}), json!({"spec": 2}));
    let before = recorded(&service(json!({})), &old);
    let choose = |service: &HealthcareService, rendered| choose(service, Some(&before), rendered);
    assert!(
        !is_in_use(&choose(&service(json!({})), &old)),
        "the same is no question"
    );
    let kept = choose(&service(json!({})), &new);
    assert_eq!(kept.record(), &before);
    assert!(is_in_use(&kept));
    assert!(is_in_use(&choose(
        &service(json!({"scaling": {"maxReplicas": 9}})),
        &new
    )));
    let changed = choose(&service(json!({"args": ["--verbose"]})), &new);
    assert!(!is_in_use(&changed));
    assert_ne!(changed.record(), &before);
}

#[test]
fn the_newest_is_taken_once_when_asked_for() {
    let (old, new, newer) = (json!({"spec": 1}), json!({"spec": 2}), json!({"spec": 3}));
    let mut asking = service(json!({}));
    let before = recorded(&asking, &old);
    asking
        .annotations_mut()
        .insert(keys::TEMPLATE_REQUESTED_AT.into(), "monday".into());
    let taken = choose(&asking, Some(&before), &new);
    assert!(!is_in_use(&taken));
    let again = choose(&asking, Some(taken.record()), &newer);
    assert!(is_in_use(&again), "that was answered already");
    asking.annotations_mut().clear();
    assert!(is_in_use(&choose(&asking, Some(taken.record()), &newer)));
}

#[test]
fn what_we_applied_is_found_in_the_live_object() {
    let live = json!({
        "metadata": {"managedFields": [
            {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:hostNetwork": {}}}}}},
            {"manager": "healthcare-operator", "operation": "Apply", "fieldsV1": {"f:spec": {"f:template": {
                "f:metadata": {"f:labels": {"f:app": {}}},
                "f:spec": {
                    "f:securityContext": {},
                    "f:tolerations": {},
                    "f:containers": {"k:{\"name\":\"app\"}": {
                        ".": {}, "f:name": {}, "f:image": {},
                        "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}},
                    }},
                },
            }}}},
        ]},
        "spec": {"template": {
            "metadata": {"labels": {"app": "a", "other": "b"}},
            "spec": {
                "hostNetwork": true,
                "restartPolicy": "Always",
                "securityContext": {"runAsUser": 7},
                "tolerations": [{"operator": "Exists"}],
                "containers": [
                    {"name": "sidecar", "image": "x:1"},
                    {"name": "app", "image": "a:1", "imagePullPolicy": "Always",
                     "ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 81, "protocol": "TCP"}]},
                ],
            },
        }},
    });
    assert_eq!(
        in_use(&live).unwrap(),
        json!({
            "metadata": {"labels": {"app": "a"}},
            "spec": {
                "securityContext": {"runAsUser": 7},
                "tolerations": [{"operator": "Exists"}],
                "containers": [{"name": "app", "image": "a:1", "ports": [{"containerPort": 80}]}],
            },
        })
    );
    assert_eq!(in_use(&json!({"metadata": {}, "spec": {"template": {}}})), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Two specs of the same pods count as the same, and give the same template.
    #[test]
    fn what_is_around_the_pods_does_not_count(
        pod in specs::of_the_pods(),
        before in specs::around_the_pods(),
        after in specs::around_the_pods(),
    ) {
        let first = service(specs::joined(&pod, &before));
        let second = service(specs::joined(&pod, &after));
        prop_assert_eq!(spec_digest(&first.spec), spec_digest(&second.spec));
    }

    /// What gives another template counts: otherwise a changed spec would not reach the pods.
    #[test]
    fn what_makes_other_pods_counts(first in specs::any(), second in specs::any()) {
        let template = |service: &HealthcareService| {
            body(&rendered(&plan(service)), ChildKind::Deployment).unwrap()["spec"]["template"].clone()
        };
        let (first, second) = (service(first), service(second));
        if template(&first) != template(&second) {
            prop_assert_ne!(spec_digest(&first.spec), spec_digest(&second.spec));
        }
    }
}
