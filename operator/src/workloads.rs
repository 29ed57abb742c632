//! The state of all Deployments, fed by the watch and by the answers to our own writes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use k8s_openapi::api::apps::v1::Deployment;
use kube::ResourceExt;

use crate::workload::Workload;

type Key = (String, String);

/// Workloads by namespace and name.
#[derive(Debug, Default)]
pub struct Workloads {
    entries: Mutex<HashMap<Key, Workload>>,
}

impl Workloads {
    /// Takes note of a Deployment. True when its state differs from what was known; an older one is ignored.
    pub fn saw(&self, deployment: &Deployment) -> bool {
        let (Some(new), Some(namespace)) = (Workload::of(deployment), deployment.namespace()) else {
            return false;
        };
        let mut entries = self.lock();
        let key = (namespace, deployment.name_any());
        match entries.get(&key) {
            Some(old) if old.uid == new.uid && old.resource_version >= new.resource_version => false,
            old => {
                let changed = old.is_none_or(|old| !old.same_state(&new));
                entries.insert(key, new);
                changed
            }
        }
    }

    /// What is known of a Deployment.
    pub fn get(&self, namespace: &str, name: &str) -> Option<Workload> {
        self.lock().get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// Forgets a deleted Deployment.
    pub fn forget(&self, namespace: &str, name: &str) {
        self.lock().remove(&(namespace.to_owned(), name.to_owned()));
    }

    /// A poisoned lock means that a thread panicked between two plain assignments: the data is still whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Workload>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
