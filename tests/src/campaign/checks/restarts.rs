//! Pods are restarted by a change of the spec, or by somebody else, never by an operator. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::super::history::Violation;
use super::super::wanted::{Id, Wanted};

/// The rule.
pub(crate) const RULE: &str = "no pod is restarted without a change of the spec";

/// Each Deployment has as many ReplicaSets as there were pod templates: the first, one for each change of the spec that
/// changes the template, and those that others caused.
pub(crate) fn check(
    wanted: &Wanted,
    replica_sets: &BTreeMap<String, (String, String, BTreeSet<String>)>,
) -> Vec<Violation> {
    let too_many = |(uid, (namespace, name, sets)): (&String, &(String, String, BTreeSet<String>))| {
        let id = Id {
            namespace: namespace.clone(),
            name: name.clone(),
        };
        let allowed = 1 + wanted.0.get(&id)?.restarts_allowed;
        let count = sets.len();
        (count > allowed).then(|| {
            Violation::of(
                RULE,
                format!("Deployment {id} ({uid}) has had {count} ReplicaSets where {allowed} are explained"),
            )
        })
    };
    replica_sets.iter().filter_map(too_many).collect()
}

#[cfg(test)]
mod tests;
