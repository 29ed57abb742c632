use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::InventoryEntry;
use kube::ResourceExt;

use super::{ChildKey, Fingerprint, Ledger};
use crate::plan::Plan;
use crate::render::{Child, ChildKind};

impl Ledger {
    /// Takes over what an earlier process wrote into the status about a child.
    pub fn recall(&self, plan: &Plan, child: &Child, inventory: &[InventoryEntry], is_observed: bool) {
        if let Some(entry) = child.listed(inventory) {
            let key = ChildKey::of(child.kind, plan, &child.name);
            self.believe(&key, &plan.owner.name, entry, is_observed);
        }
    }

    /// The same of all children of a service that is seen for the first time. What happens to one from then on is known to
    /// be about this service before its first pass: a standby that takes over puts it right at once, and not after the
    /// passes of all others.
    pub fn recall_all(&self, service: &HealthcareService) {
        let (Some(status), Some(namespace)) = (&service.status, service.namespace()) else {
            return;
        };
        let is_observed = status.observed_generation == service.metadata.generation;
        for entry in &status.inventory {
            let Some(kind) = ChildKind::of(&entry.api_version, &entry.kind) else {
                continue;
            };
            let key = ChildKey {
                kind,
                namespace: namespace.clone(),
                name: entry.name.clone(),
            };
            self.believe(&key, &service.name_any(), entry, is_observed);
        }
    }

    /// Of another generation only whose object it is: values may have been written since that the status does not know of.
    fn believe(&self, key: &ChildKey, service: &str, entry: &InventoryEntry, is_observed: bool) {
        let Some(fingerprint) = entry.fingerprint.as_deref().and_then(Fingerprint::parse) else {
            return;
        };
        let desired = if is_observed { fingerprint.desired } else { 0 };
        let left = Fingerprint {
            desired,
            ..fingerprint
        };
        self.adopt(key, service, &entry.uid, left);
    }
}
