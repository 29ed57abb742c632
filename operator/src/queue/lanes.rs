//! The keys whose time has come, and which of them is next: fair between namespaces, and within a namespace between
//! what somebody changed and the rest. Pure.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Key;

/// So many keys that somebody changed may go before one of the background that came earlier.
const OVERTAKES: u32 = 3;

/// How soon a key is wanted, compared with others of its namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The list at the start, retries, looking again: nobody waits for this one in particular.
    Background,
    /// Somebody changed something.
    Changed,
}

/// Where a key waits, to find it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) level: Level,
    ticket: u64,
}

/// One lane for each namespace. The next key comes from the lane with the fewest passes running; among equals, from
/// the one that has waited longest for its turn.
///
/// It follows that a namespace with nothing running has its turn before any other that waits has a second one, however
/// much the others queue: whoever comes before it has an older ticket and nothing running, and gets a younger ticket
/// by being taken.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    namespaces: HashMap<Arc<str>, Lane>,
    /// Lanes with waiting keys, by passes running and ticket.
    turns: BTreeMap<(u32, u64), Arc<str>>,
    tickets: u64,
    changed: usize,
    background: usize,
}

/// What waits and runs of one namespace. Keys wait under ascending tickets.
#[derive(Debug, Default)]
struct Lane {
    running: u32,
    ticket: u64,
    overtakes: u32,
    changed: BTreeMap<u64, Key>,
    background: BTreeMap<u64, Key>,
}

impl Lanes {
    /// Puts a key at the end of its lane. It must not be there already.
    pub(super) fn push(&mut self, key: &Key, level: Level) -> Place {
        let ticket = self.ticket();
        *self.count(level) += 1;
        self.update(&key.namespace, |lane| {
            if !lane.is_waiting() {
                lane.ticket = ticket;
            }
            lane.at(level).insert(ticket, key.clone());
        });
        Place { level, ticket }
    }

    /// Takes a key out that is not to run.
    pub(super) fn remove(&mut self, key: &Key, place: Place) {
        let removed = self.update(&key.namespace, |lane| lane.at(place.level).remove(&place.ticket));
        if removed.is_some() {
            *self.count(place.level) -= 1;
        }
    }

    /// The next key, from now on running.
    pub(super) fn take(&mut self) -> Option<Key> {
        let namespace = Arc::clone(self.turns.first_key_value()?.1);
        let ticket = self.ticket();
        let (key, level) = self.update(&namespace, |lane| {
            lane.ticket = ticket;
            let taken = lane.pop()?;
            lane.running += 1;
            Some(taken)
        })?;
        *self.count(level) -= 1;
        Some(key)
    }

    /// A pass of the namespace ended.
    pub(super) fn release(&mut self, namespace: &Arc<str>) {
        self.update(namespace, |lane| lane.running = lane.running.saturating_sub(1));
    }

    /// How many keys of a level wait.
    pub(super) fn waiting(&self, level: Level) -> usize {
        match level {
            Level::Changed => self.changed,
            Level::Background => self.background,
        }
    }

    /// Whether nothing waits or runs, and nothing is kept.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.namespaces.is_empty() && self.turns.is_empty() && self.changed + self.background == 0
    }

    /// Changes a lane and keeps `turns` in step; a lane without keys and passes goes.
    fn update<R>(&mut self, namespace: &Arc<str>, change: impl FnOnce(&mut Lane) -> R) -> R {
        let lane = self.namespaces.entry(Arc::clone(namespace)).or_default();
        self.turns.remove(&lane.turn());
        let result = change(lane);
        if lane.is_waiting() {
            self.turns.insert(lane.turn(), Arc::clone(namespace));
        } else if lane.running == 0 {
            self.namespaces.remove(namespace);
        }
        result
    }

    fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    fn count(&mut self, level: Level) -> &mut usize {
        match level {
            Level::Changed => &mut self.changed,
            Level::Background => &mut self.background,
        }
    }
}

impl Lane {
    fn is_waiting(&self) -> bool {
        !(self.changed.is_empty() && self.background.is_empty())
    }

    fn turn(&self) -> (u32, u64) {
        (self.running, self.ticket)
    }

    fn at(&mut self, level: Level) -> &mut BTreeMap<u64, Key> {
        match level {
            Level::Changed => &mut self.changed,
            Level::Background => &mut self.background,
        }
    }

    /// What was changed first, but never more than [`OVERTAKES`] in a row while others wait.
    fn pop(&mut self) -> Option<(Key, Level)> {
        let level = if self.changed.is_empty() || self.overtakes >= OVERTAKES && !self.background.is_empty() {
            Level::Background
        } else {
            Level::Changed
        };
        let overtakes = level == Level::Changed && !self.background.is_empty();
        self.overtakes = if overtakes { self.overtakes + 1 } else { 0 };
        let (_, key) = self.at(level).pop_first()?;
        Some((key, level))
    }
}
