//! What a status may not do. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::super::history::Violation;

/// The rule about generations.
pub(crate) const FORWARDS: &str = "observedGeneration never goes backwards, nor ahead of the generation";
/// The rule about inventories.
pub(crate) const ONCE: &str = "an inventory lists an object once";

/// A service as a watch told of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StatusSeen {
    /// The service's uid.
    pub(crate) uid: String,
    /// Its namespace and name.
    pub(crate) service: String,
    /// Its resourceVersion.
    pub(crate) revision: u64,
    /// Its generation.
    pub(crate) generation: i64,
    /// The generation that its status speaks of; 0 for none.
    pub(crate) observed: i64,
    /// Kind and name of each entry of its inventory.
    pub(crate) inventory: Vec<String>,
}

/// The newest of each service, by uid.
#[derive(Debug, Default)]
pub(crate) struct Statuses(BTreeMap<String, StatusSeen>);

impl Statuses {
    /// Takes note of one and judges it. What is older than what was seen before, as after a watch was begun anew,
    /// tells nothing.
    pub(crate) fn note(&mut self, seen: StatusSeen) -> Vec<Violation> {
        let before = self.0.get(&seen.uid);
        if before.is_some_and(|before| before.revision >= seen.revision) {
            return Vec::new();
        }
        let backwards = before.is_some_and(|before| before.observed > seen.observed);
        let ahead = seen.observed > seen.generation;
        let distinct: BTreeSet<_> = seen.inventory.iter().collect();
        let twice = distinct.len() < seen.inventory.len();
        let told = format!("{seen:?} after {before:?}");
        let broken = [(backwards || ahead, FORWARDS), (twice, ONCE)];
        let broken = broken.into_iter().filter(|(broken, _)| *broken);
        let violations = broken
            .map(|(_, rule)| Violation::of(rule, told.clone()))
            .collect();
        self.0.insert(seen.uid.clone(), seen);
        violations
    }
}

#[cfg(test)]
mod tests;
