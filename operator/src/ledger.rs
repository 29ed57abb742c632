//! What the operator remembers of each child, so that an unchanged one costs no request.
//!
//! After each apply it keeps the child's uid, a digest of the desired object and a digest of its own
//! `managedFields` entry. The API server takes a path out of that entry when somebody else changes its value, so
//! an equal digest means that everything we own is as we left it, whatever happened to the rest of the object.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};

use crate::render::ChildKind;

/// Field manager of everything but the number of replicas.
pub const FIELD_MANAGER: &str = "healthcare-operator";
/// Field manager of `spec.replicas` of the Deployments.
pub const SCALE_MANAGER: &str = "healthcare-operator-scale";

/// Names one child.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChildKey {
    /// Its kind.
    pub kind: ChildKind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// A child as seen at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Unique identity.
    pub uid: String,
    /// Position in the API server's history: a larger one is later (KEP-5504).
    pub resource_version: u64,
    /// Digest of our own `managedFields` entry, none when there is none.
    pub owned: Option<u64>,
    /// Other field manager that wrote last.
    pub other: Option<String>,
}

/// How a child stands against what the operator left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Never applied by this process.
    Unknown,
    /// As we left it, and as it is wanted now.
    Intact,
    /// As we left it, but something else is wanted now.
    Outdated {
        /// Identity of the object to change.
        uid: String,
    },
    /// Somebody changed what we own.
    Changed {
        /// Identity of the object to repair.
        uid: String,
        /// Who did it, where known.
        manager: Option<String>,
    },
    /// Somebody deleted it, or put another object in its place.
    Gone,
}

#[derive(Debug, Default)]
struct Entry {
    service: String,
    desired: u64,
    applied: Option<Sighting>,
    seen: Option<Sighting>,
    deleted: Option<String>,
}

/// The memory of all children.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Mutex<HashMap<ChildKey, Entry>>,
}

impl Ledger {
    /// How a child stands, given the digest of what is wanted now.
    pub fn standing(&self, key: &ChildKey, desired: u64) -> Standing {
        self.lock()
            .get(key)
            .map_or(Standing::Unknown, |entry| entry.standing(desired))
    }

    /// Starts to listen for events about a child that is about to be applied. A deletion noted before is settled by
    /// that apply.
    pub fn expect(&self, key: &ChildKey, service: &str) {
        let mut entries = self.lock();
        let entry = entries.entry(key.clone()).or_default();
        service.clone_into(&mut entry.service);
        entry.deleted = None;
    }

    /// Remembers an applied child by the API server's answer.
    pub fn record(&self, key: &ChildKey, desired: u64, applied: Sighting) {
        if let Some(entry) = self.lock().get_mut(key) {
            entry.desired = desired;
            entry.deleted = entry.deleted.take().filter(|uid| *uid == applied.uid);
            entry.applied = Some(applied);
        }
    }

    /// Identity of a child as last applied.
    pub fn uid(&self, key: &ChildKey) -> Option<String> {
        self.lock()
            .get(key)?
            .applied
            .as_ref()
            .map(|applied| applied.uid.clone())
    }

    /// Takes note of an event about a child. Tells the service to reconcile when something we own was changed.
    pub fn saw(&self, key: &ChildKey, sighting: Sighting) -> Option<String> {
        let mut entries = self.lock();
        let entry = entries.get_mut(key)?;
        // A list that began before our apply and ended after it lacks the object: this event proves it alive.
        entry.deleted = entry.deleted.take().filter(|uid| *uid != sighting.uid);
        if entry
            .seen
            .as_ref()
            .is_none_or(|seen| seen.resource_version < sighting.resource_version)
        {
            entry.seen = Some(sighting);
        }
        entry.disturbed().then(|| entry.service.clone())
    }

    /// Takes note of a deletion. Tells the service to reconcile when the child was ours.
    pub fn deleted(&self, key: &ChildKey, uid: &str) -> Option<String> {
        let mut entries = self.lock();
        let entry = entries.get_mut(key)?;
        entry.deleted = Some(uid.to_owned());
        entry.disturbed().then(|| entry.service.clone())
    }

    /// After a fresh list of one kind in `namespace` (all when none): whatever is remembered but was not listed is
    /// gone. Returns the children concerned with their services.
    pub fn listed(
        &self,
        kind: ChildKind,
        namespace: Option<&str>,
        present: &HashSet<ChildKey>,
    ) -> Vec<(ChildKey, String)> {
        let mut entries = self.lock();
        let in_scope = |key: &ChildKey| key.kind == kind && namespace.is_none_or(|ns| ns == key.namespace);
        let missing = entries
            .iter_mut()
            .filter(|(key, _)| in_scope(key) && !present.contains(*key));
        let gone = missing.filter_map(|(key, entry)| {
            entry.deleted = Some(entry.applied.as_ref()?.uid.clone());
            Some((key.clone(), entry.service.clone()))
        });
        gone.collect()
    }

    /// Forgets one child.
    pub fn forget(&self, key: &ChildKey) {
        self.lock().remove(key);
    }

    /// Forgets every child of a kind, when its API has gone.
    pub fn forget_kind(&self, kind: ChildKind) {
        self.lock().retain(|key, _| key.kind != kind);
    }

    /// Forgets every child of a service.
    pub fn forget_service(&self, namespace: &str, service: &str) {
        self.lock()
            .retain(|key, entry| key.namespace != namespace || entry.service != service);
    }

    /// A poisoned lock means that a thread panicked between two plain assignments: the data is still whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<ChildKey, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn standing(&self, desired: u64) -> Standing {
        let Some(applied) = &self.applied else {
            return Standing::Unknown;
        };
        if self.deleted.as_ref() == Some(&applied.uid) {
            return Standing::Gone;
        }
        match self.later() {
            Some(seen) if seen.uid != applied.uid => Standing::Gone,
            Some(seen) if seen.owned != applied.owned => Standing::Changed {
                uid: applied.uid.clone(),
                manager: seen.other.clone(),
            },
            _ if self.desired == desired => Standing::Intact,
            _ => Standing::Outdated {
                uid: applied.uid.clone(),
            },
        }
    }

    /// What was seen after our last write, if anything.
    fn later(&self) -> Option<&Sighting> {
        let applied = self.applied.as_ref()?.resource_version;
        self.seen.as_ref().filter(|seen| seen.resource_version > applied)
    }

    /// Also while an apply is under way for the first time: nobody can tell yet whose change an event speaks of, and
    /// another pass finds out without a request.
    fn disturbed(&self) -> bool {
        self.applied.is_none()
            || matches!(
                self.standing(self.desired),
                Standing::Changed { .. } | Standing::Gone
            )
    }
}

/// What a child's metadata tells. None for metadata without identity, which the API server never sends.
pub fn sighting(metadata: &ObjectMeta) -> Option<Sighting> {
    let entries = metadata.managed_fields.as_deref().unwrap_or_default();
    Some(Sighting {
        uid: metadata.uid.clone()?,
        resource_version: metadata.resource_version.as_ref()?.parse().unwrap_or(u64::MAX),
        owned: entries.iter().find(|entry| is_ours(entry)).map(digest_of_entry),
        other: last_other(entries),
    })
}

/// Digest of a desired object.
pub fn digest(body: &serde_json::Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    body.to_string().hash(&mut hasher);
    hasher.finish()
}

fn is_ours(entry: &ManagedFieldsEntry) -> bool {
    entry.manager.as_deref() == Some(FIELD_MANAGER)
        && entry.operation.as_deref() == Some("Apply")
        && entry.subresource.as_deref().unwrap_or_default().is_empty()
}

fn digest_of_entry(entry: &ManagedFieldsEntry) -> u64 {
    let mut hasher = DefaultHasher::new();
    entry.api_version.hash(&mut hasher);
    entry
        .fields_v1
        .as_ref()
        .map(|fields| fields.0.to_string())
        .hash(&mut hasher);
    hasher.finish()
}

fn last_other(entries: &[ManagedFieldsEntry]) -> Option<String> {
    let own = [FIELD_MANAGER, SCALE_MANAGER];
    let others = entries.iter().filter(|entry| {
        entry
            .manager
            .as_deref()
            .is_some_and(|manager| !own.contains(&manager))
            && entry.subresource.as_deref().unwrap_or_default().is_empty()
    });
    let latest = others.max_by_key(|entry| entry.time.as_ref().map(|time| time.0));
    latest.and_then(|entry| entry.manager.clone())
}

#[cfg(test)]
mod tests;
