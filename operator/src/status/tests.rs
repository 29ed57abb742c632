use healthcare_crds::v1alpha1::InventoryEntry;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::outcome::Repair;
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
        rollout: None,
        access: None,
        template_pending: false,
        wants_monitoring: true,
        compliance: &crate::compliance::Judgement::NotAsked,
    }
}

fn entry(name: &str) -> InventoryEntry {
    InventoryEntry {
        api_version: "v1".into(),
        kind: "Service".into(),
        name: name.into(),
        uid: format!("uid-{name}"),
        fingerprint: None,
    }
}

fn repair(number: usize) -> Drift {
    Drift {
        kind: "Service".into(),
        name: NAME.into(),
        change: "changed".into(),
        fields: Vec::new(),
        manager: Some("kubectl-edit".into()),
        time: format!("2026-01-01T00:00:{number:02}Z"),
    }
}

fn repaired(number: usize) -> Repair {
    Repair {
        drift: repair(number),
        resource_version: None,
    }
}

#[test]
fn tells_what_runs() {
    let plan = planned(json!({
        "image": "registry.example.org/team/records:2.0.0",
        "exposure": {"hostnames": ["records.example.org"], "tlsSecretName": "cert"},
    }));
    let service = service(json!({"image": "registry.example.org/team/records:3.0.0"}));
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
        Some("registry.example.org/team/records:2.0.0"),
        "what is planned for the primary, whatever the spec says"
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
    let applied = |numbers: std::ops::Range<usize>| Applied {
        repairs: numbers.map(repaired).collect(),
        ..Applied::default()
    };
    let kept = drift(&applied(10..13), &before);
    assert_eq!(kept, [repair(12), repair(11), repair(10), repair(0), repair(1)]);
    assert_eq!(drift(&applied(0..0), &kept), kept);
    assert_eq!(drift(&applied(0..50), &[]).len(), KEPT_DRIFT);
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
        let first = Applied { inventory: vec![entry("a")], repairs: (0..repairs).map(repaired).collect(), ..Applied::default() };
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

/// Answers every write with `code`; at 200 with the object as version `left`. Gives what was written.
async fn written(
    memory: &StatusMemory,
    service: &HealthcareService,
    (code, left): (u16, &str),
) -> (Result<bool, Error>, Value) {
    let (sender, mut sent) = tokio::sync::mpsc::unbounded_channel();
    let left = left.to_owned();
    let answer = tower::service_fn(move |request: http::Request<kube::client::Body>| {
        let (sender, left) = (sender.clone(), left.clone());
        async move {
            let body: Value = serde_json::from_slice(&request.into_body().collect_bytes().await?).unwrap();
            let mut object = body.clone();
            object["metadata"]["uid"] = json!(crate::testing::UID);
            object["metadata"]["resourceVersion"] = json!(left);
            object["spec"] = json!({"image": "registry.example.org/team/records:1.0.0"});
            if code != 200 {
                object =
                    json!({"kind": "Status", "code": code, "status": "Failure", "reason": "", "message": ""});
            }
            sender.send(body).unwrap();
            let bytes = object.to_string().into_bytes();
            let answer = http::Response::builder()
                .status(code)
                .body(kube::client::Body::from(bytes));
            Ok::<_, kube::Error>(answer.unwrap())
        }
    });
    let client = Client::new(answer, "default");
    let status = HealthcareServiceStatus {
        observed_generation: Some(1),
        ..HealthcareServiceStatus::default()
    };
    let before = HealthcareServiceStatus::default();
    let result = write(&client, memory, service, &before, &status).await;
    (result, sent.recv().await.unwrap())
}

fn at_version(version: &str) -> HealthcareService {
    let mut service = service(json!({}));
    service.metadata.resource_version = Some(version.to_owned());
    service
}

#[tokio::test]
async fn a_write_names_the_newest_version_known() {
    let memory = StatusMemory::default();
    let version = |body: &Value| body["metadata"]["resourceVersion"].clone();
    let (done, body) = written(&memory, &at_version("5"), (200, "8")).await;
    assert_eq!((done.unwrap(), version(&body)), (true, json!("5")));
    let (_, body) = written(&memory, &at_version("5"), (200, "9")).await;
    assert_eq!(version(&body), json!("8"), "as we left it");
    let (_, body) = written(&memory, &at_version("20"), (200, "21")).await;
    assert_eq!(version(&body), json!("20"), "as somebody else left it");
}

/// An API server that has the service at version 9 with this status, and the answer to a write at version 5.
async fn written_to_a_changed_one(status: HealthcareServiceStatus) -> (Result<bool, Error>, Vec<Value>) {
    let mut now = at_version("9");
    now.status = Some(status);
    let now = serde_json::to_value(now).unwrap();
    let (sender, mut sent) = tokio::sync::mpsc::unbounded_channel();
    let answer = tower::service_fn(move |request: http::Request<kube::client::Body>| {
        let (sender, now) = (sender.clone(), now.clone());
        async move {
            let bytes = request.into_body().collect_bytes().await?;
            let version = serde_json::from_slice::<Value>(&bytes)
                .map_or(Value::Null, |body| body["metadata"]["resourceVersion"].clone());
            sender.send(version.clone()).unwrap();
            let refused =
                json!({"kind": "Status", "code": 409, "status": "Failure", "reason": "", "message": ""});
            let (code, answer) = if version == "5" {
                (409, refused)
            } else {
                (200, now)
            };
            let answer = http::Response::builder()
                .status(code)
                .body(kube::client::Body::from(answer.to_string().into_bytes()));
            Ok::<_, kube::Error>(answer.unwrap())
        }
    });
    let client = Client::new(answer, "default");
    let (memory, before) = (StatusMemory::default(), HealthcareServiceStatus::default());
    let status = HealthcareServiceStatus {
        observed_generation: Some(1),
        ..HealthcareServiceStatus::default()
    };
    let result = write(&client, &memory, &at_version("5"), &before, &status).await;
    let mut versions = Vec::new();
    while let Ok(version) = sent.try_recv() {
        versions.push(version);
    }
    (result, versions)
}

#[tokio::test]
async fn what_somebody_else_changed_of_the_service_does_not_keep_its_status_back() {
    let (done, versions) = written_to_a_changed_one(HealthcareServiceStatus::default()).await;
    assert!(done.unwrap());
    assert_eq!(versions, [json!("5"), Value::Null, json!("9")]);
}

#[tokio::test]
async fn a_status_that_somebody_else_wrote_is_not_overwritten() {
    let newer = HealthcareServiceStatus {
        observed_generation: Some(7),
        ..HealthcareServiceStatus::default()
    };
    let (conflict, versions) = written_to_a_changed_one(newer).await;
    assert_eq!(conflict.unwrap_err().retry(), crate::outcome::Retry::Backoff);
    assert_eq!(versions, [json!("5"), Value::Null]);
}

#[tokio::test]
async fn a_service_that_is_gone_has_no_status() {
    let (gone, _) = written(&StatusMemory::default(), &at_version("5"), (404, "")).await;
    assert!(!gone.unwrap());
}
