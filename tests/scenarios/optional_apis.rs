//! Optional APIs come and go.

use crate::support::example;
use crate::support::world::{Stage, condition};

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
