//! Who says how many pods run.

use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
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
