use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use prometheus::IntCounter;

use super::RateLimiter;
use super::algorithm::Decision;
use super::gcra::Gcra;
use super::key::Key;
use super::local::Local;
use super::quota::Quota;
use super::shared::Shared;
use crate::redis::RedisError;

/// The shared limit as long as Redis answers; without it this replica's share of the limit, by GCRA in memory.
///
/// Every request is counted in memory too, and what Redis says is left bounds what memory says, so that the local limit
/// does not begin from nothing when Redis fails. For one window after the last failure a request must pass both: a Redis that came back empty gives nobody a second
/// quota.
#[derive(Debug)]
pub struct Resilient {
    shared: Shared,
    local: Local<Gcra>,
    window: Duration,
    started: Instant,
    /// Nanoseconds after `started` until which both must agree.
    wary_until: AtomicU64,
    /// Decisions made without Redis.
    alone: IntCounter,
}

impl Resilient {
    /// The limits of `shared`, and of one of `replicas` equal shares of `quota` while Redis fails, for at most `keys`
    /// keys. Decisions made without Redis are counted in `alone`.
    pub fn new(shared: Shared, quota: &Quota, replicas: u32, keys: usize, alone: IntCounter) -> Self {
        Self {
            shared,
            local: Local::new(Gcra::new(&quota.share(replicas)), keys),
            window: quota.window(),
            started: Instant::now(),
            wary_until: AtomicU64::new(0),
            alone,
        }
    }

    fn is_wary(&self) -> bool {
        nanos(self.started.elapsed()) < self.wary_until.load(Ordering::Relaxed)
    }

    fn be_wary(&self) {
        let until = nanos(self.started.elapsed() + self.window);
        self.wary_until.fetch_max(until, Ordering::Relaxed);
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl RateLimiter for Resilient {
    async fn check(&self, key: &Key<'_>, cost: u32) -> Decision {
        let local = self.local.decide(key, cost);
        if !local.admitted && self.is_wary() {
            return local;
        }
        let Ok(shared) = self.shared.check(key, cost).await else {
            self.be_wary();
            self.alone.inc();
            return local;
        };
        if shared.remaining < local.remaining {
            self.local.cap(key, shared.remaining);
        }
        shared
    }

    async fn reset(&self, key: &Key<'_>) -> Result<(), RedisError> {
        self.local.forget(key);
        self.shared.reset(key).await
    }
}

#[cfg(test)]
mod tests;
