use std::time::Duration;

use http::StatusCode;
use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use super::Route;
use crate::error::ErrorCode;

/// Seconds. The bounds of the semantic conventions, and 0.2.
const BOUNDS: [f64; 15] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.2, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Seconds, for the service's own family.
const OWN_BOUNDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Bytes, in steps of four from 256 B to 64 MiB.
const SIZES: [f64; 10] = [
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// The labels of the common families, in the names of the semantic conventions.
const LABELS: [&str; 3] = ["http_request_method", "http_route", "http_response_status_code"];

/// The metric families of an HTTP server. Label values are route templates and closed lists, so that no caller
/// can add series.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    duration: HistogramVec,
    active: IntGaugeVec,
    request_size: HistogramVec,
    response_size: HistogramVec,
    own_duration: HistogramVec,
    own_active: IntGauge,
    rejected: IntCounterVec,
    panics: IntCounter,
    timeouts: IntCounter,
}

impl HttpMetrics {
    /// Registers the common families and `<prefix>_request_duration_seconds`, `<prefix>_active_requests`.
    pub fn new(registry: &Registry, prefix: &str) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            duration: histogram(
                "http_server_request_duration_seconds",
                "Time from request to answer.",
                &BOUNDS,
                &LABELS,
            )?,
            active: IntGaugeVec::new(
                Opts::new("http_server_active_requests", "Requests being answered."),
                &["http_request_method"],
            )?,
            request_size: histogram(
                "http_server_request_body_size_bytes",
                "What the service read of request bodies.",
                &SIZES,
                &LABELS,
            )?,
            response_size: histogram(
                "http_server_response_body_size_bytes",
                "What the service sent in answers' bodies.",
                &SIZES,
                &LABELS,
            )?,
            own_duration: histogram(
                &format!("{prefix}_request_duration_seconds"),
                "Time from request to answer, by endpoint.",
                &OWN_BOUNDS,
                &["endpoint", "method", "status"],
            )?,
            own_active: IntGauge::new(format!("{prefix}_active_requests"), "Requests being answered.")?,
            rejected: rejected()?,
            panics: IntCounter::new("http_server_panics_total", "Handlers that panicked.")?,
            timeouts: IntCounter::new(
                "http_server_timeouts_total",
                "Handlers that did not finish in time.",
            )?,
        };
        metrics.register(registry)?;
        Ok(metrics)
    }

    fn register(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        let families: [Box<dyn Collector>; 9] = [
            Box::new(self.duration.clone()),
            Box::new(self.active.clone()),
            Box::new(self.request_size.clone()),
            Box::new(self.response_size.clone()),
            Box::new(self.own_duration.clone()),
            Box::new(self.own_active.clone()),
            Box::new(self.rejected.clone()),
            Box::new(self.panics.clone()),
            Box::new(self.timeouts.clone()),
        ];
        families
            .into_iter()
            .try_for_each(|family| registry.register(family))
    }

    pub(in crate::middleware) fn panicked(&self) {
        self.panics.inc();
    }

    pub(in crate::middleware) fn timed_out(&self) {
        self.timeouts.inc();
    }

    pub(super) fn started(&self, route: &Route) {
        self.active.with_label_values(&[route.method]).inc();
        self.own_active.inc();
    }

    pub(super) fn finished(&self, route: &Route, status: StatusCode, took: Duration, read: u64) {
        let (method, template, status) = (route.method, route.template, status.as_str());
        self.active.with_label_values(&[method]).dec();
        self.own_active.dec();
        let labels = [method, template, status];
        self.duration
            .with_label_values(&labels)
            .observe(took.as_secs_f64());
        self.request_size.with_label_values(&labels).observe(bytes(read));
        let own_labels = [template, method, status];
        self.own_duration
            .with_label_values(&own_labels)
            .observe(took.as_secs_f64());
    }

    pub(super) fn response_size(&self, route: &Route, status: StatusCode) -> Histogram {
        self.response_size
            .with_label_values(&[route.method, route.template, status.as_str()])
    }

    /// Counts a refusal; failures of the service have their own families.
    pub(super) fn refused(&self, code: ErrorCode) {
        if code.status().is_client_error() {
            self.rejected.with_label_values(&[code.as_str()]).inc();
        }
    }
}

fn histogram(
    name: &str,
    help: &str,
    bounds: &[f64],
    labels: &[&str],
) -> Result<HistogramVec, prometheus::Error> {
    HistogramVec::new(HistogramOpts::new(name, help).buckets(bounds.to_vec()), labels)
}

/// Every reason from the start, so that the first refusal is an increase too.
fn rejected() -> Result<IntCounterVec, prometheus::Error> {
    let opts = Opts::new("http_server_rejected_total", "Requests refused, by reason.");
    let rejected = IntCounterVec::new(opts, &["reason"])?;
    for code in ErrorCode::ALL {
        if code.status().is_client_error() {
            rejected.with_label_values(&[code.as_str()]);
        }
    }
    Ok(rejected)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 bytes")]
pub(super) const fn bytes(count: u64) -> f64 {
    count as f64
}
