//! The leader dies, stalls or leaves in the middle of its work.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;

use crate::support::manifest;
use crate::support::operator::{Operator, signal};
use crate::support::proxy::Proxy;
use crate::support::world::Stage;

const NAMESPACE: &str = "failover";
const SERVICES: usize = 50;
const SHORT_LEASE: [&str; 4] = ["--lease-namespace", NAMESPACE, "--lease-duration-seconds", "6"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_finishes_what_a_killed_leader_began() {
    let stage = Stage::start(true).await.unwrap();
    let (mut first, _second) = leader_and_standby(&stage, (&stage.proxy, &stage.proxy)).await;
    signal_after_write(&stage.proxy, 100, "-KILL", &first);
    apply_services(&stage);
    all_ready(&stage).await;
    assert!(!first.is_running(), "the leader was to be killed");
    wait_for_leader(&stage, "second").await;
    nothing_twice(&stage);
    assert_at_rest(&stage).await;
}

/// A process that stood still beyond its lease believes that it leads when it goes on: it must not write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_stood_still_writes_nothing_when_it_goes_on() {
    let stage = Stage::start(true).await.unwrap();
    let own = proxy(&stage).await;
    let (mut first, _second) = leader_and_standby(&stage, (&own, &stage.proxy)).await;
    signal_after_write(&own, 100, "-STOP", &first);
    apply_services(&stage);
    all_ready(&stage).await;
    wait_for_leader(&stage, "second").await;
    assert_at_rest(&stage).await;
    let before = own.take_writes(NAMESPACE);
    assert!(
        before.len() >= 100,
        "the first was to be stopped in the middle: {}",
        before.len()
    );

    signal("-CONT", first.pid());
    for _ in 0..300 {
        if !first.is_running() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!first.is_running(), "it was to end:\n{}", first.log());
    assert_eq!(own.take_writes(NAMESPACE), Vec::<String>::new());
    nothing_twice(&stage);
}

/// Its watch of services is down when it takes over, and the leader before it has acted on more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_lags_behind_takes_nothing_back() {
    let stage = Stage::start(true).await.unwrap();
    let own = proxy(&stage).await;
    let (mut first, second) = leader_and_standby(&stage, (&stage.proxy, &own)).await;
    for name in ["changed", "deleted"] {
        let service = manifest(name, NAMESPACE, "registry.local/app:1", "");
        stage.cluster.apply(&service).unwrap();
        stage.until_ready(NAMESPACE, name).await.unwrap();
    }
    // The standby has seen them so.
    tokio::time::sleep(Duration::from_secs(1)).await;
    own.hold_watches(true);
    stage
        .patch_spec(NAMESPACE, "changed", r#"{"image": "registry.local/app:2"}"#)
        .unwrap();
    stage.kubectl(NAMESPACE, "delete hcs deleted").unwrap();
    stage.until_ready(NAMESPACE, "changed").await.unwrap();
    first.kill().unwrap();
    leads_without_a_write(&stage, &second, &own).await;

    own.hold_watches(false);
    stage
        .patch_spec(NAMESPACE, "changed", r#"{"image": "registry.local/app:3"}"#)
        .unwrap();
    let service = stage.until_ready(NAMESPACE, "changed").await.unwrap();
    assert_eq!(
        service.status.unwrap().image.as_deref(),
        Some("registry.local/app:3")
    );
}

/// Each watch is late by its own: that a service was deleted may be heard after what was made for the next one of its name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_knows_what_was_made_for_a_service_made_again() {
    let stage = Stage::start(true).await.unwrap();
    let own = proxy(&stage).await;
    let (mut first, second) = leader_and_standby(&stage, (&stage.proxy, &own)).await;
    let service = manifest("again", NAMESPACE, "registry.local/app:1", "");
    stage.cluster.apply(&service).unwrap();
    stage.until_ready(NAMESPACE, "again").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    own.hold_watches(true);
    stage.kubectl(NAMESPACE, "delete hcs again").unwrap();
    stage
        .kubectl(NAMESPACE, "wait --for=delete deployment/again --timeout=60s")
        .unwrap();
    stage.cluster.apply(&service).unwrap();
    stage.until_ready(NAMESPACE, "again").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    own.hold_watches(false);
    tokio::time::sleep(Duration::from_secs(1)).await;
    first.kill().unwrap();
    leads_without_a_write(&stage, &second, &own).await;
    stage.until_ready(NAMESPACE, "again").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_leader_hands_over_at_once() {
    let stage = Stage::start(false).await.unwrap();
    stage.namespace(NAMESPACE).unwrap();
    // Far longer than the test waits: only a released Lease lets the other lead in time.
    let args = ["--lease-namespace", NAMESPACE, "--lease-duration-seconds", "300"];
    let mut first = Operator::start(&stage.proxy.kubeconfig, "first", &args).unwrap();
    wait_for_leader(&stage, "first").await;
    let code = first.terminate().unwrap();
    assert_eq!(code, 0, "{}", first.log());
    let _second = Operator::start(&stage.proxy.kubeconfig, "second", &args).unwrap();
    wait_for_leader(&stage, "second").await;
}

/// Another proxy before the same API server.
async fn proxy(stage: &Stage) -> Proxy {
    let upstream = stage.client().await.unwrap();
    Proxy::start(upstream, &stage.cluster.layout().conf())
        .await
        .unwrap()
}

/// The standby, behind a proxy of its own, finds all as it should be.
async fn leads_without_a_write(stage: &Stage, second: &Operator, own: &Proxy) {
    wait_for_leader(stage, "second").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(
        own.take_writes(NAMESPACE),
        Vec::<String>::new(),
        "{}",
        second.log()
    );
}

/// Each behind a proxy.
async fn leader_and_standby(stage: &Stage, proxies: (&Proxy, &Proxy)) -> (Operator, Operator) {
    stage.namespace(NAMESPACE).unwrap();
    let first = Operator::start(&proxies.0.kubeconfig, "first", &SHORT_LEASE).unwrap();
    wait_for_leader(stage, "first").await;
    let mut second = Operator::start(&proxies.1.kubeconfig, "second", &SHORT_LEASE).unwrap();
    second.wait_ready().await.unwrap();
    (first, second)
}

/// Sends a signal right after the API server finished a write, before the operator learns of it.
fn signal_after_write(proxy: &Proxy, wanted: usize, name: &'static str, operator: &Operator) {
    let pid = operator.pid();
    proxy.after_write(move |number| {
        if number == wanted {
            signal(name, pid);
        }
    });
}

fn apply_services(stage: &Stage) {
    let all: Vec<_> = (0..SERVICES)
        .map(|n| manifest(&format!("svc-{n}"), NAMESPACE, "registry.local/app:1", ""))
        .collect();
    stage.cluster.apply(&all.join("---\n")).unwrap();
}

async fn all_ready(stage: &Stage) {
    for n in 0..SERVICES {
        stage.until_ready(NAMESPACE, &format!("svc-{n}")).await.unwrap();
    }
}

/// One Deployment a service, one ReplicaSet a Deployment, and so on.
fn nothing_twice(stage: &Stage) {
    let kinds = "deploy rs svc sa netpol hpa pdb servicemonitor prometheusrule";
    let counts: BTreeMap<_, _> = kinds
        .split(' ')
        .map(|kind| {
            let line = format!("get {kind} -l gitops-health.io/service -o name");
            (kind, stage.kubectl(NAMESPACE, &line).unwrap().lines().count())
        })
        .collect();
    assert!(counts.values().all(|count| *count == SERVICES), "{counts:?}");
}

async fn assert_at_rest(stage: &Stage) {
    stage.settled_writes(NAMESPACE).await;
    let at_rest = stage.settled_writes(NAMESPACE).await;
    assert_eq!(at_rest, Vec::<String>::new());
}

async fn wait_for_leader(stage: &Stage, identity: &str) {
    let leases: Api<Lease> = Api::namespaced(stage.client().await.unwrap(), NAMESPACE);
    for _ in 0..300 {
        let lease = leases.get_opt("healthcare-operator").await.unwrap();
        if lease.and_then(|lease| lease.spec?.holder_identity).as_deref() == Some(identity) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{identity} does not lead");
}
