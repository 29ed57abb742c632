//! Watches the cluster with a client of its own, past all proxies. I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures::{Stream, StreamExt};
use healthcare_crds::HealthcareService;
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::coordination::v1::Lease;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, ResourceExt};
use tokio::task::JoinHandle;

use super::checks::status::{StatusSeen, Statuses};
use super::history::{LeaseRecord, Violation};

/// What was seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// Records of the Lease, in the order of their revisions.
    pub(crate) leases: Vec<LeaseRecord>,
    /// Whether a holder wrote a time into the Lease that was wrong by more than a minute.
    pub(crate) is_time_wrong: bool,
    /// ReplicaSets that a Deployment, by uid, ever had; with its namespace and name.
    pub(crate) replica_sets: BTreeMap<String, (String, String, BTreeSet<String>)>,
    statuses: Statuses,
    violations: Vec<Violation>,
    /// Statuses written, as far as they were seen.
    pub(crate) status_changes: usize,
}

/// Runs until dropped.
pub(crate) struct Observer {
    seen: Arc<Mutex<Seen>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Observer {
    /// Starts to watch; the Lease is of this namespace.
    pub(crate) fn start(client: &Client, lease_namespace: &str, began: Instant) -> Self {
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let leases: Api<Lease> = Api::namespaced(client.clone(), lease_namespace);
        let services: Api<HealthcareService> = Api::all(client.clone());
        let replica_sets: Api<ReplicaSet> = Api::all(client.clone());
        let tasks = vec![
            follow(
                watcher(leases, watcher::Config::default()),
                &seen,
                move |seen, lease| {
                    seen.leases.extend(lease_record(lease, began));
                    seen.is_time_wrong |= is_time_wrong(lease);
                },
            ),
            follow(
                watcher(services, watcher::Config::default()),
                &seen,
                |seen, service| {
                    seen.service(service);
                },
            ),
            follow(
                watcher(replica_sets, watcher::Config::default()),
                &seen,
                |seen, set| {
                    seen.replica_set(set);
                },
            ),
        ];
        Self { seen, tasks }
    }

    /// Looks at what was seen.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets that a time was wrong.
    pub(crate) fn trust_times(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.is_time_wrong = false;
    }

    /// Violations seen since the last call.
    pub(crate) fn take_violations(&self) -> Vec<Violation> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut seen.violations)
    }

    /// Who holds the Lease, as last seen.
    pub(crate) fn leader(&self) -> Option<String> {
        let holder = self.look(|seen| seen.leases.last().map(|lease| lease.holder.clone()));
        holder.filter(|holder| !holder.is_empty())
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

fn follow<K: Clone + Send + 'static>(
    events: impl Stream<Item = watcher::Result<Event<K>>> + Send + 'static,
    seen: &Arc<Mutex<Seen>>,
    note: impl Fn(&mut Seen, &K) + Send + 'static,
) -> JoinHandle<()> {
    let seen = Arc::clone(seen);
    tokio::spawn(async move {
        let mut events = events.default_backoff().boxed();
        while let Some(event) = events.next().await {
            if let Ok(Event::Apply(object) | Event::InitApply(object)) = event {
                note(&mut seen.lock().unwrap_or_else(PoisonError::into_inner), &object);
            }
        }
    })
}

fn lease_record(lease: &Lease, began: Instant) -> Option<LeaseRecord> {
    let revision = lease.resource_version()?.parse().ok()?;
    let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.clone());
    Some(LeaseRecord {
        revision,
        holder: holder.unwrap_or_default(),
        known: began.elapsed(),
        sent: None,
    })
}

/// Records are seen at once: a right time is only seconds old.
#[expect(clippy::disallowed_methods, reason = "compared with the true time")]
fn is_time_wrong(lease: &Lease) -> bool {
    let spec = lease.spec.as_ref();
    let renewed = spec.and_then(|spec| spec.renew_time.as_ref());
    let off = renewed.map(|time| time.0.duration_since(jiff::Timestamp::now()).as_secs());
    off.is_some_and(|seconds| seconds.abs() > 60)
}

impl Seen {
    fn service(&mut self, service: &HealthcareService) {
        let status = service.status.as_ref();
        let seen = StatusSeen {
            uid: service.uid().unwrap_or_default(),
            service: format!(
                "{}/{}",
                service.namespace().unwrap_or_default(),
                service.name_any()
            ),
            revision: service
                .resource_version()
                .and_then(|version| version.parse().ok())
                .unwrap_or_default(),
            generation: service.metadata.generation.unwrap_or_default(),
            observed: status
                .and_then(|status| status.observed_generation)
                .unwrap_or_default(),
            inventory: status
                .map(|status| &status.inventory[..])
                .unwrap_or_default()
                .iter()
                .map(|entry| format!("{}/{}", entry.kind, entry.name))
                .collect(),
        };
        self.status_changes += 1;
        self.violations.extend(self.statuses.note(seen));
    }

    fn replica_set(&mut self, set: &ReplicaSet) {
        let owners = set.owner_references();
        let Some(owner) = owners.iter().find(|owner| owner.controller == Some(true)) else {
            return;
        };
        let known = self.replica_sets.entry(owner.uid.clone()).or_insert_with(|| {
            let namespace = set.namespace().unwrap_or_default();
            (namespace, owner.name.clone(), BTreeSet::new())
        });
        known.2.extend(set.uid());
    }
}
