//! The operator's metrics. Names follow controller-runtime where it has one, so that existing dashboards work.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use healthcare_crds::HealthcareService;
use kube::ResourceExt;
use kube::runtime::controller::Action;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    core::Collector,
};

use crate::outcome::Error;
use crate::render::ChildKind;

/// Value of the `controller` label.
const CONTROLLER: &str = "healthcareservice";
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

/// What was written to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildOperation {
    /// Server-side apply.
    Apply,
    /// Deletion of what is no longer wanted.
    Delete,
    /// The number of replicas.
    Scale,
}

impl ChildOperation {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Delete => "delete",
            Self::Scale => "scale",
        }
    }
}

/// Every metric of the operator. Clones share the values.
#[derive(Clone, Debug)]
pub struct OperatorMetrics {
    passes: PassMetrics,
    services: ServiceMetrics,
    children: ChildMetrics,
    leader: IntGaugeVec,
    requests: IntCounterVec,
}

/// controller-runtime's metrics of a controller.
#[derive(Clone, Debug)]
struct PassMetrics {
    reconciles: IntCounterVec,
    errors: IntCounter,
    seconds: Histogram,
    active: IntGauge,
    most: IntGauge,
}

/// The state of each service.
#[derive(Clone, Debug)]
struct ServiceMetrics {
    info: IntGaugeVec,
    ready: IntGaugeVec,
    paused: IntGaugeVec,
    /// The image of each service's info series, by namespace and name.
    images: Arc<Mutex<HashMap<(String, String), String>>>,
}

/// What was written.
#[derive(Clone, Debug)]
struct ChildMetrics {
    writes: IntCounterVec,
    drift: IntCounterVec,
    status_writes: IntCounter,
}

impl OperatorMetrics {
    /// Makes the metrics and registers them.
    ///
    /// # Errors
    /// When one of the names is registered already.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        Ok(Self {
            passes: PassMetrics::new(registry)?,
            services: ServiceMetrics::new(registry)?,
            children: ChildMetrics::new(registry)?,
            leader: gauges(
                registry,
                "leader_election_master_status",
                "1 while this replica leads.",
                &["name"],
            )?,
            requests: counters(
                registry,
                "rest_client_requests_total",
                "Requests to the API server.",
                &["code", "method", "host"],
            )?,
        })
    }

    /// Sets how many passes may run at a time.
    pub fn set_concurrency(&self, passes: u16) {
        self.passes.most.set(passes.into());
    }

    /// Tells whether this replica leads.
    pub fn set_leading(&self, lease: &str, leading: bool) {
        self.leader.with_label_values(&[lease]).set(leading.into());
    }

    /// Counts a request to the API server.
    pub fn request(&self, code: &str, method: &str, host: &str) {
        self.requests.with_label_values(&[code, method, host]).inc();
    }

    /// Counts a write to a child.
    pub fn child_written(&self, kind: ChildKind, operation: ChildOperation) {
        self.children
            .writes
            .with_label_values(&[kind.kind(), operation.as_str()])
            .inc();
    }

    /// Counts a repair.
    pub fn drift_repaired(&self, kind: ChildKind) {
        self.children.drift.with_label_values(&[kind.kind()]).inc();
    }

    /// Counts a status write.
    pub fn status_written(&self) {
        self.children.status_writes.inc();
    }

    /// Takes note of a service's state.
    pub fn service_observed(&self, service: &HealthcareService, ready: bool) {
        let (namespace, name) = (service.namespace().unwrap_or_default(), service.name_any());
        self.services
            .observed(&namespace, &name, &service.spec.image, ready, service.spec.paused);
    }

    /// Removes the series of a deleted service.
    pub fn forget(&self, namespace: &str, name: &str) {
        self.services.forget(namespace, name);
    }

    /// Starts to measure a pass.
    pub fn pass_started(&self) -> PassTimer {
        self.passes.active.inc();
        PassTimer {
            metrics: self.passes.clone(),
            started: Instant::now(),
        }
    }
}

impl PassMetrics {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
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
        let errors = labelled("controller_runtime_reconcile_errors_total", "Failed passes.");
        Ok(Self {
            reconciles,
            errors: registered(registry, IntCounter::with_opts(errors)?)?,
            seconds: registered(registry, Histogram::with_opts(seconds)?)?,
            active: gauge("controller_runtime_active_workers", "Passes under way.")?,
            most: gauge(
                "controller_runtime_max_concurrent_reconciles",
                "Most passes at a time.",
            )?,
        })
    }
}

impl ServiceMetrics {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let gauge = |name, help| gauges(registry, name, help, &["namespace", "name"]);
        Ok(Self {
            info: gauges(
                registry,
                "healthcare_service_info",
                "Always 1; the image of each service.",
                &["namespace", "name", "image"],
            )?,
            ready: gauge("healthcare_service_ready", "1 while the service is Ready.")?,
            paused: gauge("healthcare_service_paused", "1 while the service is paused.")?,
            images: Arc::default(),
        })
    }

    fn observed(&self, namespace: &str, name: &str, image: &str, ready: bool, paused: bool) {
        let mut images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        let before = images.insert((namespace.to_owned(), name.to_owned()), image.to_owned());
        if let Some(old) = before.filter(|old| old != image) {
            let _absent = self.info.remove_label_values(&[namespace, name, &old]);
        }
        self.info.with_label_values(&[namespace, name, image]).set(1);
        self.ready.with_label_values(&[namespace, name]).set(ready.into());
        self.paused
            .with_label_values(&[namespace, name])
            .set(paused.into());
    }

    fn forget(&self, namespace: &str, name: &str) {
        let mut images = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(image) = images.remove(&(namespace.to_owned(), name.to_owned())) {
            let _absent = self.info.remove_label_values(&[namespace, name, &image]);
        }
        for gauge in [&self.ready, &self.paused] {
            let _absent = gauge.remove_label_values(&[namespace, name]);
        }
    }
}

impl ChildMetrics {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let status = IntCounter::new("healthcare_status_writes_total", "Writes of a status.")?;
        Ok(Self {
            writes: counters(
                registry,
                "healthcare_child_writes_total",
                "Writes to children.",
                &["kind", "operation"],
            )?,
            drift: counters(
                registry,
                "healthcare_drift_repaired_total",
                "Children put right after others changed them.",
                &["kind"],
            )?,
            status_writes: registered(registry, status)?,
        })
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
    pub fn finished(self, result: &Result<Action, Error>) {
        let word = match result {
            Ok(action) if *action == Action::await_change() => SUCCESS,
            Ok(_) => REQUEUE_AFTER,
            Err(_) => {
                self.metrics.errors.inc();
                ERROR
            }
        };
        self.metrics
            .reconciles
            .with_label_values(&[CONTROLLER, word])
            .inc();
        self.metrics.seconds.observe(self.started.elapsed().as_secs_f64());
    }
}

impl Drop for PassTimer {
    fn drop(&mut self) {
        self.metrics.active.dec();
    }
}

fn labelled(name: &str, help: &str) -> Opts {
    Opts::new(name, help).const_label("controller", CONTROLLER)
}

fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<IntCounterVec, prometheus::Error> {
    registered(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
}

fn gauges(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<IntGaugeVec, prometheus::Error> {
    registered(registry, IntGaugeVec::new(Opts::new(name, help), labels)?)
}

fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    metric: C,
) -> Result<C, prometheus::Error> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}

#[cfg(test)]
mod tests;
