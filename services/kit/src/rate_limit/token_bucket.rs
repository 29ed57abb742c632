use std::time::Duration;

use super::algorithm::{Algorithm, Decision, saturating_u32};
use super::quota::Quota;

/// A bucket of `burst` tokens, refilled continuously with `limit` tokens per window; a request takes one.
///
/// Counts in units of a token divided by the window's nanoseconds, of which `limit` flow in each nanosecond: whole
/// numbers throughout. The script in Redis does the same with microseconds.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    limit: u64,
    /// Units of one token: the window in nanoseconds.
    token: u64,
    /// Units of a full bucket.
    capacity: u64,
}

/// What is left of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    level: u64,
    /// Nanoseconds.
    at: u64,
}

impl TokenBucket {
    /// With the given quota.
    pub fn new(quota: &Quota) -> Self {
        let token = quota.window_nanos();
        Self {
            limit: u64::from(quota.limit()),
            token,
            capacity: token * u64::from(quota.burst()),
        }
    }

    fn level(&self, bucket: Option<Bucket>, now: u64) -> u64 {
        bucket.map_or(self.capacity, |Bucket { level, at }| {
            let inflow = now.saturating_sub(at).saturating_mul(self.limit);
            level.saturating_add(inflow).min(self.capacity)
        })
    }

    /// Time until `level` has risen to `wanted`.
    fn until(&self, level: u64, wanted: u64) -> Duration {
        Duration::from_nanos(wanted.saturating_sub(level).div_ceil(self.limit))
    }
}

impl Algorithm for TokenBucket {
    type State = Bucket;

    fn decide(&self, state: Option<Bucket>, now: u64, cost: u32) -> (Decision, Bucket) {
        let at = state.map_or(0, |bucket| bucket.at).max(now);
        let before = self.level(state, at);
        let price = self.token.saturating_mul(u64::from(cost));
        let admitted = price <= before;
        let level = if admitted { before - price } else { before };
        let remaining = level / self.token;
        let decision = Decision {
            admitted,
            remaining: saturating_u32(remaining),
            reset_after: self.until(level, self.capacity.min((remaining + 1) * self.token)),
            retry_after: self.until(level, if admitted { 0 } else { price }),
        };
        (decision, Bucket { level, at })
    }

    fn spent(&self, state: Bucket, now: u64) -> u32 {
        let missing = self.capacity - self.level(Some(state), now);
        saturating_u32(missing.div_ceil(self.token))
    }
}
