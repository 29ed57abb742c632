use healthcare_crds::v1alpha1::InventoryEntry;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::{NAME, planned, service};
use crate::workload::ReplicasOwner;

fn now() -> Timestamp {
    Timestamp::new(1000, 500_000_000).unwrap()
}

fn workload(available: i32) -> Workload {
    Workload {
        uid: "d".into(),
        resource_version: 9,
        generation: 2,
        observed_generation: 2,
        wanted: 3,
        replicas_owner: ReplicasOwner::Operator,
        replicas: 3,
        updated: 3,
        ready: available,
        available,
        is_available: available >= 3,
        failure: None,
    }
}

fn facts<'a>(plan: Option<&'a Plan>, workload: Option<&'a Workload>) -> Facts<'a> {
    Facts {
        plan,
        paused: false,
        error: None,
        workload,
        fault: None,
        access: None,
        wants_monitoring: true,
    }
}

fn entry(name: &str) -> InventoryEntry {
    InventoryEntry {
        api_version: "v1".into(),
        kind: "Service".into(),
        name: name.into(),
        uid: format!("uid-{name}"),
    }
}

fn repair(number: usize) -> Drift {
    Drift {
        kind: "Service".into(),
        name: NAME.into(),
        change: "changed".into(),
        manager: Some("kubectl-edit".into()),
        time: format!("2026-01-01T00:00:{number:02}Z"),
    }
}

#[test]
fn tells_what_runs() {
    let plan = planned(json!({"exposure": {"hostnames": ["records.example.org"], "tlsSecretName": "cert"}}));
    let service = service(json!({"image": "registry.example.org/team/records:2.0.0"}));
    let workload = workload(2);
    let applied = Applied {
        inventory: vec![entry("a")],
        ..Applied::default()
    };
    let before = HealthcareServiceStatus::default();
    let status = report(
        &service,
        &facts(Some(&plan), Some(&workload)),
        &applied,
        &before,
        now(),
    );
    assert_eq!(status.observed_generation, Some(1));
    assert_eq!((status.replicas, status.ready_replicas), (Some(3), Some(2)));
    assert_eq!(status.available.as_deref(), Some("2/3"));
    assert_eq!(
        status.image.as_deref(),
        Some("registry.example.org/team/records:2.0.0")
    );
    assert_eq!(status.url.as_deref(), Some("https://records.example.org/"));
    assert_eq!(
        status.selector.as_deref(),
        Some("gitops-health.io/service=records,gitops-health.io/track=primary"),
        "the scale subresource selects the pods by it"
    );
    assert_eq!(status.inventory, [entry("a")]);
}

#[test]
fn nothing_runs_before_the_first_deployment() {
    let plan = planned(json!({}));
    let status = report(
        &service(json!({})),
        &facts(Some(&plan), None),
        &Applied::default(),
        &HealthcareServiceStatus::default(),
        now(),
    );
    assert_eq!(
        (
            status.replicas,
            status.ready_replicas,
            status.available.as_deref()
        ),
        (Some(0), Some(0), Some("0/0"))
    );
}

#[test]
fn paused_service_keeps_what_was_applied() {
    let (plan, workload) = (planned(json!({})), workload(3));
    let service = service(json!({"paused": true, "image": "registry.example.org/team/records:9.0.0"}));
    let before = HealthcareServiceStatus {
        image: Some("registry.example.org/team/records:1.0.0".into()),
        inventory: vec![entry("a"), entry("b")],
        ..HealthcareServiceStatus::default()
    };
    let facts = Facts {
        paused: true,
        ..facts(Some(&plan), Some(&workload))
    };
    let status = report(&service, &facts, &Applied::default(), &before, now());
    assert_eq!((status.image, status.inventory), (before.image, before.inventory));
    assert_eq!(status.observed_generation, Some(1));
}

/// Pruning works from the inventory: a pass that failed must not lose an entry.
#[test]
fn inventory_is_what_the_pass_left() {
    let plan = planned(json!({}));
    let before = HealthcareServiceStatus {
        inventory: vec![entry("old")],
        ..HealthcareServiceStatus::default()
    };
    let applied = Applied {
        inventory: vec![entry("new")],
        ..Applied::default()
    };
    let status = report(
        &service(json!({})),
        &facts(Some(&plan), None),
        &applied,
        &before,
        now(),
    );
    assert_eq!(status.inventory, [entry("new")]);
}

#[test]
fn the_last_repairs_come_first_and_are_few() {
    let before: Vec<_> = (0..4).map(repair).collect();
    let kept = drift(&[repair(10), repair(11), repair(12)], &before);
    assert_eq!(kept, [repair(12), repair(11), repair(10), repair(0), repair(1)]);
    assert_eq!(drift(&[], &kept), kept);
    let many: Vec<_> = (0..50).map(repair).collect();
    assert_eq!(drift(&many, &[]).len(), KEPT_DRIFT);
}

#[test]
fn requested_reconcile_is_answered_and_remembered() {
    let plan = planned(json!({}));
    let mut asked = service(json!({}));
    asked.metadata.annotations = Some([(keys::RECONCILE_REQUESTED_AT.to_owned(), "now-1".to_owned())].into());
    let facts = facts(Some(&plan), None);
    let status = report(
        &asked,
        &facts,
        &Applied::default(),
        &HealthcareServiceStatus::default(),
        now(),
    );
    assert_eq!(status.last_handled_reconcile_at.as_deref(), Some("now-1"));
    let later = report(&service(json!({})), &facts, &Applied::default(), &status, now());
    assert_eq!(later.last_handled_reconcile_at.as_deref(), Some("now-1"));
}

/// A spec that cannot be planned leaves the selector: the scale subresource goes on working.
#[test]
fn without_a_plan_the_selector_stays() {
    let before = HealthcareServiceStatus {
        selector: Some("a=b".into()),
        ..HealthcareServiceStatus::default()
    };
    let status = report(
        &service(json!({})),
        &facts(None, None),
        &Applied::default(),
        &before,
        now(),
    );
    assert_eq!((status.selector, status.url), (before.selector, None));
}

/// What comes back from the API server: the status through JSON.
fn stored(status: &HealthcareServiceStatus) -> HealthcareServiceStatus {
    serde_json::from_value(serde_json::to_value(status).unwrap()).unwrap()
}

proptest! {
    /// The same facts a second time are the same status: otherwise every write would lead to the next.
    #[test]
    fn same_facts_are_the_same_status(
        available in 0..4i32,
        min in 0..3i32,
        paused: bool,
        repairs in 0..8usize,
        seconds in prop::collection::vec(0..100_000i64, 1..4),
    ) {
        let plan = planned(json!({"scaling": {"minReplicas": min}}));
        let (service, workload) = (service(json!({"paused": paused})), workload(available));
        let facts = Facts { paused, ..facts(Some(&plan), Some(&workload)) };
        let first = Applied { inventory: vec![entry("a")], repairs: (0..repairs).map(repair).collect(), ..Applied::default() };
        let calm = Applied { inventory: first.inventory.clone(), ..Applied::default() };
        let mut known = stored(&report(&service, &facts, &first, &HealthcareServiceStatus::default(), now()));
        for second in seconds {
            let later = Timestamp::new(1000 + second, 7).unwrap();
            let again = report(&service, &facts, &calm, &known, later);
            prop_assert_eq!(&again, &known);
            known = stored(&again);
        }
    }
}

fn shown(version: &str, image: &str) -> HealthcareService {
    let mut service = service(json!({}));
    service.metadata.resource_version = Some(version.to_owned());
    service.status = Some(HealthcareServiceStatus {
        image: Some(image.into()),
        ..HealthcareServiceStatus::default()
    });
    service
}

#[test]
fn memory_bridges_a_watch_that_lags_behind() {
    let memory = StatusMemory::default();
    let newest = |service: &HealthcareService| memory.newest(service).image;
    assert_eq!(newest(&shown("10", "seen")).as_deref(), Some("seen"));
    memory.record(&shown("20", "written"));
    assert_eq!(
        newest(&shown("10", "seen")).as_deref(),
        Some("written"),
        "the watch is older"
    );
    assert_eq!(newest(&shown("20", "written")).as_deref(), Some("written"));
    assert_eq!(
        newest(&shown("21", "newer")).as_deref(),
        Some("newer"),
        "somebody wrote after us"
    );
    memory.forget(&shown("1", "").uid().unwrap());
    assert_eq!(newest(&shown("10", "seen")).as_deref(), Some("seen"));
}
