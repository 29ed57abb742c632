//! What every pass needs, handed down from `main`.

use healthcare_crds::HealthcareService;
use kube::Client;
use kube::runtime::events::Recorder;
use kube::runtime::reflector::Store;
use service_kit::clock::Clock;
use tokio::sync::watch;

use crate::backoff::Backoff;
use crate::capabilities::Capabilities;
use crate::ledger::Ledger;
use crate::metrics::OperatorMetrics;
use crate::plan::OperatorDefaults;
use crate::status::StatusMemory;
use crate::workloads::Workloads;

/// Clients, memories and settings of the controller.
pub struct Context {
    /// The API server.
    pub client: Client,
    /// Every service the operator watches.
    pub services: Store<HealthcareService>,
    /// What is remembered of the children.
    pub ledger: Ledger,
    /// State of the Deployments.
    pub workloads: Workloads,
    /// Statuses written last.
    pub statuses: StatusMemory,
    /// Pauses after failures.
    pub backoff: Backoff,
    /// Publisher of Events, one for all: it aggregates.
    pub recorder: Recorder,
    /// Optional APIs of the cluster.
    pub capabilities: watch::Receiver<Capabilities>,
    /// What the operator's settings add to every service.
    pub defaults: OperatorDefaults,
    /// Counters.
    pub metrics: OperatorMetrics,
    /// The time.
    pub clock: Clock,
}

impl Context {
    /// Forgets everything about a deleted service.
    pub fn forget(&self, service: &HealthcareService) {
        let metadata = &service.metadata;
        let (Some(namespace), Some(name)) = (&metadata.namespace, &metadata.name) else {
            return;
        };
        self.ledger.forget_service(namespace, name);
        self.workloads.forget(namespace, name);
        self.backoff.forget(namespace, name);
        self.metrics.forget(namespace, name);
        if let Some(uid) = &metadata.uid {
            self.statuses.forget(uid);
        }
    }
}
