//! Revisions that a rollout needs, read once. I/O.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::InventoryEntry;
use k8s_openapi::api::apps::v1::ControllerRevision;
use kube::{Api, Client, ResourceExt};

use crate::locked::lock;
use crate::metadata::controller;
use crate::outcome::Error;
use crate::queue::Key;
use crate::render::ChildKind;
use crate::rollout::Revision;

/// Revisions by service and name, kept while a rollout needs them. Their content never changes.
#[derive(Debug, Default)]
pub struct Revisions {
    known: Mutex<HashMap<Key, HashMap<String, Arc<Revision>>>>,
}

impl Revisions {
    /// The revision of this name. None when it is gone, or is not the one that was made for this service.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub async fn get(
        &self,
        client: &Client,
        service: &HealthcareService,
        inventory: &[InventoryEntry],
        name: &str,
    ) -> Result<Option<Arc<Revision>>, Error> {
        let key = Key::from(service);
        let known = lock(&self.known)
            .get(&key)
            .and_then(|known| known.get(name).cloned());
        if known.is_some() {
            return Ok(known);
        }
        let api: Api<ControllerRevision> =
            Api::namespaced(client.clone(), &service.namespace().unwrap_or_default());
        let found = api.get_opt(name).await;
        let found = found.map_err(|e| Error::api("read", "ControllerRevision", name, e))?;
        let ours = found
            .filter(|found| is_of(found, service) && is_as_made(found, inventory))
            .and_then(Revision::of)
            .map(Arc::new);
        if let Some(revision) = &ours {
            let mut known = lock(&self.known);
            known
                .entry(key)
                .or_default()
                .insert(name.to_owned(), Arc::clone(revision));
        }
        Ok(ours)
    }

    /// Whether this process has read one for the rollout of a service.
    pub fn knows(&self, key: &Key) -> bool {
        lock(&self.known).contains_key(key)
    }

    /// Forgets the revisions of a service whose rollout is over.
    pub fn forget(&self, key: &Key) {
        lock(&self.known).remove(key);
    }
}

fn is_of(revision: &ControllerRevision, service: &HealthcareService) -> bool {
    let owner = controller(&revision.metadata);
    owner.is_some_and(|owner| Some(&owner.uid) == service.metadata.uid.as_ref())
}

/// Whether it is the object that the status tells of: the content of that one cannot have changed, but somebody may have
/// put another in its place.
fn is_as_made(revision: &ControllerRevision, inventory: &[InventoryEntry]) -> bool {
    let metadata = &revision.metadata;
    let made = inventory
        .iter()
        .filter(|entry| entry.kind == ChildKind::ControllerRevision.kind())
        .find(|entry| Some(&entry.name) == metadata.name.as_ref());
    made.is_none_or(|made| Some(&made.uid) == metadata.uid.as_ref())
}

#[cfg(test)]
mod tests;
