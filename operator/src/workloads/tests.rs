use serde_json::json;

use super::*;

fn deployment(uid: &str, service: &str, version: &str) -> DeploymentView {
    serde_json::from_value(json!({
        "metadata": {
            "namespace": "clinic", "name": "records", "uid": uid, "resourceVersion": version,
            "ownerReferences": [{
                "apiVersion": "gitops-health.io/v1alpha1", "kind": "HealthcareService", "name": "records", "uid": service,
                "controller": true,
            }],
        },
    }))
    .unwrap()
}

fn known(workloads: &Workloads) -> Option<String> {
    workloads.get("clinic", "records").map(|workload| workload.uid)
}

#[test]
fn an_older_state_is_ignored() {
    let workloads = Workloads::default();
    assert_eq!(workloads.saw(&deployment("1", "a", "5")), Some(Moved::State));
    assert_eq!(workloads.saw(&deployment("1", "a", "4")), None);
    assert_eq!(workloads.get("clinic", "records").unwrap().resource_version, 5);
}

/// Watches are late each by its own.
#[test]
fn what_is_gone_takes_nothing_along_that_took_its_name() {
    let workloads = Workloads::default();
    workloads.saw(&deployment("1", "a", "5"));
    workloads.saw(&deployment("2", "b", "9"));
    workloads.deleted("clinic", "records", "1");
    workloads.forget_of("clinic", "records", "a");
    assert_eq!(known(&workloads).as_deref(), Some("2"));
    workloads.forget_of("clinic", "records", "b");
    assert_eq!(known(&workloads), None);
    workloads.saw(&deployment("2", "b", "9"));
    workloads.deleted("clinic", "records", "2");
    assert_eq!(known(&workloads), None);
}
