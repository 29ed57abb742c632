//! Pauses before another try, and what cuts them short. Pure.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use service_kit::backoff::Backoff;

use super::{Cause, Key};

/// Shortest time from a failed pass to one that anything asks for, unless its pause is shorter. So even two managers that
/// fight over an annotation cause a bounded number of failing passes; a person does not notice it.
pub const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Shortest time between two passes of a failing service that events other than its own change bring forward.
pub const BETWEEN_EVENTS: Duration = Duration::from_secs(10);
/// Half a second after the first failure, then doubling.
const GROWTH: Backoff = Backoff {
    first: Duration::from_millis(500),
    longest: Duration::from_mins(5),
};

/// The last pass of a key failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failing {
    failures: u32,
    at: Instant,
    pause: Duration,
    /// When an event brought a pass forward last.
    forwarded: Option<Instant>,
}

impl Failing {
    /// After a failure that follows on those `before`.
    pub(super) fn again(before: Option<Self>, key: &Key, random: &RandomState, now: Instant) -> Self {
        let earlier = before.map_or(0, |before| before.failures);
        let failures = earlier.saturating_add(1);
        Self {
            failures,
            at: now,
            pause: pause(failures, key, random),
            // One that was to come counts as had: this pass was sooner.
            forwarded: before
                .and_then(|before| before.forwarded)
                .map(|last| last.min(now)),
        }
    }

    /// The service was changed: earlier failures tell nothing about it.
    pub(super) fn start_over(&mut self) {
        self.failures = 0;
    }

    /// When the next try is due, if nothing happens.
    pub(super) fn planned(&self) -> Instant {
        self.at + self.pause
    }

    /// When the key runs that would run at `planned`, now that something asks for a pass at `due`.
    pub(super) fn brought_forward(&mut self, cause: Cause, due: Instant, planned: Instant) -> Instant {
        let settled = self.at + AFTER_FAILURE.min(self.pause);
        let event = self.forwarded.filter(|_| cause != Cause::Service);
        let free = event.map_or(settled, |last| settled.max(last + BETWEEN_EVENTS));
        let due = free.max(due);
        if due >= planned {
            return planned;
        }
        if cause != Cause::Service {
            self.forwarded = Some(due);
        }
        due
    }
}

/// How long a key pauses that failed so often in a row: up to a quarter is taken off at random so that services that
/// failed together do not come back together. Not more, unlike "full jitter": a failing service is to cost a bounded rate.
fn pause(failures: u32, key: &Key, random: &RandomState) -> Duration {
    let [share, ..] = random.hash_one((key, failures)).to_ne_bytes();
    GROWTH
        .ceiling(failures.saturating_sub(1))
        .mul_f64(1.0 - f64::from(share) / 1024.0)
}

#[cfg(test)]
mod tests;
