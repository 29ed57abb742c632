//! An operator that is killed again and again, after one write, two, three: every state that a rollout goes through is found
//! by a new process. Some live for a whole pass: what was applied and not told in the status yet is applied once more.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::RolloutPhase;
use kube::Api;

use super::{assert_alone, is_in, serving};
use crate::support::operator::{Operator, signal};
use crate::support::proxy::Proxy;
use crate::support::world::{PATIENCE, Stage};

/// Writes of the longest life; more than a pass has that changes every child.
const LONGEST_LIFE: usize = 20;

/// Strategies with the deaths that a rollout survives at least.
const STRATEGIES: [(&str, usize); 3] = [("Rolling", 3), ("Canary", 5), ("BlueGreen", 5)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_every_write_a_rollout_goes_on() {
    let stage = Stage::start(false).await.unwrap();
    let good = STRATEGIES.map(|(strategy, writes)| {
        let stage = &stage;
        async move {
            let (killed, phase) = rolled_out(stage, strategy, "app").await;
            assert_eq!(phase, RolloutPhase::Completed, "{strategy}");
            assert!(killed >= writes, "{strategy}: killed {killed} times only");
        }
    });
    join_all(good).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_every_write_a_rollout_goes_back() {
    let stage = Stage::start(false).await.unwrap();
    let bad = STRATEGIES.map(|(strategy, _)| {
        let stage = &stage;
        async move {
            let (killed, phase) = rolled_out(stage, strategy, "crash").await;
            assert_eq!(phase, RolloutPhase::RolledBack, "{strategy}");
            assert!(killed >= 3, "{strategy}: killed {killed} times only");
        }
    });
    join_all(bad).await;
}

/// Rolls out `image` by operators of which none lives long. Tells how many died, and how the rollout ended.
async fn rolled_out(stage: &Stage, strategy: &str, image: &str) -> (usize, RolloutPhase) {
    let namespace = format!("killed-{image}-{}", strategy.to_lowercase());
    let args = ["--watch-namespaces", &namespace];
    let client = stage.client().await.unwrap();
    let proxy = Proxy::start(client.clone(), &stage.cluster.layout().conf())
        .await
        .unwrap();
    let mut first = Operator::ready(&proxy.kubeconfig, &namespace, &args)
        .await
        .unwrap();
    serving(stage, &namespace, strategy).await;
    first.kill().unwrap();
    let wanted = format!("registry.local/{image}:2.0.0");
    let change = serde_json::json!({"image": wanted, "config": {"MODE": "second"}});
    stage.patch_spec(&namespace, "svc", &change.to_string()).unwrap();
    let api: Api<HealthcareService> = Api::namespaced(client, &namespace);
    let mut killed = 0;
    while one_life(&proxy, &args, &api, 1 + killed % LONGEST_LIFE).await {
        killed += 1;
        assert!(killed < 200, "{namespace}: it does not come to rest");
    }
    let ended = api.get("svc").await.unwrap();
    let phase = if is_in(&ended, RolloutPhase::Completed) {
        assert_alone(stage, &namespace, &wanted);
        RolloutPhase::Completed
    } else {
        let deployments = stage.kubectl(&namespace, "get deployments -o name").unwrap();
        assert_eq!(deployments.trim(), "deployment.apps/svc");
        ended.status.unwrap().rollout.unwrap().phase
    };
    (killed, phase)
}

/// An operator that dies after so many writes. Tells whether it did: it does not once nothing is left to write.
async fn one_life(proxy: &Proxy, args: &[&str], api: &Api<HealthcareService>, writes: usize) -> bool {
    let mut operator = mortal(proxy, args, writes);
    let mut rest = 0;
    for _ in 0..PATIENCE.as_millis() / 100 {
        if !operator.is_running() {
            return true;
        }
        let service = api.get("svc").await.unwrap();
        let is_over = is_in(&service, RolloutPhase::Completed) || is_in(&service, RolloutPhase::RolledBack);
        rest = if is_over { rest + 1 } else { 0 };
        // Its start, and then some: what it has to write it writes at once.
        if rest > 50 {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!(
        "the operator neither writes nor comes to the end:\n{}",
        operator.log()
    );
}

fn mortal(proxy: &Proxy, args: &[&str], writes: usize) -> Operator {
    let pid = Arc::new(AtomicUsize::new(0));
    let of = Arc::clone(&pid);
    proxy.restart_count();
    proxy.after_write(move |number| {
        if number < writes {
            return;
        }
        let pid = of.swap(0, Ordering::SeqCst);
        if pid > 0 {
            signal("-KILL", u32::try_from(pid).unwrap());
        }
    });
    let kubeconfig: &Path = &proxy.kubeconfig;
    let args = [&["--leader-elect", "false"], args].concat();
    let operator = Operator::start(kubeconfig, "mortal", &args).unwrap();
    pid.store(operator.pid() as usize, Ordering::SeqCst);
    operator
}
