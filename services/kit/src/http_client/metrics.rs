use std::time::Duration;

use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

use super::breaker::BreakerState;

/// Seconds, as the semantic conventions advise for `http.client.request.duration`.
const BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// The metric families of outbound HTTP. Hosts are those of the settings: label sets are closed.
#[derive(Clone, Debug)]
pub(super) struct ClientMetrics {
    duration: HistogramVec,
    retries: IntCounterVec,
    breaker: GaugeVec,
}

impl ClientMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            duration: HistogramVec::new(
                HistogramOpts::new(
                    "http_client_request_duration_seconds",
                    "Time from request to the answer's head, each try by itself; error_type is empty for success.",
                )
                .buckets(BOUNDS.to_vec()),
                &["http_request_method", "server_address", "http_response_status_code", "error_type"],
            )?,
            retries: IntCounterVec::new(
                Opts::new(
                    "http_client_retries_total",
                    "Retries and how they ended, and those not made although the call was idempotent.",
                ),
                &["server_address", "outcome"],
            )?,
            breaker: GaugeVec::new(
                Opts::new("http_client_breaker_state", "0 closed, 1 half-open, 2 open; by host."),
                &["server_address"],
            )?,
        };
        registry.register(Box::new(metrics.duration.clone()))?;
        registry.register(Box::new(metrics.retries.clone()))?;
        registry.register(Box::new(metrics.breaker.clone()))?;
        Ok(metrics)
    }

    /// Labels: method, host, status, error type.
    pub(super) fn observe(&self, labels: [&str; 4], took: Duration) {
        self.duration
            .with_label_values(&labels)
            .observe(took.as_secs_f64());
    }

    pub(super) fn retried(&self, host: &str, outcome: &'static str) {
        self.retries.with_label_values(&[host, outcome]).inc();
    }

    pub(super) fn breaker(&self, host: &str, state: BreakerState) {
        self.breaker
            .with_label_values(&[host])
            .set(f64::from(state.number()));
    }
}
