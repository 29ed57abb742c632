//! The state of all Deployments, fed by the watch and by the answers to our own writes.

use std::collections::HashMap;
use std::sync::Mutex;

use kube::{Resource, ResourceExt};

use crate::locked::lock;
use crate::metadata::controller;
use crate::workload::{DeploymentView, Moved, Workload};

type Key = (String, String);

/// Workloads by namespace and name.
#[derive(Debug, Default)]
pub struct Workloads {
    entries: Mutex<HashMap<Key, Entry>>,
}

#[derive(Debug)]
struct Entry {
    /// Uid of the service it was made for.
    owner: Option<Box<str>>,
    workload: Workload,
}

impl Workloads {
    /// Takes note of a Deployment, and tells in what its state differs from what was known; an older one is ignored.
    pub fn saw(&self, deployment: &DeploymentView) -> Option<Moved> {
        let (new, namespace) = (Workload::of(deployment)?, deployment.namespace()?);
        let mut entries = lock(&self.entries);
        let key = (namespace, deployment.name_any());
        match entries.get(&key).map(|entry| &entry.workload) {
            Some(old) if old.uid == new.uid && old.resource_version >= new.resource_version => None,
            old => {
                let moved = old.map_or(Some(Moved::State), |old| new.moved(old));
                let owner = controller(deployment.meta()).map(|owner| owner.uid.as_str().into());
                entries.insert(key, Entry { owner, workload: new });
                moved
            }
        }
    }

    /// What is known of a Deployment.
    pub fn get(&self, namespace: &str, name: &str) -> Option<Workload> {
        lock(&self.entries)
            .get(&(namespace.to_owned(), name.to_owned()))
            .map(|entry| entry.workload.clone())
    }

    /// Forgets a Deployment that is gone.
    pub fn forget(&self, namespace: &str, name: &str) {
        self.forget_if(namespace, name, |_| true);
    }

    /// Forgets the Deployment of this uid. The watch may tell late that it was deleted, after another one took its name.
    pub fn deleted(&self, namespace: &str, name: &str, uid: &str) {
        self.forget_if(namespace, name, |entry| entry.workload.uid == uid);
    }

    /// Forgets the Deployment that was made for the service of this uid. Another watch tells of services: the next service of the
    /// name may have its Deployment already.
    pub fn forget_of(&self, namespace: &str, name: &str, service: &str) {
        self.forget_if(namespace, name, |entry| entry.owner.as_deref() == Some(service));
    }

    fn forget_if(&self, namespace: &str, name: &str, is_meant: impl FnOnce(&Entry) -> bool) {
        let mut entries = lock(&self.entries);
        let key = (namespace.to_owned(), name.to_owned());
        if entries.get(&key).is_some_and(is_meant) {
            entries.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests;
