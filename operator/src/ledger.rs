//! What the operator remembers of each child, so that an unchanged one costs no request.
//!
//! After each apply it keeps the child's uid, a digest of the desired object and a digest of its own
//! `managedFields` entry. The API server takes a path out of that entry when somebody else changes its value, so
//! an equal digest means that everything we own is as we left it, whatever happened to the rest of the object. What
//! others added beside it stands in their entries. All of it is in the object's metadata; no child is kept whole.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use crate::locked::lock;
use crate::plan::Plan;
use crate::render::ChildKind;

mod account;
mod entry;
mod recall;
mod sighting;
mod standing;

pub use account::Account;
use entry::{Entry, Left};
pub use sighting::{Fingerprint, Sighting, digest_of_additions, sighting};
pub use standing::{Disturbance, Standing};

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

impl ChildKey {
    /// The key of a child of a service.
    pub fn of(kind: ChildKind, plan: &Plan, name: &str) -> Self {
        Self {
            kind,
            namespace: plan.owner.namespace.clone(),
            name: name.to_owned(),
        }
    }
}

/// The memory of all children.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Mutex<HashMap<ChildKey, Entry>>,
}

impl Ledger {
    /// How a child stands, given the digest of what is wanted now.
    pub fn standing(&self, key: &ChildKey, desired: u64) -> Standing {
        lock(&self.entries)
            .get(key)
            .map_or(Standing::Absent, |entry| entry.standing(desired))
    }

    /// Believes what another process wrote into the status about a child, unless this one knows better. A standby hears again
    /// and again what the leader did.
    pub fn adopt(&self, key: &ChildKey, service: &str, uid: &str, fingerprint: Fingerprint) {
        let mut entries = lock(&self.entries);
        let entry = entries.entry(key.clone()).or_default();
        service.clone_into(&mut entry.service);
        if entry.left.as_ref().is_some_and(|left| left.is_own) {
            return;
        }
        let (resource_version, kept) = match entry.left.take().filter(|heard| heard.uid == uid) {
            Some(heard) if heard.fingerprint.added == fingerprint.added => {
                (heard.resource_version, heard.kept)
            }
            Some(heard) => (heard.resource_version, Box::default()),
            None => (0, Box::default()),
        };
        entry.left = Some(Left {
            uid: uid.to_owned(),
            is_own: false,
            resource_version,
            fingerprint,
            kept,
        });
        entry.note_kept();
        entry.settle();
    }

    /// Starts to listen for events about a child that is about to be applied. Gives the deletion noted before, which that
    /// apply settles.
    pub fn expect(&self, key: &ChildKey, service: &str) -> Option<String> {
        let mut entries = lock(&self.entries);
        let entry = entries.entry(key.clone()).or_default();
        service.clone_into(&mut entry.service);
        entry.is_written = true;
        entry.deleted.take()
    }

    /// A pass found the child as it is wanted.
    pub fn found_intact(&self, key: &ChildKey) {
        if let Some(left) = lock(&self.entries)
            .get_mut(key)
            .and_then(|entry| entry.left.as_mut())
        {
            left.is_own = true;
        }
    }

    /// An apply failed, as far as is known: what it was to settle stands, unless the child was seen since.
    pub fn unsettled(&self, key: &ChildKey, deleted: Option<String>) {
        if let Some(entry) = lock(&self.entries).get_mut(key) {
            entry.is_written = false;
            entry.deleted = entry.deleted.take().or(deleted);
        }
    }

    /// Remembers a written child by the API server's answer. `added` is the digest of the additions that may stay.
    pub fn record(&self, key: &ChildKey, desired: u64, answer: &Sighting, added: u64) {
        if let Some(entry) = lock(&self.entries).get_mut(key) {
            entry.is_written = false;
            entry.deleted = entry.deleted.take().filter(|uid| *uid == answer.uid);
            let kept = match entry.left.take() {
                _ if digest_of_additions(&answer.added) == added => answer.added.clone().into(),
                Some(left) => left.kept,
                None => Box::default(),
            };
            entry.left = Some(Left {
                uid: answer.uid.clone(),
                is_own: true,
                resource_version: answer.resource_version,
                fingerprint: Fingerprint {
                    desired,
                    owned: answer.owned.unwrap_or_default(),
                    since: answer.since,
                    added,
                    template: answer.template,
                },
                kept,
            });
            entry.settle();
        }
    }

    /// Puts up with what others have added to a child.
    pub fn tolerate(&self, key: &ChildKey) {
        if let Some(Entry {
            left: Some(left),
            seen: Some(seen),
            ..
        }) = lock(&self.entries).get_mut(key)
        {
            left.is_own = true;
            left.fingerprint.added = digest_of_additions(&seen.added);
            left.kept = seen.added.as_slice().into();
        }
    }

    /// Identity of a child as last written.
    pub fn uid(&self, key: &ChildKey) -> Option<String> {
        Some(lock(&self.entries).get(key)?.left.as_ref()?.uid.clone())
    }

    /// What was left at a child.
    pub fn fingerprint(&self, key: &ChildKey) -> Option<Fingerprint> {
        Some(lock(&self.entries).get(key)?.left.as_ref()?.fingerprint)
    }

    /// Takes note of an event about a child. Tells the service to reconcile when something we own was changed, or
    /// something added.
    pub fn saw(&self, key: &ChildKey, sighting: Sighting) -> Option<String> {
        let mut entries = lock(&self.entries);
        let entry = entries.entry(key.clone()).or_default();
        // A list that began before our apply and ended after it lacks the object: this event proves it alive.
        entry.deleted = entry.deleted.take().filter(|uid| *uid != sighting.uid);
        if entry
            .seen
            .as_ref()
            .is_none_or(|seen| seen.resource_version < sighting.resource_version)
        {
            entry.seen = Some(sighting.into());
            entry.note_kept();
            entry.settle();
        }
        entry.wakes()
    }

    /// Takes note of a deletion. Tells the service to reconcile when the child was ours.
    pub fn deleted(&self, key: &ChildKey, uid: &str) -> Option<String> {
        let mut entries = lock(&self.entries);
        let entry = entries.get_mut(key)?;
        if entry.service.is_empty() {
            entries.remove(key);
            return None;
        }
        entry.deleted = Some(uid.to_owned());
        entry.wakes()
    }

    /// After a fresh list of one kind in `namespace` (all when none): whatever is remembered but was not listed is
    /// gone. Returns the children concerned with their services.
    pub fn listed(
        &self,
        kind: ChildKind,
        namespace: Option<&str>,
        present: &HashSet<ChildKey>,
    ) -> Vec<(ChildKey, String)> {
        let mut entries = lock(&self.entries);
        let missing = |key: &ChildKey| {
            key.kind == kind && namespace.is_none_or(|ns| ns == key.namespace) && !present.contains(key)
        };
        entries.retain(|key, entry| !entry.service.is_empty() || !missing(key));
        let gone = entries.iter_mut().filter(|(key, _)| missing(key));
        let gone = gone.filter_map(|(key, entry)| {
            // It may be another than the one that was left: the status of that one comes later.
            entry.seen = None;
            entry.deleted = Some(entry.left.as_ref()?.uid.clone());
            Some((key.clone(), entry.service.clone()))
        });
        gone.collect()
    }

    /// Forgets one child.
    pub fn forget(&self, key: &ChildKey) {
        lock(&self.entries).remove(key);
    }

    /// Forgets every child of a kind, when its API has gone.
    pub fn forget_kind(&self, kind: ChildKind) {
        lock(&self.entries).retain(|key, _| key.kind != kind);
    }

    /// Forgets every child of a service.
    pub fn forget_service(&self, namespace: &str, service: &str) {
        lock(&self.entries).retain(|key, entry| key.namespace != namespace || entry.service != service);
    }
}

#[cfg(test)]
mod tests;
