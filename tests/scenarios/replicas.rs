//! Who says how many pods run.

use std::pin::pin;
use std::time::Duration;

use futures::TryStreamExt;
use healthcare_crds::HealthcareService;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};

use crate::support::manifest;
use crate::support::world::{condition, world};

#[tokio::test]
async fn seven_by_the_autoscaler_stay_seven_through_ten_changes() {
    let stage = world();
    stage.namespace("seven").unwrap();
    stage
        .cluster
        .apply(&manifest("svc", "seven", "registry.local/app:1", ""))
        .unwrap();
    stage.until_ready("seven", "svc").await.unwrap();
    // The autoscaler writes through /scale, as kubectl does.
    stage
        .kubectl("seven", "scale deployment svc --replicas=7")
        .unwrap();
    for n in 0..10 {
        let patch = format!(
            r#"{{"image":"registry.local/app:1.{n}","scaling":{{"maxReplicas":{}}}}}"#,
            10 + n
        );
        stage.patch_spec("seven", "svc", &patch).unwrap();
        stage.until("seven", "svc", |_| true).await.unwrap();
        let replicas = stage
            .kubectl("seven", "get deployment svc -o jsonpath={.spec.replicas}")
            .unwrap();
        assert_eq!(replicas, "7", "after change {n}");
    }
    let service = stage.until_ready("seven", "svc").await.unwrap();
    assert_eq!(service.status.unwrap().available.as_deref(), Some("7/7"));
}

#[tokio::test]
async fn kubectl_scales_the_service_and_no_pod_restarts() {
    let stage = world();
    stage.namespace("scale").unwrap();
    stage
        .cluster
        .apply(&manifest(
            "svc",
            "scale",
            "registry.local/app:1",
            ", scaling: {minReplicas: 2, maxReplicas: 20}",
        ))
        .unwrap();
    stage.until_ready("scale", "svc").await.unwrap();
    let pods: Api<Pod> = Api::namespaced(stage.client().await.unwrap(), "scale");
    let uids = async || -> Vec<String> {
        let mut uids: Vec<_> = pods
            .list(&ListParams::default())
            .await
            .unwrap()
            .iter()
            .filter_map(ResourceExt::uid)
            .collect();
        uids.sort();
        uids
    };
    let before = uids().await;
    assert_eq!(before.len(), 2);

    stage.kubectl("scale", "scale hcs/svc --replicas=5").unwrap();
    stage
        .until("scale", "svc", |s| s.spec.scaling.min_replicas == 5)
        .await
        .unwrap();
    let minimum = stage
        .kubectl("scale", "get hpa svc -o jsonpath={.spec.minReplicas}")
        .unwrap();
    assert_eq!(minimum, "5");
    // Without metrics the autoscaler still raises to its minimum.
    let five = |s: &healthcare_crds::HealthcareService| {
        s.status.as_ref().unwrap().available.as_deref() == Some("5/5")
    };
    stage.until("scale", "svc", five).await.unwrap();
    let after = uids().await;
    assert!(
        before.iter().all(|uid| after.contains(uid)),
        "{before:?} {after:?}"
    );

    stage.kubectl("scale", "scale hcs/svc --replicas=0").unwrap();
    let service = stage
        .until("scale", "svc", |s| {
            condition(s, "Ready") == Some(("True", "Stopped"))
        })
        .await
        .unwrap();
    assert_eq!(service.status.unwrap().available.as_deref(), Some("0/0"));
    assert_eq!(stage.kubectl("scale", "get hpa,pdb -o name").unwrap().trim(), "");
    stage.kubectl("scale", "scale hcs/svc --replicas=3").unwrap();
    let service = stage.until_ready("scale", "svc").await.unwrap();
    assert_eq!(service.status.unwrap().available.as_deref(), Some("3/3"));
}

#[tokio::test]
async fn a_fixed_number_is_kept() {
    let stage = world();
    stage.namespace("fixed").unwrap();
    let fixed = manifest(
        "svc",
        "fixed",
        "registry.local/app:1",
        ", scaling: {minReplicas: 3, maxReplicas: 3}",
    );
    stage.cluster.apply(&fixed).unwrap();
    stage.until_ready("fixed", "svc").await.unwrap();
    stage.settled_writes("fixed").await;
    stage
        .kubectl("fixed", "scale deployment svc --replicas=1")
        .unwrap();
    assert_eq!(stage.settled_writes("fixed").await, ["PATCH deployments/svc"]);
    let replicas = stage
        .kubectl("fixed", "get deployment svc -o jsonpath={.spec.replicas}")
        .unwrap();
    assert_eq!(replicas, "3");
}

/// What the autoscaler does to a healthy service changes only numbers.
#[tokio::test]
async fn a_service_that_grows_stays_ready_and_is_told_of_in_a_write_or_two() {
    let stage = world();
    stage.namespace("grows").unwrap();
    let service = manifest(
        "svc",
        "grows",
        "registry.local/app:1",
        ", scaling: {minReplicas: 2, maxReplicas: 9}",
    );
    stage.cluster.apply(&service).unwrap();
    stage.until_ready("grows", "svc").await.unwrap();
    stage.settled_writes("grows").await;
    let api: Api<HealthcareService> = Api::namespaced(stage.client().await.unwrap(), "grows");
    let mut events = pin!(watcher(api, watcher::Config::default()).applied_objects());
    stage
        .kubectl("grows", "scale deployment svc --replicas=8")
        .unwrap();
    let mut writes = 0;
    loop {
        let service = events.try_next().await.unwrap().unwrap();
        assert_eq!(
            condition(&service, "Ready"),
            Some(("True", "Serving")),
            "{:?}",
            service.status
        );
        assert_eq!(condition(&service, "Available").map(|c| c.0), Some("True"));
        writes += 1;
        if service.status.unwrap().available.as_deref() == Some("8/8") {
            break;
        }
    }
    // The first is the service as it was.
    assert!(writes <= 4, "{writes}");
    assert!(stage.settled_writes("grows").await.is_empty());
}

/// The autoscaler and a change of the spec meet, each time in another order: its last word stands.
#[tokio::test]
async fn what_the_autoscaler_sets_during_a_change_stays() {
    let stage = world();
    stage.namespace("meets").unwrap();
    let spec = ", scaling: {minReplicas: 2, maxReplicas: 30}";
    for round in 0..10 {
        let name = format!("svc-{round}");
        stage
            .cluster
            .apply(&manifest(&name, "meets", "registry.local/app:1", spec))
            .unwrap();
        stage.until_ready("meets", &name).await.unwrap();
        let deployment = async || {
            let line = format!(
                "get deployment {name} -o jsonpath={{.spec.replicas}}/{{.spec.template.spec.containers[0].image}}"
            );
            stage.kubectl("meets", &line)
        };
        assert_eq!(
            deployment().await.unwrap(),
            "2/registry.local/app:1",
            "made with its number"
        );
        let number = 3 + round;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                stage
                    .patch_spec("meets", &name, r#"{"image":"registry.local/app:2"}"#)
                    .unwrap();
            });
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(round * 15));
                stage
                    .kubectl("meets", &format!("scale deployment {name} --replicas={number}"))
                    .unwrap();
            });
        });
        stage.settled_writes("meets").await;
        stage.until_ready("meets", &name).await.unwrap();
        assert_eq!(
            deployment().await.unwrap(),
            format!("{number}/registry.local/app:2")
        );
    }
}
