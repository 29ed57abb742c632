//! The leader dies in the middle of its work.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;

use crate::support::manifest;
use crate::support::operator::Operator;
use crate::support::world::Stage;

const SERVICES: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_finishes_what_a_killed_leader_began() {
    let stage = Stage::start(true).await.unwrap();
    stage.namespace("failover").unwrap();
    let args = ["--lease-namespace", "failover", "--lease-duration-seconds", "6"];
    let mut first = Operator::start(&stage.proxy.kubeconfig, "first", &args).unwrap();
    wait_for_leader(&stage, "first").await;
    let mut second = Operator::start(&stage.proxy.kubeconfig, "second", &args).unwrap();
    second.wait_ready().await.unwrap();

    // The leader is killed right after the API server finished its hundredth write.
    let pid = first.pid().to_string();
    stage.proxy.after_write(move |number| {
        if number == 100 {
            let killed = std::process::Command::new("kill").args(["-9", &pid]).status();
            assert!(killed.is_ok_and(|status| status.success()));
        }
    });
    let all: Vec<_> = (0..SERVICES)
        .map(|n| manifest(&format!("svc-{n}"), "failover", "registry.local/app:1", ""))
        .collect();
    stage.cluster.apply(&all.join("---\n")).unwrap();
    for n in 0..SERVICES {
        stage.until_ready("failover", &format!("svc-{n}")).await.unwrap();
    }
    assert!(!first.is_running(), "the leader was to be killed");
    wait_for_leader(&stage, "second").await;

    // Nothing twice: one Deployment a service, one ReplicaSet a Deployment, and every child has one owner.
    let mut kinds = BTreeMap::new();
    for kind in [
        "deploy",
        "rs",
        "svc",
        "sa",
        "netpol",
        "hpa",
        "pdb",
        "servicemonitor",
        "prometheusrule",
    ] {
        let names = stage
            .kubectl(
                "failover",
                &format!("get {kind} -l gitops-health.io/service -o name"),
            )
            .unwrap();
        kinds.insert(kind, names.lines().count());
    }
    assert!(kinds.values().all(|count| *count == SERVICES), "{kinds:?}");
    stage.settled_writes("failover").await;
    let at_rest = stage.settled_writes("failover").await;
    assert_eq!(at_rest, Vec::<String>::new());
}

async fn wait_for_leader(stage: &Stage, identity: &str) {
    let leases: Api<Lease> = Api::namespaced(stage.client().await.unwrap(), "failover");
    for _ in 0..300 {
        let lease = leases.get_opt("healthcare-operator").await.unwrap();
        if lease.and_then(|lease| lease.spec?.holder_identity).as_deref() == Some(identity) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{identity} does not lead");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_leader_hands_over_at_once() {
    let stage = Stage::start(false).await.unwrap();
    stage.namespace("failover").unwrap();
    // Far longer than the test waits: only a released Lease lets the other lead in time.
    let args = ["--lease-namespace", "failover", "--lease-duration-seconds", "300"];
    let mut first = Operator::start(&stage.proxy.kubeconfig, "first", &args).unwrap();
    wait_for_leader(&stage, "first").await;
    let code = first.terminate().unwrap();
    assert_eq!(code, 0, "{}", first.log());
    let _second = Operator::start(&stage.proxy.kubeconfig, "second", &args).unwrap();
    wait_for_leader(&stage, "second").await;
}
