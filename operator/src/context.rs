//! What every pass needs, handed down from `main`.

use std::time::Instant;

use healthcare_crds::HealthcareService;
use kube::Client;
use service_kit::clock::Clock;
use tokio::sync::watch;

use crate::capabilities::Capabilities;
use crate::contests::Contests;
use crate::events::Publisher;
use crate::generations::Generations;
use crate::ledger::Ledger;
use crate::metrics::OperatorMetrics;
use crate::plan::OperatorDefaults;
use crate::pods::Looks;
use crate::prometheus::Prometheus;
use crate::queue::Key;
use crate::render::names;
use crate::rollouts::{Measurements, Revisions};
use crate::services::Services;
use crate::shard::Shard;
use crate::status::StatusMemory;
use crate::strays::Strays;
use crate::workloads::Workloads;

/// Clients, memories and settings of the controller.
pub struct Context {
    /// The API server.
    pub client: Client,
    /// Every service the operator watches.
    pub services: Services,
    /// Specs that are later than that.
    pub generations: Generations,
    /// What is remembered of the children.
    pub ledger: Ledger,
    /// Children that somebody else changes again and again.
    pub contests: Contests,
    /// Children that no status tells of.
    pub strays: Strays,
    /// State of the Deployments.
    pub workloads: Workloads,
    /// Statuses written last.
    pub statuses: StatusMemory,
    /// Looks at pods that do not serve.
    pub looks: Looks,
    /// Revisions that rollouts need.
    pub revisions: Revisions,
    /// Where error rates and latencies are asked for, if anywhere.
    pub prometheus: Option<Prometheus>,
    /// What was measured of rollouts.
    pub measurements: Measurements,
    /// Where Events go.
    pub events: Publisher,
    /// Which namespaces are ours.
    pub shard: Shard,
    /// Optional APIs of the cluster.
    pub capabilities: watch::Receiver<Capabilities>,
    /// What the operator's settings add to every service.
    pub defaults: OperatorDefaults,
    /// Counters.
    pub metrics: OperatorMetrics,
    /// The time.
    pub clock: Clock,
    /// When the controller started, on a clock that never jumps.
    pub started: Instant,
}

impl Context {
    /// Forgets everything about a deleted service.
    pub fn forget(&self, service: &HealthcareService) {
        let metadata = &service.metadata;
        let (Some(namespace), Some(name)) = (&metadata.namespace, &metadata.name) else {
            return;
        };
        self.ledger.forget_service(namespace, name);
        self.metrics.forget(namespace, name);
        let key = Key::from(service);
        self.looks.forget(&key);
        self.revisions.forget(&key);
        self.measurements.forget(&key);
        if let Some(uid) = &metadata.uid {
            self.generations.forget(uid);
            self.statuses.forget(uid);
            self.strays.forget(uid);
            self.workloads.forget_of(namespace, name, uid);
            self.workloads.forget_of(namespace, &names::candidate(name), uid);
        }
    }
}
