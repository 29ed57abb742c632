//! Optional APIs come and go.

use std::time::Duration;

use crate::support::operator::Operator;
use crate::support::world::{PATIENCE, Stage, condition};
use crate::support::{example, manifest};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn monitoring_and_gateway_appear_and_vanish() {
    let stage = Stage::start(false).await.unwrap();
    let mut operator = stage.operator().await.unwrap();
    stage.namespace("optional").unwrap();
    stage.cluster.apply(&example("every-field", "optional")).unwrap();
    let missing = |s: &_| condition(s, "MonitoringAvailable") == Some(("False", "KindsMissing"));
    let service = stage.until("optional", "every-field", missing).await.unwrap();
    let kinds = |s: &healthcare_crds::HealthcareService| -> Vec<String> {
        s.status
            .as_ref()
            .unwrap()
            .inventory
            .iter()
            .map(|entry| entry.kind.clone())
            .collect()
    };
    assert!(kinds(&service).contains(&"Ingress".to_owned()));
    assert_ne!(condition(&service, "Stalled").map(|c| c.0), Some("True"));

    stage.cluster.install_monitoring_crds().unwrap();
    stage.cluster.install_gateway_crds().unwrap();
    let all = ["ServiceMonitor", "PrometheusRule", "HTTPRoute"].map(str::to_owned);
    let appeared =
        |s: &_| all.iter().all(|kind| kinds(s).contains(kind)) && !kinds(s).contains(&"Ingress".to_owned());
    let service = stage.until("optional", "every-field", appeared).await.unwrap();
    assert_eq!(condition(&service, "MonitoringAvailable").unwrap().0, "True");
    assert!(stage.kubectl("optional", "get ingress every-field").is_err());

    stage
        .cluster
        .kubectl(&[
            "delete",
            "crd",
            "servicemonitors.monitoring.coreos.com",
            "prometheusrules.monitoring.coreos.com",
            "httproutes.gateway.networking.k8s.io",
        ])
        .unwrap();
    let vanished =
        |s: &_| kinds(s).contains(&"Ingress".to_owned()) && !kinds(s).contains(&"ServiceMonitor".to_owned());
    let service = stage.until("optional", "every-field", vanished).await.unwrap();
    assert_eq!(condition(&service, "MonitoringAvailable").unwrap().0, "False");
    assert!(operator.is_running(), "{}", operator.log());
    let errors = operator.log().matches("pass failed").count();
    assert!(
        errors < 20,
        "no error loop: {errors} failed passes\n{}",
        operator.log()
    );
}

/// The list of a kind that goes before it was listed never comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_that_goes_while_the_operator_starts_does_not_hold_it_up() {
    let stage = Stage::start(true).await.unwrap();
    stage.proxy.does_not_serve("gateway.networking.k8s.io");
    let mut operator =
        Operator::start(&stage.proxy.kubeconfig, "starting", &["--leader-elect", "false"]).unwrap();
    let waits = async {
        while !operator.log().contains("watch interrupted kind=\"HTTPRoute\"") {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, waits).await.is_ok(),
        "{}",
        operator.log()
    );
    let crd = "httproutes.gateway.networking.k8s.io";
    stage.cluster.kubectl(&["delete", "crd", crd]).unwrap();
    operator.wait_ready().await.unwrap();

    stage.namespace("starting").unwrap();
    let service = manifest("first", "starting", "registry.local/app:1", "");
    stage.cluster.apply(&service).unwrap();
    stage.until_ready("starting", "first").await.unwrap();
}
