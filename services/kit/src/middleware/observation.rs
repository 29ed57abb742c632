use std::time::{Duration, Instant};

use http::StatusCode;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use super::route::Route;

/// Seconds. The bounds of the semantic conventions, and 0.2.
const BOUNDS: [f64; 15] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.2, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Seconds, for the service's own family.
const OWN_BOUNDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What is recorded for a caller that left before the answer, after nginx's code for it.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// The metric families of an HTTP server. Label values are route templates and closed lists, so that no caller
/// can add series.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    duration: HistogramVec,
    active: IntGaugeVec,
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
            duration: HistogramVec::new(
                HistogramOpts::new(
                    "http_server_request_duration_seconds",
                    "Time from request to answer.",
                )
                .buckets(BOUNDS.to_vec()),
                &["http_request_method", "http_route", "http_response_status_code"],
            )?,
            active: IntGaugeVec::new(
                Opts::new("http_server_active_requests", "Requests being answered."),
                &["http_request_method"],
            )?,
            own_duration: HistogramVec::new(
                HistogramOpts::new(
                    format!("{prefix}_request_duration_seconds"),
                    "Time from request to answer, by endpoint.",
                )
                .buckets(OWN_BOUNDS.to_vec()),
                &["endpoint", "method", "status"],
            )?,
            own_active: IntGauge::new(format!("{prefix}_active_requests"), "Requests being answered.")?,
            rejected: IntCounterVec::new(
                Opts::new(
                    "http_server_rejected_total",
                    "Requests refused before the handler, by reason.",
                ),
                &["reason"],
            )?,
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
        registry.register(Box::new(self.duration.clone()))?;
        registry.register(Box::new(self.active.clone()))?;
        registry.register(Box::new(self.own_duration.clone()))?;
        registry.register(Box::new(self.own_active.clone()))?;
        registry.register(Box::new(self.rejected.clone()))?;
        registry.register(Box::new(self.panics.clone()))?;
        registry.register(Box::new(self.timeouts.clone()))
    }

    pub(super) fn panicked(&self) {
        self.panics.inc();
    }

    pub(super) fn timed_out(&self) {
        self.timeouts.inc();
    }

    fn started(&self, route: &Route) {
        self.active.with_label_values(&[route.method]).inc();
        self.own_active.inc();
    }

    fn finished(&self, route: &Route, status: u16, took: Duration) {
        let label = status.to_string();
        self.active.with_label_values(&[route.method]).dec();
        self.own_active.dec();
        let observe = |family: &HistogramVec, labels: &[&str; 3]| -> () {
            let series: Histogram = family.with_label_values(labels);
            series.observe(took.as_secs_f64());
        };
        observe(&self.duration, &[route.method, &route.template, &label]);
        observe(&self.own_duration, &[&route.template, route.method, &label]);
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            self.rejected.with_label_values(&["body_too_large"]).inc();
        }
    }
}

/// One request under way: yields exactly one sample and one log line, also when it is dropped.
#[derive(Debug)]
pub(super) struct Observation<'a> {
    metrics: &'a HttpMetrics,
    route: Route,
    started: Instant,
    status: Option<StatusCode>,
}

pub(super) fn start(metrics: &HttpMetrics, route: Route) -> Observation<'_> {
    metrics.started(&route);
    Observation {
        metrics,
        route,
        started: Instant::now(),
        status: None,
    }
}

impl Observation<'_> {
    pub(super) fn finish(mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Observation<'_> {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        let status = self
            .status
            .map_or(CLIENT_CLOSED_REQUEST, |status| status.as_u16());
        self.metrics.finished(&self.route, status, took);
        log(&self.route, status, took);
    }
}

/// The request line of the log. Probes and scrapes come every few seconds and say nothing new: `debug`.
fn log(route: &Route, status: u16, took: Duration) {
    let (method, route_template, duration_ms) = (route.method, &route.template, took.as_secs_f64() * 1000.0);
    if route.is_probe() {
        tracing::debug!(method, route = route_template, status, duration_ms, "request");
    } else {
        tracing::info!(method, route = route_template, status, duration_ms, "request");
    }
}
