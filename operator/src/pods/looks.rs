//! When to look at the pods of a service that does not serve, and what was found. Pods are not watched: a list costs a
//! request, and most services come up before the first is due.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;

use super::PodFault;
use super::turns::Turns;
use crate::locked::lock;
use crate::queue::Key;
use crate::workload::Workload;

/// Shortest and longest pause between looks. The first look comes after the shortest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// Whether it is time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// List the pods.
    Look,
    /// Not yet: this was found last.
    Found(Option<PodFault>),
}

/// The services that do not serve.
#[derive(Debug, Default)]
pub struct Looks {
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    entries: HashMap<Key, Look>,
    turns: Turns,
}

#[derive(Debug)]
struct Look {
    /// Of the Deployment: what was found of another one tells nothing about this one.
    generation: i64,
    /// Pods updated, ready and available: while these move and no fault is known, there is nothing to look for.
    progress: [i32; 3],
    since: Timestamp,
    due: Timestamp,
    /// Whether `due` is its turn among all services.
    in_turn: bool,
    found: Option<PodFault>,
}

impl Looks {
    /// Whether to look at the pods of a Deployment, which has not served since `since`. `moment` is now, since any
    /// beginning, on a clock that never jumps: one that is set back must not keep all services waiting.
    pub fn turn(
        &self,
        key: &Key,
        workload: &Workload,
        since: Timestamp,
        now: Timestamp,
        moment: Duration,
    ) -> Turn {
        let mut memory = lock(&self.memory);
        let Memory { entries, turns } = &mut *memory;
        let look = entries
            .entry(key.clone())
            .or_insert_with(|| Look::new(workload, since));
        let moves = look.found.is_none() && look.progress != progress(workload);
        if look.generation != workload.generation || moves {
            *look = Look::new(workload, now);
        }
        if now >= look.due && !look.in_turn {
            look.due = later(now, turns.take(moment));
            look.in_turn = true;
        }
        if now >= look.due {
            Turn::Look
        } else {
            Turn::Found(look.found.clone())
        }
    }

    /// Takes note of a look. The next is due after a quarter of the time that the service has not served, within bounds.
    pub fn looked(&self, key: &Key, found: Option<&PodFault>, now: Timestamp) {
        if let Some(look) = lock(&self.memory).entries.get_mut(key) {
            let waited = now.duration_since(look.since).unsigned_abs();
            look.due = later(now, (waited / 4).clamp(PAUSES.0, PAUSES.1));
            look.in_turn = false;
            look.found = found.cloned();
        }
    }

    /// Time until the next look is due, if one is.
    pub fn pause(&self, key: &Key, now: Timestamp) -> Option<Duration> {
        let due = lock(&self.memory).entries.get(key)?.due;
        Some(Duration::try_from(due.duration_since(now)).unwrap_or_default())
    }

    /// Forgets a service that serves or is gone.
    pub fn forget(&self, key: &Key) {
        lock(&self.memory).entries.remove(key);
    }
}

impl Look {
    fn new(workload: &Workload, since: Timestamp) -> Self {
        Self {
            generation: workload.generation,
            progress: progress(workload),
            since,
            due: later(since, PAUSES.0),
            in_turn: false,
            found: None,
        }
    }
}

fn progress(workload: &Workload) -> [i32; 3] {
    [workload.updated, workload.ready, workload.available]
}

fn later(time: Timestamp, pause: Duration) -> Timestamp {
    time.checked_add(pause).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
