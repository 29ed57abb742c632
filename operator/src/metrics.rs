//! The operator's metrics. Names follow controller-runtime where it has one, so that existing dashboards work.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use healthcare_crds::HealthcareService;
use kube::ResourceExt;
use prometheus::{IntCounter, IntCounterVec, IntGaugeVec, Opts, Registry, core::Collector};

use crate::locked::lock;
use crate::queue::{Counts, Level};
use crate::render::ChildKind;

mod passes;
mod queue;

use passes::PassMetrics;
pub use passes::PassTimer;
use queue::QueueMetrics;
pub use queue::WorkTimer;

/// Value of the `controller` label.
const CONTROLLER: &str = "healthcareservice";
/// What was written to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildOperation {
    /// Server-side apply.
    Apply,
    /// Removal of what others had put in.
    Restore,
    /// Deletion of what is no longer wanted.
    Delete,
    /// The number of replicas.
    Scale,
}

impl ChildOperation {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Restore => "restore",
            Self::Delete => "delete",
            Self::Scale => "scale",
        }
    }
}

/// Every metric of the operator. Clones share the values.
#[derive(Clone, Debug)]
pub struct OperatorMetrics {
    passes: PassMetrics,
    queue: QueueMetrics,
    services: ServiceMetrics,
    children: ChildMetrics,
    leader: IntGaugeVec,
    requests: IntCounterVec,
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
            queue: QueueMetrics::new(registry)?,
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
        self.passes.set_most(passes);
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
        self.passes.started()
    }

    /// Counts a pass that ended in a panic, as one that failed too.
    pub fn pass_panicked(&self) {
        self.passes.panicked();
    }

    /// Takes note of the queue's state: what was counted since the last time, and how much waits on a level.
    pub fn queue_observed(&self, counts: Counts, depth: impl Fn(Level) -> usize) {
        self.queue.observed(counts, depth);
    }

    /// A key left the queue after this wait: starts to measure the work on it.
    pub fn work_started(&self, waited: Duration) -> WorkTimer {
        self.queue.work_started(waited)
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
        let mut images = lock(&self.images);
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
        let mut images = lock(&self.images);
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
