//! The queue of services to look at. Pure: the time is handed in.
//!
//! - A key waits once, however often it is triggered, and never has two passes at once: what is triggered during its
//!   pass is looked at once more afterwards.
//! - Namespaces take turns (see `lanes`); one alone may use every slot.
//! - A failing key pauses, longer each time. A change of the service itself is tried at once; other events bring a pass
//!   forward once in [`BETWEEN_EVENTS`].

use std::collections::{BTreeMap, HashMap};
use std::hash::RandomState;
use std::time::{Duration, Instant};

use crate::outcome::Next;

mod backoff;
pub mod driver;
mod lanes;
mod request;

use backoff::Failing;
pub use backoff::{AFTER_FAILURE, BETWEEN_EVENTS};
pub use lanes::Level;
use lanes::{Lanes, Place};
pub use request::{Cause, Key, Request, Triggers};

/// Triggers of one service within this time become one pass.
pub const DEBOUNCE: Duration = Duration::from_millis(10);
/// No pause is longer: an `Instant` cannot hold every sum.
const LONGEST: Duration = Duration::from_hours(24);

/// How a pass ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It got through.
    Done(Next),
    /// It did not: try again after a pause.
    Failed,
    /// The service is no more.
    Gone,
}

/// A key whose pass is to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whose.
    pub key: Key,
    /// How long it waited since it was due.
    pub waited: Duration,
}

/// What was counted since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Keys that became due.
    pub adds: u64,
    /// Passes that ended with a time for the next one: failed, or looking again.
    pub retries: u64,
}

/// The queue.
#[derive(Debug)]
pub struct Queue {
    concurrency: usize,
    running: usize,
    /// Keys that wait or run; all others are forgotten.
    entries: HashMap<Key, Entry>,
    lanes: Lanes,
    /// Keys whose time has not come, by that time.
    later: BTreeMap<(Instant, u64), Key>,
    timers: u64,
    random: RandomState,
    counts: Counts,
    /// When the first pass could start.
    opened: Option<Instant>,
}

#[derive(Debug)]
struct Entry {
    state: State,
    failing: Option<Failing>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Not due yet.
    Later { due: Instant, timer: u64, level: Level },
    /// Due, and in its lane.
    Ready { place: Place, since: Instant },
    /// Its pass runs. What was triggered meanwhile comes after it.
    Running { again: Option<Again> },
}

/// Triggers during a pass.
#[derive(Clone, Copy, Debug)]
struct Again {
    due: Instant,
    cause: Cause,
}

impl Queue {
    /// A queue of which so many passes may run at a time, at least one.
    pub fn new(concurrency: u16) -> Self {
        Self {
            concurrency: usize::from(concurrency.max(1)),
            running: 0,
            entries: HashMap::new(),
            lanes: Lanes::default(),
            later: BTreeMap::new(),
            timers: 0,
            random: RandomState::new(),
            counts: Counts::default(),
            opened: None,
        }
    }

    /// Asks for a pass. One will start after this, however often and in whichever state the key is triggered.
    pub fn trigger(&mut self, key: &Key, cause: Cause, now: Instant) {
        let due = now + cause.debounce();
        let Some(entry) = self.entries.get_mut(key) else {
            return self.put_off(key.clone(), due, cause.level(), None);
        };
        if let (Cause::Service, Some(failing)) = (cause, &mut entry.failing) {
            // Another spec: earlier failures tell nothing about it.
            failing.start_over();
        }
        if let State::Running { again } = &mut entry.state {
            *again = Some(again.map_or(Again { due, cause }, |before| Again {
                due: before.due.min(due),
                cause: before.cause.max(cause),
            }));
            return;
        }
        let due = match (&entry.state, &mut entry.failing) {
            (State::Later { due: planned, .. }, Some(failing)) => {
                failing.brought_forward(cause, due, *planned)
            }
            _ => due,
        };
        let level = entry.level(cause);
        self.bring_forward(key, due, level);
    }

    /// The next key to run, if one is due and a slot free. Its pass lasts until [`Queue::finished`].
    pub fn take(&mut self, now: Instant) -> Option<Taken> {
        self.promote(now);
        if self.is_full() {
            return None;
        }
        let key = self.lanes.take()?;
        self.running += 1;
        let entry = self.entries.get_mut(&key)?;
        let before = std::mem::replace(&mut entry.state, State::Running { again: None });
        let since = match before {
            State::Ready { since, .. } => since,
            State::Later { .. } | State::Running { .. } => now,
        };
        let since = self.opened.map_or(since, |opened| opened.max(since));
        let waited = now.saturating_duration_since(since);
        Some(Taken { key, waited })
    }

    /// Whether all slots are taken.
    pub fn is_full(&self) -> bool {
        self.running >= self.concurrency
    }

    /// Time before this does not count as waiting: no pass could start.
    pub fn open(&mut self, now: Instant) {
        self.opened = Some(now);
    }

    /// The pass of a key that was taken ended.
    pub fn finished(&mut self, key: &Key, outcome: Outcome, now: Instant) {
        let Some(Entry {
            state: State::Running { again },
            failing,
        }) = self.entries.get(key)
        else {
            return;
        };
        let (again, failing) = (*again, *failing);
        let Some((key, _)) = self.entries.remove_entry(key) else {
            return;
        };
        self.running -= 1;
        self.lanes.release(&key.namespace);
        match outcome {
            Outcome::Failed => self.try_again(key, again, failing, now),
            Outcome::Done(Next::After(pause)) => {
                self.counts.retries += 1;
                let look = now + pause.min(LONGEST);
                let due = again.map_or(look, |again| again.due.min(look));
                let level = again.map_or(Level::Background, |again| again.cause.level());
                self.put_off(key, due, level, None);
            }
            Outcome::Done(Next::OnChange) | Outcome::Gone => {
                if let Some(Again { due, cause }) = again {
                    self.put_off(key, due, cause.level(), None);
                }
            }
        }
    }

    /// Forgets a deleted service. A pass under way is left to end.
    pub fn forget(&mut self, key: &Key) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        entry.failing = None;
        if let State::Running { again } = &mut entry.state {
            *again = None;
            return;
        }
        let state = entry.state;
        self.pull(key, state);
        self.entries.remove(key);
    }

    /// When [`Queue::take`] may have something new, if nothing is triggered and no pass ends before.
    pub fn next_due(&self) -> Option<Instant> {
        self.later.first_key_value().map(|((due, _), _)| *due)
    }

    /// How many keys of a level are due and not running.
    pub fn depth(&self, level: Level) -> usize {
        self.lanes.waiting(level)
    }

    /// What was counted since this was asked last.
    pub fn counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }

    /// After a failure: at the end of the pause, or sooner where something was triggered during the pass.
    fn try_again(&mut self, key: Key, again: Option<Again>, before: Option<Failing>, now: Instant) {
        self.counts.retries += 1;
        let mut failing = Failing::again(before, &key, &self.random, now);
        let planned = failing.planned();
        let due = again.map_or(planned, |Again { due, cause }| {
            failing.brought_forward(cause, due, planned)
        });
        let level = match again {
            Some(again) if again.cause == Cause::Service => Level::Changed,
            _ => Level::Background,
        };
        self.put_off(key, due, level, Some(failing));
    }

    /// Lets a key that neither waits nor runs wait until `due`.
    fn put_off(&mut self, key: Key, due: Instant, level: Level, failing: Option<Failing>) {
        self.timers += 1;
        let timer = self.timers;
        self.later.insert((due, timer), key.clone());
        let state = State::Later { due, timer, level };
        self.entries.insert(key, Entry { state, failing });
    }

    /// Lets a key that waits run by `due` at the latest, and at that level at least.
    fn bring_forward(&mut self, key: &Key, due: Instant, level: Level) {
        let Some(Entry { state, failing }) = self.entries.get(key) else {
            return;
        };
        let (state, failing) = (*state, *failing);
        match state {
            State::Later {
                due: before,
                level: at,
                ..
            } if due < before || level > at => {
                self.pull(key, state);
                self.put_off(key.clone(), due.min(before), level.max(at), failing);
            }
            State::Ready { place, since } if level > place.level => {
                self.pull(key, state);
                let place = self.lanes.push(key, level);
                self.set(key, State::Ready { place, since });
            }
            State::Later { .. } | State::Ready { .. } | State::Running { .. } => {}
        }
    }

    /// Takes a key from where it waits.
    fn pull(&mut self, key: &Key, state: State) {
        match state {
            State::Later { due, timer, .. } => {
                self.later.remove(&(due, timer));
            }
            State::Ready { place, .. } => self.lanes.remove(key, place),
            State::Running { .. } => {}
        }
    }

    /// Puts the keys whose time has come into their lanes.
    fn promote(&mut self, now: Instant) {
        while let Some(first) = self.later.first_entry().filter(|first| first.key().0 <= now) {
            let ((since, _), key) = first.remove_entry();
            let level = match self.entries.get(&key).map(|entry| entry.state) {
                Some(State::Later { level, .. }) => level,
                Some(State::Ready { .. } | State::Running { .. }) | None => continue,
            };
            let place = self.lanes.push(&key, level);
            self.set(&key, State::Ready { place, since });
            self.counts.adds += 1;
        }
    }

    fn set(&mut self, key: &Key, state: State) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.state = state;
        }
    }
}

impl Entry {
    /// What fails waits with the background, unless the service itself was changed.
    fn level(&self, cause: Cause) -> Level {
        match cause {
            Cause::Service => Level::Changed,
            _ if self.failing.is_some() => Level::Background,
            _ => cause.level(),
        }
    }
}

#[cfg(test)]
mod tests;
