//! Pods of a service, as Prometheus sees them: request metrics behind `/pods/<name>/metrics`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use prometheus::{HistogramOpts, HistogramVec, Registry, TextEncoder};
use serde_json::{Value, json};

use super::serve;

/// The bounds of the OpenTelemetry conventions.
const BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

#[derive(Clone, Default)]
pub(super) struct Pods(Arc<Mutex<BTreeMap<String, (Registry, HistogramVec)>>>);

impl Pods {
    pub(super) fn of(names: &[&str]) -> Self {
        let pods = Self::default();
        for name in names {
            pods.0.lock().unwrap().insert((*name).to_owned(), metrics());
        }
        pods
    }

    /// So many requests of a route, answered with a status in so many seconds.
    pub(super) fn serve(&self, pod: &str, count: usize, (route, status): (&str, &str), seconds: f64) {
        let pods = self.0.lock().unwrap();
        let histogram = pods[pod].1.with_label_values(&["GET", route, status]);
        (0..count).for_each(|_| histogram.observe(seconds));
    }

    /// The address of the metrics.
    pub(super) async fn listen(&self) -> SocketAddr {
        let router = Router::new()
            .route("/pods/{pod}/metrics", get(text))
            .with_state(self.clone());
        serve(router).await
    }

    /// What to scrape, with the labels that the Prometheus Operator gives a pod of the service `records`.
    pub(super) fn targets(&self, address: SocketAddr) -> Vec<Value> {
        let names: Vec<_> = self.0.lock().unwrap().keys().cloned().collect();
        let target = |pod: String| {
            let path = format!("/pods/{pod}/metrics");
            json!({
                "targets": [address],
                "labels": {"__metrics_path__": path, "namespace": "clinic", "job": "records", "pod": pod},
            })
        };
        names.into_iter().map(target).collect()
    }
}

fn metrics() -> (Registry, HistogramVec) {
    let options =
        HistogramOpts::new("http_server_request_duration_seconds", "Time to answer").buckets(BOUNDS.into());
    let labels = ["http_request_method", "http_route", "http_response_status_code"];
    let histogram = HistogramVec::new(options, &labels).unwrap();
    let registry = Registry::new();
    registry.register(Box::new(histogram.clone())).unwrap();
    (registry, histogram)
}

async fn text(State(pods): State<Pods>, Path(pod): Path<String>) -> Result<String, StatusCode> {
    let pods = pods.0.lock().unwrap();
    let (registry, _) = pods.get(&pod).ok_or(StatusCode::NOT_FOUND)?;
    Ok(TextEncoder::new().encode_to_string(&registry.gather()).unwrap())
}
