//! controller-runtime's metrics of a controller:
//! <https://book.kubebuilder.io/reference/metrics-reference>.

use std::time::Instant;

use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Registry};

use super::{CONTROLLER, counters, labelled, registered};
use crate::outcome::{Error, Next};

/// controller-runtime's buckets, in seconds.
const SECONDS: [f64; 32] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25,
    1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 10.0, 20.0, 30.0, 45.0, 60.0,
];

/// Values of the `result` label.
const RESULTS: [&str; 3] = [SUCCESS, REQUEUE_AFTER, ERROR];
const SUCCESS: &str = "success";
const REQUEUE_AFTER: &str = "requeue_after";
const ERROR: &str = "error";

/// controller-runtime's metrics of a controller.
#[derive(Clone, Debug)]
pub(super) struct PassMetrics {
    reconciles: IntCounterVec,
    errors: IntCounter,
    panics: IntCounter,
    seconds: Histogram,
    active: IntGauge,
    most: IntGauge,
}

impl PassMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let gauge = |name, help| registered(registry, IntGauge::with_opts(labelled(name, help))?);
        let seconds = HistogramOpts::new("controller_runtime_reconcile_time_seconds", "Duration of passes.")
            .const_label("controller", CONTROLLER)
            .buckets(SECONDS.to_vec());
        let reconciles = counters(
            registry,
            "controller_runtime_reconcile_total",
            "Passes by result.",
            &["controller", "result"],
        )?;
        // A rate needs the zero before the first failure.
        for result in RESULTS {
            let _zero = reconciles.with_label_values(&[CONTROLLER, result]);
        }
        let counter = |name, help| registered(registry, IntCounter::with_opts(labelled(name, help))?);
        Ok(Self {
            reconciles,
            errors: counter("controller_runtime_reconcile_errors_total", "Failed passes.")?,
            panics: counter(
                "controller_runtime_reconcile_panics_total",
                "Passes that ended in a panic.",
            )?,
            seconds: registered(registry, Histogram::with_opts(seconds)?)?,
            active: gauge("controller_runtime_active_workers", "Passes under way.")?,
            most: gauge(
                "controller_runtime_max_concurrent_reconciles",
                "Most passes at a time.",
            )?,
        })
    }
    pub(super) fn set_most(&self, passes: u16) {
        self.most.set(passes.into());
    }

    pub(super) fn started(&self) -> PassTimer {
        self.active.inc();
        PassTimer {
            metrics: self.clone(),
            started: Instant::now(),
        }
    }

    pub(super) fn panicked(&self) {
        self.panics.inc();
        self.failed();
    }

    fn failed(&self) {
        self.errors.inc();
        self.ended(ERROR);
    }

    fn ended(&self, result: &str) {
        self.reconciles.with_label_values(&[CONTROLLER, result]).inc();
    }
}

/// Measures one pass; it counts as under way until dropped.
#[derive(Debug)]
pub struct PassTimer {
    metrics: PassMetrics,
    started: Instant,
}

impl PassTimer {
    /// Counts the pass by its result.
    pub fn finished(self, result: &Result<Next, Error>) {
        match result {
            Ok(Next::OnChange) => self.metrics.ended(SUCCESS),
            Ok(Next::After(_)) => self.metrics.ended(REQUEUE_AFTER),
            Err(_) => self.metrics.failed(),
        }
        self.metrics.seconds.observe(self.started.elapsed().as_secs_f64());
    }
}

impl Drop for PassTimer {
    fn drop(&mut self) {
        self.metrics.active.dec();
    }
}
