//! How changed pods take the place of the old ones, and give it back when they fail.

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::{RolloutPhase, RolloutStatus};
use serde_json::{Value, json};

use crate::support::manifest;
use crate::support::world::{Stage, condition, world};

mod columns;
mod killed;

/// Settings with which a rollout takes seconds.
const FAST: &str = "bakeSeconds: 1, analysis: {intervalSeconds: 1, failureLimit: 2, progressDeadlineSeconds: 10}, canary: {steps: [{weight: 25, bakeSeconds: 1}, {weight: 50, bakeSeconds: 1}]}, blueGreen: {bakeSeconds: 1}";

fn rollout(service: &HealthcareService) -> Option<&RolloutStatus> {
    service.status.as_ref()?.rollout.as_ref()
}

fn is_in(service: &HealthcareService, phase: RolloutPhase) -> bool {
    rollout(service).is_some_and(|rollout| rollout.phase == phase)
}

/// A service of four pods whose first revision serves, which rolls out by this strategy.
async fn serving(stage: &Stage, namespace: &str, strategy: &str) {
    stage.namespace(namespace).unwrap();
    let more = format!(
        ", scaling: {{minReplicas: 4, maxReplicas: 8}}, config: {{MODE: first}}, rollout: {{strategy: {strategy}, {FAST}}}"
    );
    let service = manifest("svc", namespace, "registry.local/app:1.0.0", &more);
    stage.cluster.apply(&service).unwrap();
    completed(stage, namespace).await;
}

async fn completed(stage: &Stage, namespace: &str) -> HealthcareService {
    let is_done = |service: &HealthcareService| {
        is_in(service, RolloutPhase::Completed) && condition(service, "Ready").is_some_and(|c| c.0 == "True")
    };
    stage.until(namespace, "svc", is_done).await.unwrap()
}

fn get(stage: &Stage, namespace: &str, what: &str) -> Value {
    let text = stage.kubectl(namespace, &format!("get {what} -o json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn image(stage: &Stage, namespace: &str, deployment: &str) -> String {
    let line = format!("get deployment {deployment} -o jsonpath={{.spec.template.spec.containers[0].image}}");
    stage.kubectl(namespace, &line).unwrap()
}

/// The end of every rollout that got through.
fn assert_alone(stage: &Stage, namespace: &str, expected: &str) {
    let deployments = stage.kubectl(namespace, "get deployments -o name").unwrap();
    assert_eq!(deployments.trim(), "deployment.apps/svc");
    assert_eq!(image(stage, namespace, "svc"), expected);
    let service = get(stage, namespace, "service/svc");
    assert_eq!(service["spec"]["selector"]["gitops-health.io/track"], "primary");
    let autoscaler = get(stage, namespace, "hpa/svc");
    assert_eq!(
        (
            &autoscaler["spec"]["minReplicas"],
            &autoscaler["spec"]["scaleTargetRef"]["name"]
        ),
        (&json!(4), &json!("svc"))
    );
    let revisions = get(stage, namespace, "controllerrevisions");
    assert_eq!(revisions["items"].as_array().unwrap().len(), 1, "{revisions:#}");
}

#[tokio::test]
async fn a_good_change_gets_through_by_every_strategy() {
    let stage = world();
    for strategy in ["Rolling", "Canary", "BlueGreen"] {
        let namespace = format!("good-{}", strategy.to_lowercase());
        serving(stage, &namespace, strategy).await;
        let change = r#"{"image":"registry.local/app:2.0.0","config":{"MODE":"second"}}"#;
        stage.patch_spec(&namespace, "svc", change).unwrap();
        let service = completed(stage, &namespace).await;
        let rollout = rollout(&service).unwrap();
        assert_eq!(format!("{:?}", rollout.strategy), strategy);
        assert!(rollout.risk.score > 0, "{rollout:?}");
        assert_eq!(
            service.status.as_ref().unwrap().image.as_deref(),
            Some("registry.local/app:2.0.0")
        );
        stage.settled_writes(&namespace).await;
        assert_alone(stage, &namespace, "registry.local/app:2.0.0");
    }
}

#[tokio::test]
async fn a_change_that_fails_goes_back_by_itself() {
    let stage = world();
    for strategy in ["Rolling", "Canary", "BlueGreen"] {
        for fault in ["missing", "crash", "unready"] {
            let namespace = format!("{fault}-{}", strategy.to_lowercase());
            serving(stage, &namespace, strategy).await;
            let bad = format!("registry.local/{fault}:2.0.0");
            let change = json!({"image": bad, "config": {"MODE": "second"}, "scaling": {"maxReplicas": 9}});
            stage.patch_spec(&namespace, "svc", &change.to_string()).unwrap();
            let service = stage
                .until(&namespace, "svc", |service| {
                    is_in(service, RolloutPhase::RolledBack)
                })
                .await
                .unwrap();
            assert_eq!(
                condition(&service, "RolledBack"),
                Some(("True", "RolledBack")),
                "{namespace}"
            );
            assert_eq!(condition(&service, "Stalled"), Some(("True", "RolledBack")));
            assert_eq!(condition(&service, "Ready"), Some(("False", "RolledBack")));
            assert_eq!(service.spec.image, bad, "the spec is its author's");
            assert_eq!(image(stage, &namespace, "svc"), "registry.local/app:1.0.0");
            let deployments = stage.kubectl(&namespace, "get deployments -o name").unwrap();
            assert_eq!(deployments.trim(), "deployment.apps/svc");
            assert_eq!(
                get(stage, &namespace, "hpa/svc")["spec"]["maxReplicas"],
                8,
                "what is around the pods too"
            );
            stage.settled_writes(&namespace).await;
            let change = json!({"image": "registry.local/app:2.0.1"});
            stage.patch_spec(&namespace, "svc", &change.to_string()).unwrap();
            let mended = completed(stage, &namespace).await;
            assert_eq!(condition(&mended, "RolledBack"), None);
            stage.settled_writes(&namespace).await;
            assert_alone(stage, &namespace, "registry.local/app:2.0.1");
        }
    }
}

#[tokio::test]
async fn people_promote_and_abort_by_annotation() {
    let (stage, namespace) = (world(), "gates");
    serving(stage, namespace, "Canary").await;
    let change = r#"{"image":"registry.local/app:2.0.0","rollout":{"canary":{"steps":[{"weight":25,"bakeSeconds":0,"approval":true},{"weight":50,"bakeSeconds":0,"approval":true}]}}}"#;
    stage.patch_spec(namespace, "svc", change).unwrap();
    let waiting = |step: i32| {
        move |service: &HealthcareService| {
            is_in(service, RolloutPhase::AwaitingApproval)
                && rollout(service).is_some_and(|rollout| rollout.step == step)
        }
    };
    let service = stage.until(namespace, "svc", waiting(1)).await.unwrap();
    assert_eq!(
        condition(&service, "Reconciling"),
        Some(("True", "AwaitingApproval"))
    );
    let candidate = get(stage, namespace, "deployment/svc-candidate");
    assert_eq!(candidate["spec"]["replicas"], 1);
    let promote = |value: &str| {
        stage
            .kubectl(
                namespace,
                &format!("annotate --overwrite hcs svc gitops-health.io/rollout-promote={value}"),
            )
            .unwrap()
    };
    let begun = rollout(&service).unwrap();
    let name = format!("{}/{}", begun.revision, begun.generation);
    promote("another/2/1");
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    stage.until(namespace, "svc", waiting(1)).await.unwrap();
    promote(&format!("{name}/1"));
    stage.until(namespace, "svc", waiting(2)).await.unwrap();
    let line = format!("annotate hcs svc gitops-health.io/rollout-abort={name}");
    stage.kubectl(namespace, &line).unwrap();
    let back = stage
        .until(namespace, "svc", |service| {
            is_in(service, RolloutPhase::RolledBack)
        })
        .await
        .unwrap();
    assert!(rollout(&back).unwrap().message.contains("aborted"));
    assert_eq!(image(stage, namespace, "svc"), "registry.local/app:1.0.0");
}

#[tokio::test]
async fn a_change_in_the_middle_starts_anew_from_the_last_good_revision() {
    let (stage, namespace) = (world(), "anew");
    serving(stage, namespace, "BlueGreen").await;
    let slow = r#"{"image":"registry.local/app:2.0.0","rollout":{"blueGreen":{"bakeSeconds":600}}}"#;
    stage.patch_spec(namespace, "svc", slow).unwrap();
    let baking = |service: &HealthcareService| is_in(service, RolloutPhase::Baking);
    let first = stage.until(namespace, "svc", baking).await.unwrap();
    let good = rollout(&first).unwrap().last_good_revision.clone();
    assert_eq!(
        image(stage, namespace, "svc-candidate"),
        "registry.local/app:2.0.0"
    );
    let other = r#"{"image":"registry.local/app:3.0.0"}"#;
    stage.patch_spec(namespace, "svc", other).unwrap();
    let second = stage.until(namespace, "svc", baking).await.unwrap();
    assert_eq!(rollout(&second).unwrap().last_good_revision, good);
    assert_eq!(
        image(stage, namespace, "svc-candidate"),
        "registry.local/app:3.0.0"
    );
    assert_eq!(image(stage, namespace, "svc"), "registry.local/app:1.0.0");
    let undone = r#"{"image":"registry.local/app:1.0.0"}"#;
    stage.patch_spec(namespace, "svc", undone).unwrap();
    completed(stage, namespace).await;
    stage.settled_writes(namespace).await;
    assert_alone(stage, namespace, "registry.local/app:1.0.0");
}
