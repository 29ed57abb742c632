use std::time::Duration;

use super::algorithm::{Algorithm, Decision, saturating_u32};
use super::quota::Quota;

/// The generic cell rate algorithm (ITU-T I.371, virtual scheduling): one number per key, the theoretical arrival
/// time. A burst at once, then one request per `window / limit`.
#[derive(Clone, Copy, Debug)]
pub struct Gcra {
    /// Nanoseconds that one request takes up, rounded up.
    interval: u64,
    /// Nanoseconds that a burst takes up.
    capacity: u64,
    burst: u32,
}

impl Gcra {
    /// With the given quota.
    pub fn new(quota: &Quota) -> Self {
        let interval = quota.window_nanos().div_ceil(u64::from(quota.limit()));
        Self {
            interval,
            capacity: interval * u64::from(quota.burst()),
            burst: quota.burst(),
        }
    }

    /// The time that is taken up at `now`. Never more than a burst's, or a clock that was set back would lock a caller
    /// out.
    fn used(&self, arrival: u64, now: u64) -> u64 {
        arrival.saturating_sub(now).min(self.capacity)
    }
}

impl Algorithm for Gcra {
    type State = u64;

    fn decide(&self, state: Option<u64>, now: u64, cost: u32) -> (Decision, u64) {
        let before = self.used(state.unwrap_or(0), now);
        let wanted = before.saturating_add(self.interval.saturating_mul(u64::from(cost)));
        let admitted = wanted <= self.capacity;
        let used = if admitted { wanted } else { before };
        let remaining = (self.capacity - used) / self.interval;
        let decision = Decision {
            admitted,
            remaining: saturating_u32(remaining),
            reset_after: Duration::from_nanos(
                used.saturating_sub(self.capacity.saturating_sub((remaining + 1) * self.interval)),
            ),
            retry_after: Duration::from_nanos(if admitted { 0 } else { wanted - self.capacity }),
        };
        (decision, now + used)
    }

    fn spent(&self, state: u64, now: u64) -> u32 {
        saturating_u32(self.used(state, now).div_ceil(self.interval)).min(self.burst)
    }
}
