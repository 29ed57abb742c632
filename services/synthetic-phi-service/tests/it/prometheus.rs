//! Metrics of the real process, scraped by a real Prometheus: the dashboard's expressions and the rules that the operator
//! makes for `examples/synthetic-phi-service.yaml` find in them what they ask for.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::telemetry::service::{Service, until};

mod dashboard;
mod rendered;
mod server;
mod traffic;

use rendered::Rendered;
use server::Prometheus;

/// The instance with all that can happen, the instance whose collector is gone, and their Prometheus.
struct World {
    prometheus: Prometheus,
    pods: [Service; 2],
}

impl World {
    async fn start(rendered: &Rendered) -> Self {
        let pods = [
            Service::start(&[("REQUEST_TIMEOUT", "200ms"), ("MAX_BODY_BYTES", "10000")]),
            Service::start(&[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
                ("REQUEST_TIMEOUT", "200ms"),
                ("MAX_BODY_BYTES", "10000"),
            ]),
        ];
        let addresses: Vec<_> = pods.iter().map(|pod| pod.address).collect();
        let prometheus = Prometheus::start(rendered, &addresses).await;
        Self { prometheus, pods }
    }

    /// Lets things happen to the service until the query finds something.
    async fn until_data(&self, query: &str) -> Vec<Value> {
        let mut found = Vec::new();
        until(query, async || {
            found = self
                .prometheus
                .query(query)
                .await
                .unwrap_or_else(|error| panic!("{query}: {error}"));
            if found.is_empty() {
                traffic::wave(&self.pods).await;
            }
            !found.is_empty()
        })
        .await;
        found
    }
}

/// One Prometheus for all, because it needs a while to have seen enough.
#[tokio::test]
async fn dashboard_and_rules_work_on_what_the_service_exposes() {
    let rendered = Rendered::new();
    let world = World::start(&rendered).await;
    world.prometheus.until_scraped(world.pods.len()).await;
    traffic::wave(&world.pods).await;
    for (query, labels) in dashboard::queries() {
        let found = world.until_data(&query).await;
        for label in labels {
            assert!(
                found.iter().all(|series| series["metric"][&label].is_string()),
                "no {label}: {query}"
            );
        }
    }
    for (selector, label) in dashboard::variables() {
        let values = world.prometheus.label_values(&selector, &label).await;
        assert_eq!(values.len(), 1, "{selector}: {values:?}");
    }
    rules_are_evaluated(&world, &rendered).await;
    alerts_see_what_happens(world).await;
}

/// Every expression is evaluated without an error, and every metric in it is there; those of kube-state-metrics come from
/// elsewhere.
async fn rules_are_evaluated(world: &World, rendered: &Rendered) {
    let expressions = rendered.expressions();
    assert!(expressions.len() >= 14, "{expressions:?}");
    let mut foreign = BTreeSet::new();
    for expression in &expressions {
        world
            .prometheus
            .query(expression)
            .await
            .unwrap_or_else(|error| panic!("{expression}: {error}"));
        for (metric, selector) in rendered::selectors(expression) {
            if metric.starts_with("kube_") {
                foreign.insert(metric);
            } else {
                world.until_data(&selector).await;
            }
        }
    }
    let expected = [
        "kube_deployment_status_replicas_unavailable",
        "kube_horizontalpodautoscaler_spec_max_replicas",
        "kube_horizontalpodautoscaler_status_current_replicas",
        "kube_pod_container_status_restarts_total",
    ];
    assert_eq!(foreign.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    let rules = world.prometheus.rules().await;
    assert_eq!(rules.len(), expressions.len());
    for rule in rules {
        assert_eq!(
            (&rule["health"], &rule["lastError"]),
            (&json!("ok"), &Value::Null),
            "{rule:#}"
        );
    }
}

/// Failures are seen by the standard alert and by the budget's, and a service that is gone by the third.
async fn alerts_see_what_happens(world: World) {
    let World { prometheus, pods } = world;
    let active = async |name: &str| {
        prometheus
            .alerts()
            .await
            .iter()
            .any(|alert| alert["labels"]["alertname"] == name)
    };
    for alert in [
        "HealthcareServiceErrorRateHigh",
        "HealthcareServiceErrorBudgetBurn",
    ] {
        until(alert, async || {
            traffic::wave(&pods).await;
            active(alert).await
        })
        .await;
    }
    assert!(!active("HealthcareServiceDown").await);
    drop(pods);
    until("HealthcareServiceDown", async || {
        active("HealthcareServiceDown").await
    })
    .await;
}

/// Prometheus' own judge of names, help texts and types, on what the real process exposes.
#[tokio::test]
async fn promtool_finds_nothing_to_say() {
    let pods = [Service::start(&[
        ("REQUEST_TIMEOUT", "200ms"),
        ("MAX_BODY_BYTES", "10000"),
    ])];
    traffic::wave(&pods).await;
    let text = pods[0].metrics().await;
    for family in [
        "http_server_timeouts_total 1",
        "synthetic_phi_patients_generated_total",
        "http_server_rejected_total{",
    ] {
        assert!(text.contains(family), "{family} not in\n{text}");
    }
    assert_eq!(service_kit::testing::check_metrics(&text).unwrap(), "");
}
