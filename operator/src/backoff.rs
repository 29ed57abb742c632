//! Pauses before another try, per service.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Pause after the first failure.
const FIRST: Duration = Duration::from_millis(500);
/// Longest pause.
const LONGEST: Duration = Duration::from_mins(5);

/// Failures in a row, by service.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: Mutex<HashMap<(String, String), u32>>,
    random: RandomState,
}

impl Backoff {
    /// Notes a failure and tells how long to wait: doubling, with up to a quarter taken off at random so that
    /// services that failed together do not come back together.
    pub fn failed(&self, namespace: &str, name: &str) -> Duration {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures
            .entry((namespace.to_owned(), name.to_owned()))
            .or_default();
        *count = count.saturating_add(1);
        let [share, ..] = self.random.hash_one((namespace, name, *count)).to_ne_bytes();
        pause(*count).mul_f64(1.0 - f64::from(share) / 1024.0)
    }

    /// Forgets the failures of a service that got through or is gone.
    pub fn forget(&self, namespace: &str, name: &str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&(namespace.to_owned(), name.to_owned()));
    }
}

fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST.saturating_mul(1 << doublings).min(LONGEST)
}

#[cfg(test)]
mod tests;
