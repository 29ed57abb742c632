//! Children that no status tells of: made by a process that ended before it could report them, or not reported yet.
//!
//! They are known by what they bear: our field manager's entry and the service as their controller. A pass takes them
//! for a part of the inventory, so that they are kept, or removed, like the rest of it.

use std::collections::HashMap;
use std::sync::Mutex;

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::InventoryEntry;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::ResourceExt;

use crate::field_managers::is_ours;
use crate::locked::lock;
use crate::metadata::{ChildView, controller};
use crate::render::{ChildKind, labels};

/// A child without the service's name and namespace.
#[derive(Debug)]
struct Stray {
    kind: ChildKind,
    name: Box<str>,
    uid: Box<str>,
}

/// Strays by the uid of their service: empty but for children under way.
#[derive(Debug, Default)]
pub struct Strays {
    by_owner: Mutex<HashMap<String, Vec<Stray>>>,
}

impl Strays {
    /// Takes note of a child that this process has not written. Gives the name of the service that it was made for, if
    /// this is news.
    pub fn saw(&self, kind: ChildKind, child: &ChildView) -> Option<String> {
        let owner = maker(child)?;
        let (name, uid) = (child.metadata.name.as_deref()?, child.metadata.uid.as_deref()?);
        self.note(&owner.uid, kind, name, uid).then(|| owner.name.clone())
    }

    /// Takes note of a deletion.
    pub fn gone(&self, child: &ChildView) {
        let uid = child.metadata.uid.as_deref().unwrap_or_default();
        if let Some(owner) = maker(child) {
            self.retain(&owner.uid, |stray| *stray.uid != *uid);
        }
    }

    /// Takes note of what a status tells of, or what a pass that got through has dealt with.
    pub fn reported(&self, service: &HealthcareService, inventory: &[InventoryEntry]) {
        let is_told = |stray: &Stray| inventory.iter().any(|entry| *entry.uid == *stray.uid);
        self.retain(&service.uid().unwrap_or_default(), |stray| !is_told(stray));
    }

    /// Takes note of what a pass made and the status `told` does not tell of yet.
    pub fn made(&self, service: &HealthcareService, told: &[InventoryEntry], made: &[InventoryEntry]) {
        let is_told = |uid: &str| told.iter().any(|entry| entry.uid == uid);
        for entry in made.iter().filter(|entry| !is_told(&entry.uid)) {
            if let Some(kind) = ChildKind::of(&entry.api_version, &entry.kind) {
                self.note(
                    service.metadata.uid.as_deref().unwrap_or_default(),
                    kind,
                    &entry.name,
                    &entry.uid,
                );
            }
        }
    }

    /// The inventory, completed. A stray takes the place of an entry of its kind and name: it was seen later.
    pub fn added_to(&self, inventory: &[InventoryEntry], service: &HealthcareService) -> Vec<InventoryEntry> {
        let by_owner = lock(&self.by_owner);
        let strays = by_owner
            .get(&service.uid().unwrap_or_default())
            .into_iter()
            .flatten();
        let news = strays.filter(|stray| inventory.iter().all(|entry| *entry.uid != *stray.uid));
        let news: Vec<_> = news.map(Stray::entry).collect();
        let is_replaced = |old: &InventoryEntry| {
            news.iter()
                .any(|new| (&new.kind, &new.name) == (&old.kind, &old.name))
        };
        let old = inventory.iter().filter(|old| !is_replaced(old)).cloned();
        old.chain(news.iter().cloned()).collect()
    }

    /// Forgets a deleted service.
    pub fn forget(&self, uid: &str) {
        lock(&self.by_owner).remove(uid);
    }

    /// True if it is news. What bore its name before is gone, though no watch told so.
    fn note(&self, owner: &str, kind: ChildKind, name: &str, uid: &str) -> bool {
        let mut by_owner = lock(&self.by_owner);
        let strays = by_owner.entry(owner.to_owned()).or_default();
        let is_news = strays.iter().all(|stray| *stray.uid != *uid);
        if is_news {
            strays.retain(|stray| (stray.kind, &*stray.name) != (kind, name));
            strays.push(Stray {
                kind,
                name: name.into(),
                uid: uid.into(),
            });
        }
        is_news
    }

    fn retain(&self, owner: &str, keep: impl Fn(&Stray) -> bool) {
        let mut by_owner = lock(&self.by_owner);
        if let Some(strays) = by_owner.get_mut(owner) {
            strays.retain(keep);
            if strays.is_empty() {
                by_owner.remove(owner);
            }
        }
    }
}

impl Stray {
    fn entry(&self) -> InventoryEntry {
        InventoryEntry {
            api_version: self.kind.api_version(),
            kind: self.kind.kind().to_owned(),
            name: self.name.to_string(),
            uid: self.uid.to_string(),
            fingerprint: None,
        }
    }
}

/// The service that we made a child for. A copy that a person made of one lacks our entry.
fn maker(child: &ChildView) -> Option<&OwnerReference> {
    let owner = controller(&child.metadata)?;
    (labels::is_service(owner) && child.managed.iter().any(is_ours)).then_some(owner)
}

#[cfg(test)]
mod tests;
