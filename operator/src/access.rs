//! Whether the two sides of an access policy agree. Pure.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::AccessRule;
use kube::ResourceExt;

use crate::plan::named_service;
use crate::queue::Key;

/// A callee that this service may call but that does not let it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inconsistency {
    /// There is no such service.
    Missing {
        /// `namespace/name`.
        callee: String,
    },
    /// The callee lists other callers.
    Refused {
        /// `namespace/name`.
        callee: String,
        /// This service, `namespace/name`.
        caller: String,
    },
}

impl Inconsistency {
    /// Reason of the condition.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "CalleeMissing",
            Self::Refused { .. } => "CalleeRefuses",
        }
    }
}

impl fmt::Display for Inconsistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { callee } => {
                write!(
                    f,
                    "there is no HealthcareService {callee}: create it or remove it from accessPolicy.outbound"
                )
            }
            Self::Refused { callee, caller } => {
                write!(
                    f,
                    "{callee} does not list {caller} in its accessPolicy.inbound: add it there"
                )
            }
        }
    }
}

/// The services that `service` names as callees, as (namespace, name).
pub fn callees(service: &HealthcareService) -> Vec<(String, String)> {
    let own = service.namespace().unwrap_or_default();
    let rules = service
        .spec
        .access_policy
        .iter()
        .flat_map(|policy| &policy.outbound);
    rules
        .filter_map(|rule| named_service(rule, &own))
        .map(|(ns, name)| (ns.to_owned(), name.to_owned()))
        .collect()
}

/// Who names whom as a callee.
#[derive(Debug, Default)]
pub struct Callers(HashMap<Key, HashSet<Key>>);

impl Callers {
    /// Takes note of a service that is new, changed or gone.
    pub fn update(&mut self, before: Option<&HealthcareService>, after: Option<&HealthcareService>) {
        for (caller, callee) in before.into_iter().flat_map(calls) {
            if let Entry::Occupied(mut callers) = self.0.entry(callee) {
                callers.get_mut().remove(&caller);
                if callers.get().is_empty() {
                    callers.remove();
                }
            }
        }
        for (caller, callee) in after.into_iter().flat_map(calls) {
            self.0.entry(callee).or_default().insert(caller);
        }
    }

    /// The services that name `callee`.
    pub fn of(&self, callee: &Key) -> impl Iterator<Item = &Key> {
        self.0.get(callee).into_iter().flatten()
    }
}

fn calls(service: &HealthcareService) -> impl Iterator<Item = (Key, Key)> {
    let caller = Key::from(service);
    let callees = callees(service).into_iter();
    callees.map(move |(namespace, name)| (caller.clone(), Key::new(&namespace, &name)))
}

/// What does not agree; none when the service names no callee. Callees that admit by labels or addresses are
/// given the benefit of the doubt: who those select is not known here.
pub fn inconsistencies(
    service: &HealthcareService,
    find: impl Fn(&Key) -> Option<HealthcareService>,
) -> Option<Vec<Inconsistency>> {
    let callees = callees(service);
    if callees.is_empty() {
        return None;
    }
    let own = (service.namespace().unwrap_or_default(), service.name_any());
    let judge = |(namespace, name): &(String, String)| {
        let callee = format!("{namespace}/{name}");
        match find(&Key::new(namespace, name)) {
            None => Some(Inconsistency::Missing { callee }),
            Some(other) if admits(&other, &own) => None,
            Some(_) => Some(Inconsistency::Refused {
                callee,
                caller: format!("{}/{}", own.0, own.1),
            }),
        }
    };
    Some(callees.iter().filter_map(judge).collect())
}

fn admits(callee: &HealthcareService, who: &(String, String)) -> bool {
    let own = callee.namespace().unwrap_or_default();
    let inbound = callee
        .spec
        .access_policy
        .iter()
        .flat_map(|policy| &policy.inbound);
    let admitted = |rule: &AccessRule| match named_service(rule, &own) {
        Some((namespace, name)) => namespace == who.0 && name == who.1,
        None => true,
    };
    inbound.into_iter().any(admitted)
}

#[cfg(test)]
mod tests;
