//! The process is killed after each single write in turn.

use std::time::Duration;

use k8s_openapi::api::networking::v1::Ingress;
use kube::Api;
use serde_json::Value;

use crate::support::operator::{Operator, signal};
use crate::support::world::Stage;
use crate::support::{example, manifest};

/// Kills the operator after write number 1, then after number 2, …; each time a new one finishes the work. Whatever the
/// place of the crash, the same objects come out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_restart_converges_to_the_same_state() {
    let stage = Stage::start(true).await.unwrap();
    let reference = converge(&stage, "whole", None).await;
    let mut crashes = 0;
    for number in 1.. {
        let namespace = format!("crash-{number}");
        let Some(children) = converge(&stage, &namespace, Some(number)).await else {
            break;
        };
        crashes += 1;
        assert_eq!(Some(&children), reference.as_ref(), "killed after write {number}");
    }
    assert!(
        crashes >= 12,
        "eleven children and a status are at least twelve writes: {crashes}"
    );
}

/// A child that no status tells of, because its maker was killed first, and that the spec does not want any more when the
/// next operator starts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_made_before_a_crash_and_is_not_wanted_after_it_is_removed() {
    let (stage, namespace) = (Stage::start(false).await.unwrap(), "dropped");
    stage.namespace(namespace).unwrap();
    let mut doomed = Operator::ready(&stage.proxy.kubeconfig, "doomed", &[])
        .await
        .unwrap();
    let (pid, client) = (doomed.pid(), stage.client().await.unwrap());
    let ingresses: Api<Ingress> = Api::namespaced(client, namespace);
    // ServiceAccount, ControllerRevision, NetworkPolicy, Service, Deployment, Ingress.
    stage.proxy.restart_count();
    stage.proxy.after_write(move |number| {
        if number == 6 {
            signal("-KILL", pid);
        }
    });
    let exposed = ", scaling: {minReplicas: 1, maxReplicas: 1}, exposure: {hostnames: [app.example.org]}";
    let service = |rest| manifest("app", namespace, "registry.local/app:1", rest);
    stage.cluster.apply(&service(exposed)).unwrap();
    while doomed.is_running() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stage.proxy.after_write(|_| ());
    assert!(ingresses.get_opt("app").await.unwrap().is_some());
    let status = stage.kubectl(namespace, "get hcs app -o jsonpath={.status.inventory}");
    assert_eq!(status.unwrap(), "");

    stage
        .cluster
        .apply(&service(", scaling: {minReplicas: 1, maxReplicas: 1}"))
        .unwrap();
    let mut heir = Operator::ready(&stage.proxy.kubeconfig, "heir", &[])
        .await
        .unwrap();
    stage.until_ready(namespace, "app").await.unwrap();
    assert!(ingresses.get_opt("app").await.unwrap().is_none());
    heir.kill().unwrap();
}

/// The answer to the request that made a child never came, so that the inventory has it by its uid alone; and then somebody took
/// the owner out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_the_inventory_lists_is_ours_without_its_owner() {
    let (stage, namespace) = (Stage::start(false).await.unwrap(), "listed");
    stage.namespace(namespace).unwrap();
    let mut first = Operator::ready(&stage.proxy.kubeconfig, "first", &[])
        .await
        .unwrap();
    let service = manifest("app", namespace, "registry.local/app:1", "");
    stage.cluster.apply(&service).unwrap();
    stage.until_ready(namespace, "app").await.unwrap();
    stage.settled_writes(namespace).await;
    first.kill().unwrap();
    let listed = "get hcs app -o jsonpath={.status.inventory[0].kind}";
    assert_eq!(stage.kubectl(namespace, listed).unwrap(), "ServiceAccount");
    for forget in [
        r#"patch hcs app --subresource=status --type=json -p [{"op":"remove","path":"/status/inventory/0/fingerprint"}]"#,
        r#"patch sa app --type=json -p [{"op":"remove","path":"/metadata/ownerReferences"}]"#,
    ] {
        stage.kubectl(namespace, forget).unwrap();
    }
    let mut heir = Operator::ready(&stage.proxy.kubeconfig, "heir", &[])
        .await
        .unwrap();
    let owner = "get sa app -o jsonpath={.metadata.ownerReferences[0].kind}";
    for _ in 0..100 {
        if stage.kubectl(namespace, owner).unwrap() == "HealthcareService" {
            return heir.kill().unwrap();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{}", stage.kubectl(namespace, "describe hcs app").unwrap());
}

/// Applies the example with an operator that is killed after `crash` writes, then lets another one finish. None when
/// the first one finished before that.
async fn converge(stage: &Stage, namespace: &str, crash: Option<usize>) -> Option<Vec<Value>> {
    stage.namespace(namespace).unwrap();
    let args = ["--watch-namespaces", namespace];
    let mut operator = Operator::ready(&stage.proxy.kubeconfig, "doomed", &args)
        .await
        .unwrap();
    stage.proxy.restart_count();
    let pid = operator.pid();
    stage.proxy.after_write(move |number| {
        if Some(number) == crash {
            signal("-KILL", pid);
        }
    });
    stage
        .cluster
        .apply(&example("synthetic-phi-service", namespace))
        .unwrap();
    if crash.is_some() {
        for _ in 0..100 {
            if !operator.is_running() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        if operator.is_running() {
            return None;
        }
        stage.proxy.after_write(|_| ());
        operator = Operator::ready(&stage.proxy.kubeconfig, "heir", &args)
            .await
            .unwrap();
    }
    stage
        .until_ready(namespace, "synthetic-phi-service")
        .await
        .unwrap();
    stage.settled_writes(namespace).await;
    operator.kill().unwrap();
    Some(state(stage, namespace))
}

/// Every child, less what differs between any two objects.
fn state(stage: &Stage, namespace: &str) -> Vec<Value> {
    let kinds =
        "deploy,svc,sa,cm,hpa,pdb,netpol,servicemonitor,prometheusrule,ingress,controllerrevision.apps";
    let text = stage
        .kubectl(
            namespace,
            &format!("get {kinds} -l gitops-health.io/service -o json"),
        )
        .unwrap();
    // Names of namespaces differ, nothing else.
    let text = text.replace(namespace, "NAMESPACE");
    let mut list: Value = serde_json::from_str(&text).unwrap();
    let items = list["items"].as_array_mut().unwrap();
    for item in items.iter_mut() {
        let metadata = item["metadata"].as_object_mut().unwrap();
        for noise in [
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "generation",
            "annotations",
        ] {
            metadata.remove(noise);
        }
        metadata["ownerReferences"][0]
            .as_object_mut()
            .unwrap()
            .remove("uid");
        let object = item.as_object_mut().unwrap();
        object.remove("status");
        if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
            spec.remove("clusterIP");
            spec.remove("clusterIPs");
        }
    }
    items.clone()
}
