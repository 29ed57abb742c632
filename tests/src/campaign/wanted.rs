//! What the user asked for: services, their specs so far, and what was done to their children. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::spec::Spec;

/// A service's namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id {
    /// Namespace.
    pub(crate) namespace: String,
    /// Name.
    pub(crate) name: String,
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// What may happen to a service in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Its spec is changed, and its children are tampered with.
    Kept,
    /// It is deleted and made again.
    Loose,
    /// A name of its children is taken by a foreign object.
    Conflicting,
}

/// One service.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// What may happen to it.
    pub(crate) role: Role,
    /// The specs of this round, the one from before it first. The last is the wanted one.
    pub(crate) specs: Vec<Spec>,
    /// Whether it is to exist.
    pub(crate) exists: bool,
    /// Whether it was deleted in this round.
    pub(crate) deleted: bool,
    /// How often the pod template was tampered with, ever.
    pub(crate) restarts_allowed: usize,
}

impl Service {
    /// The wanted spec.
    pub(crate) fn spec(&self) -> Option<&Spec> {
        self.specs.last()
    }
}

/// Everything the user wants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted(pub BTreeMap<Id, Service>);

impl Wanted {
    /// A new round: what was before the last spec is forgotten.
    pub(crate) fn new_round(&mut self) {
        for service in self.0.values_mut() {
            let last = service.specs.len().saturating_sub(1);
            service.specs.drain(..last);
            service.deleted = false;
        }
    }

    /// Services of a role that exist.
    pub(crate) fn of_role(&self, role: Role) -> Vec<Id> {
        let existing = self.0.iter().filter(|(_, s)| s.role == role && s.exists);
        existing.map(|(id, _)| id.clone()).collect()
    }
}

/// A child, as a URL names it.
pub(crate) type ChildName = (String, String, String);

/// The children, as (plural, namespace, name), that no spec of the round leaves out, of services that were not deleted
/// in it: whatever the operator had seen of the round, it must not delete them.
pub(crate) fn never_unwanted(
    wanted: &Wanted,
    children: impl Fn(&Id, &Spec) -> Vec<(String, String)>,
) -> BTreeSet<ChildName> {
    let kept = wanted
        .0
        .iter()
        .filter(|(_, service)| service.exists && !service.deleted);
    let of_service = |(id, service): (&Id, &Service)| {
        let mut specs = service.specs.iter().map(|spec| {
            let names = children(id, spec).into_iter();
            names
                .map(|(plural, name)| (plural, id.namespace.clone(), name))
                .collect::<BTreeSet<_>>()
        });
        let first = specs.next().unwrap_or_default();
        specs.fold(first, |all, more| all.intersection(&more).cloned().collect())
    };
    kept.flat_map(of_service).collect()
}

/// The manifest that asks for a service.
pub(crate) fn manifest(id: &Id, spec: &Spec) -> Value {
    serde_json::json!({
        "apiVersion": "gitops-health.io/v1alpha1", "kind": "HealthcareService",
        "metadata": {"name": id.name, "namespace": id.namespace, "labels": {"app.kubernetes.io/part-of": "campaign"}},
        "spec": spec.to_json(),
    })
}

#[cfg(test)]
mod tests;
