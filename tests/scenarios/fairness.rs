//! Many services of one namespace, and one of another.

use std::time::Duration;

use healthcare_crds::HealthcareService;
use kube::Api;
use kube::api::ListParams;

use crate::support::manifest;
use crate::support::operator::Operator;
use crate::support::world::{PATIENCE, Stage, condition};

const MANY: usize = 300;
/// The many take their time: eight children each, so long for every write, four services at a time.
const SLOW: Duration = Duration::from_millis(50);
const SLOTS: &str = "4";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_service_does_not_wait_for_the_many_of_another_namespace() {
    let stage = Stage::start(false).await.unwrap();
    for namespace in ["many", "one"] {
        stage.namespace(namespace).unwrap();
    }
    stage.proxy.slow_writes(SLOW);
    let _operator = Operator::ready(&stage.proxy.kubeconfig, "alone", &["--concurrency", SLOTS])
        .await
        .unwrap();
    let many: Vec<_> = (0..MANY)
        .map(|number| manifest(&format!("svc-{number}"), "many", "registry.local/app:1", ""))
        .collect();
    stage.cluster.apply(&many.join("---\n")).unwrap();
    under_way(&stage).await;

    stage
        .cluster
        .apply(&manifest("only", "one", "registry.local/app:1", ""))
        .unwrap();
    stage.until_ready("one", "only").await.unwrap();
    let finished = ready(&stage).await;
    assert!(
        finished < MANY / 2,
        "{finished} of {MANY} were ready before the one"
    );

    // And the many are not forgotten over it.
    stage.proxy.slow_writes(Duration::ZERO);
    for _ in 0..PATIENCE.as_secs() {
        if ready(&stage).await == MANY {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("{} of {MANY} are ready", ready(&stage).await);
}

/// Waits until the operator works on the many.
async fn under_way(stage: &Stage) {
    for _ in 0..PATIENCE.as_millis() / 100 {
        if !stage.proxy.take_writes("many").is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("nothing was written for the many");
}

/// How many of the many are ready.
async fn ready(stage: &Stage) -> usize {
    let api: Api<HealthcareService> = Api::namespaced(stage.client().await.unwrap(), "many");
    let list = api.list(&ListParams::default()).await.unwrap();
    let is_ready = |service: &&HealthcareService| condition(service, "Ready").is_some_and(|c| c.0 == "True");
    list.iter().filter(is_ready).count()
}
