//! What belongs to others stays theirs.

use crate::support::manifest;
use crate::support::world::{condition, world};

#[tokio::test]
async fn a_foreign_object_is_not_taken_over() {
    let stage = world();
    stage.namespace("foreign").unwrap();
    stage
        .kubectl("foreign", "create service clusterip svc --tcp=5432:5432")
        .unwrap();
    let before = stage.kubectl("foreign", "get service svc -o json").unwrap();
    stage
        .cluster
        .apply(&manifest("svc", "foreign", "registry.local/app:1", ""))
        .unwrap();
    let stalled = |s: &_| condition(s, "Stalled") == Some(("True", "ResourceConflict"));
    stage.until("foreign", "svc", stalled).await.unwrap();
    assert_eq!(
        stage.kubectl("foreign", "get service svc -o json").unwrap(),
        before
    );
    assert!(stage.kubectl("foreign", "get deployment svc").is_err());
    let table = stage.kubectl("foreign", "get hcs svc").unwrap();
    assert!(table.contains("ResourceConflict"), "{table}");
    let why = "Service svc exists and is not managed by this operator";
    stage.described("foreign", "svc", &[why]).await.unwrap();

    stage
        .kubectl("foreign", "annotate hcs svc gitops-health.io/adopt=true")
        .unwrap();
    stage.until_ready("foreign", "svc").await.unwrap();
    let owner = stage
        .kubectl(
            "foreign",
            "get service svc -o jsonpath={.metadata.ownerReferences[0].kind}",
        )
        .unwrap();
    assert_eq!(owner, "HealthcareService");
}

#[tokio::test]
async fn an_object_of_another_controller_is_never_taken_over() {
    let stage = world();
    stage.namespace("controlled").unwrap();
    stage
        .cluster
        .apply(&manifest("first", "controlled", "registry.local/app:1", ""))
        .unwrap();
    let first = stage.until_ready("controlled", "first").await.unwrap();
    let uid = first.metadata.uid.unwrap();
    stage
        .cluster
        .apply(&format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: second\n  namespace: controlled\n  ownerReferences: [{{apiVersion: gitops-health.io/v1alpha1, kind: HealthcareService, name: first, uid: {uid}, controller: true}}]\n"
        ))
        .unwrap();
    stage
        .cluster
        .apply(&manifest("second", "controlled", "registry.local/app:1", ""))
        .unwrap();
    stage
        .kubectl("controlled", "annotate hcs second gitops-health.io/adopt=true")
        .unwrap();
    let stalled = |s: &_| condition(s, "Stalled") == Some(("True", "ResourceConflict"));
    let second = stage.until("controlled", "second", stalled).await.unwrap();
    let message = &second.status.unwrap().conditions[0].message;
    assert!(
        message.contains("controlled by HealthcareService first"),
        "{message}"
    );
}

/// Deleted and made again at once: the garbage collector has yet to take what the first one had.
#[tokio::test]
async fn a_service_made_again_waits_for_what_its_predecessor_left() {
    let stage = world();
    stage.namespace("again").unwrap();
    let service = manifest("app", "again", "registry.local/app:1", "");
    stage.cluster.apply(&service).unwrap();
    let first = stage.until_ready("again", "app").await.unwrap();
    // Holds what the first one had for as long as it stands.
    let hold = |finalizers: &str| {
        let patch = format!(r#"{{"metadata":{{"finalizers":{finalizers}}}}}"#);
        let line = [
            "-n", "again", "patch", "service", "app", "--type", "merge", "-p", &patch,
        ];
        stage.cluster.kubectl(&line).unwrap();
    };
    hold(r#"["example.org/hold"]"#);
    stage.kubectl("again", "delete hcs app").unwrap();
    stage.cluster.apply(&service).unwrap();
    let waits = |s: &_| condition(s, "Ready") == Some(("False", "WaitingForDeletion"));
    let second = stage.until("again", "app", waits).await.unwrap();
    assert_ne!(first.metadata.uid, second.metadata.uid);
    assert_eq!(condition(&second, "Stalled"), None);

    hold("null");
    let third = stage.until_ready("again", "app").await.unwrap();
    assert_eq!(third.status.unwrap().drift, [], "nobody disturbed anything");
}

#[tokio::test]
async fn callers_that_are_not_admitted_are_named() {
    let stage = world();
    stage.namespace("access").unwrap();
    stage
        .cluster
        .apply(&manifest("callee", "access", "registry.local/app:1", ""))
        .unwrap();
    let caller = manifest(
        "caller",
        "access",
        "registry.local/app:1",
        ", accessPolicy: {outbound: [{service: callee}]}",
    );
    stage.cluster.apply(&caller).unwrap();
    let refused = |s: &_| condition(s, "AccessPolicyConsistent") == Some(("False", "CalleeRefuses"));
    stage.until("access", "caller", refused).await.unwrap();
    let admitting = manifest(
        "callee",
        "access",
        "registry.local/app:1",
        ", accessPolicy: {inbound: [{service: caller}]}",
    );
    stage.cluster.apply(&admitting).unwrap();
    let admitted = |s: &_| condition(s, "AccessPolicyConsistent") == Some(("True", "CalleesAdmit"));
    stage.until("access", "caller", admitted).await.unwrap();
}
