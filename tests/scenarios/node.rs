//! The whole thing on a real node: images built here, installed with Helm, running as pods.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use local_cluster::{Cluster, Options};

use crate::support::load::Load;
use crate::support::{checkout, example};

const RELEASE: [&str; 2] = ["-n", "healthcare-operator"];
const APP: &str = "synthetic-phi-service";
const POD_UIDS: &str = "get pods -l gitops-health.io/service -o jsonpath={.items[*].metadata.uid}";

#[test]
fn installed_with_helm_a_service_runs_is_guarded_and_survives() {
    let cluster = Cluster::start(Options {
        node: true,
        measured: false,
    })
    .unwrap();
    prepare(&cluster).unwrap();
    install(&cluster, &[]).unwrap();
    apply_example(&cluster).unwrap();

    answers_through_its_cluster_ip(&cluster).unwrap();
    let children = kubectl(&cluster, "get deploy,svc,sa,cm,hpa,pdb,netpol,servicemonitor,prometheusrule,ingress -l gitops-health.io/service -o name").unwrap();
    assert_eq!(children.lines().count(), 10, "{children}");
    callers_are_told_apart(&cluster).unwrap();
    autoscaler_has_metrics(&cluster).unwrap();
    a_rolling_update_loses_no_request(&cluster).unwrap();
    a_drain_respects_the_budget(&cluster).unwrap();
    pods_survive_upgrade_uninstall_and_reinstall(&cluster).unwrap();
}

/// CRDs, namespaces and images.
pub(crate) fn prepare(cluster: &Cluster) -> Result<()> {
    cluster.install_monitoring_crds()?;
    for name in ["healthcare", "healthcare-operator", "monitoring"] {
        let manifest = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/enforce-version: v1.36}}}}\n"
        );
        cluster.apply(&manifest)?;
    }
    load(cluster, "healthcare-operator")?;
    load(cluster, APP)
}

/// Puts an image of this workspace on the node.
pub(crate) fn load(cluster: &Cluster, image: &str) -> Result<()> {
    let archive = checkout(&format!("target/images/{image}.tar"));
    if !archive.is_file() {
        bail!("{} is missing: run `make images`", archive.display());
    }
    cluster.load_image(&archive)
}

pub(crate) fn install(cluster: &Cluster, more: &[&str]) -> Result<String> {
    let chart = checkout("charts/healthcare-operator").display().to_string();
    let fixed = [
        "upgrade",
        "--install",
        "healthcare-operator",
        &chart,
        "--wait",
        "--timeout",
        "300s",
        "--set",
        "monitoring.enabled=true",
    ];
    cluster.helm(&[&fixed, RELEASE.as_slice(), more].concat())
}

fn apply_example(cluster: &Cluster) -> Result<()> {
    cluster.apply(&example(APP, "healthcare"))?;
    kubectl(
        cluster,
        "wait --for=condition=Ready hcs/synthetic-phi-service --timeout=300s",
    )?;
    Ok(())
}

pub(crate) fn kubectl(cluster: &Cluster, line: &str) -> Result<String> {
    cluster.kubectl(
        &["-n", "healthcare"]
            .into_iter()
            .chain(line.split(' '))
            .collect::<Vec<_>>(),
    )
}

/// From the node itself, through kube-proxy.
fn answers_through_its_cluster_ip(cluster: &Cluster) -> Result<()> {
    let address = kubectl(
        cluster,
        "get svc synthetic-phi-service -o jsonpath={.spec.clusterIP}",
    )?;
    let url = format!("http://{address}/synthetic-patient");
    let answer = output(cluster.in_network("curl")?.args([
        "-sf",
        "--retry",
        "10",
        "--retry-delay",
        "1",
        "--retry-connrefused",
        "--max-time",
        "30",
        &url,
    ]))?;
    let patient: serde_json::Value = serde_json::from_str(&answer)?;
    assert!(patient.is_object(), "{patient}");
    Ok(())
}

/// A listed caller gets through by name (so DNS works too), another does not; Prometheus may scrape.
fn callers_are_told_apart(cluster: &Cluster) -> Result<()> {
    let health = "http://synthetic-phi-service.healthcare/health";
    let metrics = "http://synthetic-phi-service.healthcare/metrics";
    assert_eq!(
        call(cluster, "listed", "healthcare", "access: synthetic-phi", health)?,
        "Succeeded"
    );
    assert_eq!(
        call(cluster, "stranger", "healthcare", "role: stranger", health)?,
        "Failed"
    );
    assert_eq!(
        call(cluster, "prometheus", "monitoring", "app: prometheus", metrics)?,
        "Succeeded"
    );
    Ok(())
}

/// Runs a pod that asks once, and tells how it ended. The operator's image holds the only HTTP client needed.
fn call(cluster: &Cluster, name: &str, namespace: &str, label: &str, url: &str) -> Result<String> {
    cluster.apply(&format!(
        r#"apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: {namespace}, labels: {{{label}}}}}
spec:
  restartPolicy: Never
  securityContext: {{runAsNonRoot: true, runAsUser: 65532, seccompProfile: {{type: RuntimeDefault}}}}
  containers:
    - name: ask
      image: registry.local/gitops-health/healthcare-operator:0.1.0
      args: [probe, --url, "{url}"]
      securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
"#
    ))?;
    eventually("the caller ends", Duration::from_mins(1), || {
        let phase = cluster.kubectl(&[
            "-n",
            namespace,
            "get",
            "pod",
            name,
            "-o",
            "jsonpath={.status.phase}",
        ])?;
        Ok(matches!(phase.as_str(), "Succeeded" | "Failed").then_some(phase))
    })
}

fn autoscaler_has_metrics(cluster: &Cluster) -> Result<()> {
    eventually("the autoscaler has metrics", Duration::from_mins(2), || {
        let path = "get hpa synthetic-phi-service -o jsonpath={.status.currentMetrics[*].resource.current.averageUtilization}";
        let current = kubectl(cluster, path)?;
        Ok((current.split_whitespace().count() == 2).then_some(()))
    })
}

/// Every pod is replaced twice while kept-alive connections are in use.
fn a_rolling_update_loses_no_request(cluster: &Cluster) -> Result<()> {
    // Three for good: the load must not make the autoscaler add pods, for what follows counts them.
    patch_spec(cluster, r#"{"scaling":{"maxReplicas":3}}"#)?;
    eventually("the autoscaler is gone", Duration::from_mins(1), || {
        Ok(kubectl(cluster, "get hpa -o name")?.is_empty().then_some(()))
    })?;
    let address = kubectl(
        cluster,
        "get svc synthetic-phi-service -o jsonpath={.spec.clusterIP}",
    )?;
    let load = Load::start(cluster, &format!("http://{address}/synthetic-patient"))?;
    for round in ["one", "two"] {
        let before = kubectl(cluster, POD_UIDS)?;
        patch_spec(cluster, &format!(r#"{{"config":{{"ROUND":"{round}"}}}}"#))?;
        eventually("every pod is a new one", Duration::from_mins(3), || {
            let now = kubectl(cluster, POD_UIDS)?;
            let replaced = now.split(' ').count() == 3 && now.split(' ').all(|uid| !before.contains(uid));
            Ok(replaced.then_some(()))
        })?;
    }
    let report = load.finish()?;
    assert_eq!(report["failures"], 0, "{report}");
    assert_eq!(report["answers"]["200"], report["requests"], "{report}");
    assert!(report["requests"].as_u64() > Some(1000), "{report}");
    Ok(())
}

fn patch_spec(cluster: &Cluster, spec: &str) -> Result<()> {
    let patch = format!(r#"{{"spec":{spec}}}"#);
    cluster.kubectl(&[
        "-n",
        "healthcare",
        "patch",
        "hcs",
        APP,
        "--type",
        "merge",
        "-p",
        &patch,
    ])?;
    Ok(())
}

/// One of three may go; with the node cordoned no replacement comes, so the next eviction is refused.
fn a_drain_respects_the_budget(cluster: &Cluster) -> Result<()> {
    let selector = "--pod-selector=gitops-health.io/service=synthetic-phi-service";
    let drain = format!("drain node-1 {selector} --delete-emptydir-data --timeout=15s");
    let refused = kubectl(cluster, &drain)
        .expect_err("the node cannot be drained wholly")
        .to_string();
    assert!(refused.contains("disruption budget"), "{refused}");
    let available = kubectl(
        cluster,
        "get deploy synthetic-phi-service -o jsonpath={.status.availableReplicas}",
    )?;
    assert_eq!(available, "2");
    kubectl(cluster, "uncordon node-1")?;
    kubectl(
        cluster,
        "wait --for=condition=Ready hcs/synthetic-phi-service --timeout=180s",
    )
    .map(|_| ())
}

fn pods_survive_upgrade_uninstall_and_reinstall(cluster: &Cluster) -> Result<()> {
    let pods = || kubectl(cluster, POD_UIDS);
    eventually("three pods", Duration::from_mins(1), || {
        Ok((pods()?.split(' ').count() == 3).then_some(()))
    })?;
    let before = pods()?;
    cluster.helm(
        &[
            &["test", "healthcare-operator", "--timeout", "180s"],
            RELEASE.as_slice(),
        ]
        .concat(),
    )?;

    install(cluster, &["--set", "operator.logLevel=debug"])?;
    kubectl(
        cluster,
        "wait --for=condition=Ready hcs/synthetic-phi-service --timeout=180s",
    )?;
    assert_eq!(pods()?, before, "after the upgrade");

    cluster.helm(
        &[
            &["uninstall", "healthcare-operator", "--wait"],
            RELEASE.as_slice(),
        ]
        .concat(),
    )?;
    kubectl(cluster, "get hcs synthetic-phi-service")?;
    assert_eq!(pods()?, before, "after the uninstall");

    install(cluster, &[])?;
    kubectl(
        cluster,
        "annotate hcs synthetic-phi-service gitops-health.io/reconcile-requested-at=again",
    )?;
    eventually("the new operator works", Duration::from_mins(1), || {
        let handled = kubectl(
            cluster,
            "get hcs synthetic-phi-service -o jsonpath={.status.lastHandledReconcileAt}",
        )?;
        Ok((handled == "again").then_some(()))
    })?;
    assert_eq!(pods()?, before, "after the reinstall");
    Ok(())
}

pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

pub(crate) fn eventually<T>(
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let pause = Duration::from_millis(500);
    for _ in 0..limit.as_millis() / pause.as_millis() {
        if let Some(found) = look()? {
            return Ok(found);
        }
        std::thread::sleep(pause);
    }
    bail!("{what}: not within {limit:?}")
}
