//! Somebody who does not give in.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Service;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::support::manifest;
use crate::support::world::{condition, world};

/// Undone as often as it comes at first, then once in a while; the other children are kept all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fight_over_a_child_costs_a_bounded_rate() {
    let stage = world();
    stage.namespace("fight").unwrap();
    stage
        .cluster
        .apply(&manifest("svc", "fight", "registry.local/app:1", ""))
        .unwrap();
    stage.until_ready("fight", "svc").await.unwrap();
    stage.settled_writes("fight").await;

    let api: Api<Service> = Api::namespaced(stage.client().await.unwrap(), "fight");
    let fight = tokio::spawn(async move {
        let params = PatchParams::apply("stubborn");
        loop {
            let wish = Patch::Merge(json!({"spec": {"sessionAffinity": "ClientIP"}}));
            api.patch("svc", &params, &wish).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let contested = |s: &_| condition(s, "Ready") == Some(("False", "ChildContested"));
    let service = stage.until("fight", "svc", contested).await.unwrap();
    let message = &service.status.unwrap().conditions[0].message;
    assert!(message.contains("stubborn changes it again"), "{message}");

    stage.proxy.take_writes("fight");
    let started = Instant::now();
    stage.kubectl("fight", "delete serviceaccount svc").unwrap();
    while stage.kubectl("fight", "get serviceaccount svc").is_err() {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "another child is gone"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    let writes = stage.proxy.take_writes("fight");
    let repairs = writes
        .iter()
        .filter(|write| *write == "PATCH services/svc")
        .count();
    let most = started.elapsed().as_secs() / 5 + 3;
    assert!(repairs as u64 <= most, "{repairs} of {most}: {writes:?}");

    fight.abort();
    stage.until_ready("fight", "svc").await.unwrap();
}
