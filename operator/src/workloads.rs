//! The state of all Deployments, fed by the watch and by the answers to our own writes.

use std::collections::HashMap;
use std::sync::Mutex;

use kube::ResourceExt;

use crate::locked::lock;
use crate::workload::{DeploymentView, Moved, Workload};

type Key = (String, String);

/// Workloads by namespace and name.
#[derive(Debug, Default)]
pub struct Workloads {
    entries: Mutex<HashMap<Key, Workload>>,
}

impl Workloads {
    /// Takes note of a Deployment, and tells in what its state differs from what was known; an older one is ignored.
    pub fn saw(&self, deployment: &DeploymentView) -> Option<Moved> {
        let (new, namespace) = (Workload::of(deployment)?, deployment.namespace()?);
        let mut entries = lock(&self.entries);
        let key = (namespace, deployment.name_any());
        match entries.get(&key) {
            Some(old) if old.uid == new.uid && old.resource_version >= new.resource_version => None,
            old => {
                let moved = old.map_or(Some(Moved::State), |old| new.moved(old));
                entries.insert(key, new);
                moved
            }
        }
    }

    /// What is known of a Deployment.
    pub fn get(&self, namespace: &str, name: &str) -> Option<Workload> {
        lock(&self.entries)
            .get(&(namespace.to_owned(), name.to_owned()))
            .cloned()
    }

    /// Forgets a deleted Deployment.
    pub fn forget(&self, namespace: &str, name: &str) {
        lock(&self.entries).remove(&(namespace.to_owned(), name.to_owned()));
    }
}
