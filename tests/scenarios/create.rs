//! One manifest becomes a running service with everything around it.

use crate::support::world::{condition, world};
use crate::support::{example, manifest};

#[tokio::test]
async fn the_example_becomes_eleven_children() {
    let stage = world();
    stage.namespace("create").unwrap();
    stage
        .cluster
        .apply(&example("synthetic-phi-service", "create"))
        .unwrap();
    let service = stage
        .until_ready("create", "synthetic-phi-service")
        .await
        .unwrap();

    let inventory = service.status.unwrap().inventory;
    let kinds: Vec<_> = inventory.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "ServiceAccount",
            "ConfigMap",
            "ControllerRevision",
            "NetworkPolicy",
            "Service",
            "Deployment",
            "HorizontalPodAutoscaler",
            "PodDisruptionBudget",
            "ServiceMonitor",
            "PrometheusRule",
            "Ingress"
        ]
    );
    for entry in inventory {
        let what = format!("get {}/{} -o jsonpath={{.metadata.uid}}", entry.kind, entry.name);
        assert_eq!(stage.kubectl("create", &what).unwrap(), entry.uid, "{entry:?}");
    }
    let writes = stage.settled_writes("create").await;
    assert_eq!(writes.len(), 11, "one apply each: {writes:#?}");
    assert!(
        writes.iter().all(|write| write.starts_with("PATCH ")),
        "{writes:#?}"
    );
}

#[tokio::test]
async fn every_field_is_accepted_and_applied() {
    let stage = world();
    stage.namespace("every-field").unwrap();
    stage
        .cluster
        .apply(&example("every-field", "every-field"))
        .unwrap();
    let service = stage.until("every-field", "every-field", |s| {
        s.status.as_ref().is_some_and(|s| s.inventory.len() >= 10)
    });
    let service = service.await.unwrap();
    let kinds: Vec<_> = service
        .status
        .as_ref()
        .unwrap()
        .inventory
        .iter()
        .map(|e| e.kind.as_str())
        .collect();
    assert!(kinds.contains(&"HTTPRoute"), "{kinds:?}");
    assert_ne!(condition(&service, "Stalled").map(|c| c.0), Some("True"));
}

#[tokio::test]
async fn people_see_it_with_kubectl() {
    let stage = world();
    stage.namespace("kubectl").unwrap();
    stage
        .cluster
        .apply(&manifest("seen", "kubectl", "registry.local/app:1", ""))
        .unwrap();
    stage
        .kubectl("kubectl", "wait --for=condition=Ready hcs/seen --timeout=60s")
        .unwrap();
    let table = stage.kubectl("kubectl", "get healthcareservices").unwrap();
    let mut lines = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    assert_eq!(
        lines.next().unwrap(),
        [
            "NAME",
            "READY",
            "REASON",
            "AVAILABLE",
            "STRATEGY",
            "RISK",
            "COMPLIANCE",
            "AGE"
        ]
    );
    assert_eq!(lines.next().unwrap()[..4], ["seen", "True", "Serving", "3/3"]);
    stage
        .described("kubectl", "seen", &["Created", "Serving"])
        .await
        .unwrap();
    let explained = stage
        .kubectl("kubectl", "explain hcs.spec.disruption.minAvailable")
        .unwrap();
    assert!(explained.contains("Pods that stay"), "{explained}");
}

#[tokio::test]
async fn a_missing_image_and_its_like_are_named() {
    let stage = world();
    stage.namespace("faults").unwrap();
    for (name, image, reason) in [
        ("missing", "registry.local/missing:1", "ImagePullBackOff"),
        ("crash", "registry.local/crash:1", "CrashLoopBackOff"),
        ("oom", "registry.local/oom:1", "OOMKilled"),
        ("unready", "registry.local/unready:1", "ReadinessProbeFailing"),
    ] {
        stage.cluster.apply(&manifest(name, "faults", image, "")).unwrap();
        let has = |service: &_| condition(service, "Available") == Some(("False", reason));
        let service = stage.until("faults", name, has).await.unwrap();
        assert_eq!(condition(&service, "Ready"), Some(("False", reason)));
        assert_eq!(condition(&service, "Reconciling").unwrap().0, "True");
        let table = stage.kubectl("faults", &format!("get hcs {name}")).unwrap();
        assert!(table.contains(reason), "{table}");
        stage
            .described("faults", name, &["Warning", reason])
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn paused_writes_nothing_and_a_request_is_handled() {
    let stage = world();
    stage.namespace("paused").unwrap();
    stage
        .cluster
        .apply(&manifest("held", "paused", "registry.local/app:1", ""))
        .unwrap();
    stage.until_ready("paused", "held").await.unwrap();
    stage.settled_writes("paused").await;

    stage
        .kubectl(
            "paused",
            r#"patch hcs held --type merge -p {"spec":{"paused":true,"image":"registry.local/app:2"}}"#,
        )
        .unwrap();
    let paused = |service: &_| condition(service, "Paused") == Some(("True", "Paused"));
    let service = stage.until("paused", "held", paused).await.unwrap();
    assert_eq!(condition(&service, "Ready"), Some(("Unknown", "Paused")));
    assert_eq!(stage.settled_writes("paused").await, Vec::<String>::new());
    stage.kubectl("paused", "delete pdb held").unwrap();
    assert_eq!(stage.settled_writes("paused").await, Vec::<String>::new());

    stage
        .kubectl(
            "paused",
            r#"patch hcs held --type merge -p {"spec":{"paused":false}}"#,
        )
        .unwrap();
    stage.until_ready("paused", "held").await.unwrap();
    let image = stage.kubectl(
        "paused",
        "get deployment held -o jsonpath={.spec.template.spec.containers[0].image}",
    );
    assert_eq!(image.unwrap(), "registry.local/app:2");
    stage.kubectl("paused", "get pdb held").unwrap();

    stage
        .kubectl(
            "paused",
            "annotate hcs held gitops-health.io/reconcile-requested-at=now-1",
        )
        .unwrap();
    let handled = |service: &healthcare_crds::HealthcareService| {
        service
            .status
            .as_ref()
            .unwrap()
            .last_handled_reconcile_at
            .as_deref()
            == Some("now-1")
    };
    stage.until("paused", "held", handled).await.unwrap();
}

#[tokio::test]
async fn deleting_the_service_takes_everything_along() {
    let stage = world();
    stage.namespace("deleted").unwrap();
    stage
        .cluster
        .apply(&example("synthetic-phi-service", "deleted"))
        .unwrap();
    stage
        .until_ready("deleted", "synthetic-phi-service")
        .await
        .unwrap();
    stage
        .kubectl(
            "deleted",
            "delete hcs synthetic-phi-service --cascade=foreground --timeout=60s",
        )
        .unwrap();
    let left = stage.kubectl(
        "deleted",
        "get deploy,svc,sa,cm,hpa,pdb,netpol,servicemonitor,prometheusrule,ingress -l gitops-health.io/service -o name",
    );
    assert_eq!(left.unwrap().trim(), "");
    let writes = stage.settled_writes("deleted").await;
    assert!(
        writes.iter().all(|write| !write.starts_with("DELETE")),
        "garbage collection does it: {writes:#?}"
    );
}
