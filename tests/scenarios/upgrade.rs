//! Another operator over running services.

use serde_json::Value;

use crate::support::example;
use crate::support::operator::Operator;
use crate::support::world::{Stage, condition};

const SERVICE: &str = "synthetic-phi-service";
const NAMESPACE: &str = "upgraded";

/// An operator that would make other pods of the same spec keeps those that run, until it is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pods_outlive_a_changed_operator_until_somebody_asks() {
    let stage = Stage::start(true).await.unwrap();
    stage.namespace(NAMESPACE).unwrap();
    let mut operator = stage.operator().await.unwrap();
    stage.cluster.apply(&example(SERVICE, NAMESPACE)).unwrap();
    stage.until_ready(NAMESPACE, SERVICE).await.unwrap();
    stage.settled_writes(NAMESPACE).await;
    let first = template(&stage);
    operator.kill().unwrap();

    let mut operator = other_operator(&stage, "http://collector.one:4318").await;
    let pending = |s: &_| condition(s, "TemplateUpdatePending") == Some(("True", "OperatorChanged"));
    stage.until(NAMESPACE, SERVICE, pending).await.unwrap();
    let writes = stage.settled_writes(NAMESPACE).await;
    // The NetworkPolicy admits the collector at once: that restarts nothing.
    assert!(
        writes.iter().all(|write| !write.contains("deployments")),
        "{writes:?}"
    );
    assert_eq!(template(&stage), first);

    // Neither a repair nor a change around the pods takes the new one.
    for line in [
        r#"patch deployment synthetic-phi-service --type merge -p {"spec":{"paused":true}}"#,
        "label deployment synthetic-phi-service app.kubernetes.io/part-of=else --overwrite",
        "label deployment synthetic-phi-service app.kubernetes.io/managed-by-",
    ] {
        stage.kubectl(NAMESPACE, line).unwrap();
        let writes = stage.settled_writes(NAMESPACE).await;
        assert!((1..=2).contains(&writes.len()), "{line}: {writes:?}");
        assert_eq!(template(&stage), first, "{line}");
    }
    let around = r#"{"scaling":{"maxReplicas":12},"disruption":{"minAvailable":1}}"#;
    stage.patch_spec(NAMESPACE, SERVICE, around).unwrap();
    stage.until(NAMESPACE, SERVICE, pending).await.unwrap();
    stage.settled_writes(NAMESPACE).await;
    assert_eq!(template(&stage), first);
    operator.kill().unwrap();
    let mut operator = other_operator(&stage, "http://collector.one:4318").await;
    assert_eq!(stage.settled_writes(NAMESPACE).await, Vec::<String>::new());

    stage
        .kubectl(
            NAMESPACE,
            "annotate hcs synthetic-phi-service gitops-health.io/template-requested-at=now",
        )
        .unwrap();
    let taken = |s: &_| condition(s, "TemplateUpdatePending").is_none();
    stage.until(NAMESPACE, SERVICE, taken).await.unwrap();
    stage.until_ready(NAMESPACE, SERVICE).await.unwrap();
    assert!(template(&stage).to_string().contains("collector.one"));
    operator.kill().unwrap();

    let _operator = other_operator(&stage, "http://collector.two:4318").await;
    stage.until(NAMESPACE, SERVICE, pending).await.unwrap();
    stage
        .patch_spec(NAMESPACE, SERVICE, r#"{"args":["--verbose"]}"#)
        .unwrap();
    stage.until(NAMESPACE, SERVICE, taken).await.unwrap();
    assert!(template(&stage).to_string().contains("collector.two"));
}

/// One that renders something else, as another release might.
async fn other_operator(stage: &Stage, endpoint: &str) -> Operator {
    let args = ["--default-otlp-endpoint", endpoint];
    Operator::ready(&stage.proxy.kubeconfig, "other", &args)
        .await
        .unwrap()
}

fn template(stage: &Stage) -> Value {
    let line = "get deployment synthetic-phi-service -o jsonpath={.spec.template}";
    serde_json::from_str(&stage.kubectl(NAMESPACE, line).unwrap()).unwrap()
}
