use std::time::Duration;

use super::algorithm::{Algorithm, Decision};
use super::quota::Quota;

/// Approximates a sliding window by two counters: the requests of this window, and those of the one before, which
/// count less the longer it is over. Exact for callers who spread their requests evenly; one who sends them all at the
/// end of a window gets through up to twice the limit within one window's time.
#[derive(Clone, Copy, Debug)]
pub struct TwoCounter {
    limit: u32,
    /// Nanoseconds.
    window: u64,
}

/// Two windows in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// When the second began, nanoseconds.
    start: u64,
    previous: u32,
    current: u32,
}

impl TwoCounter {
    /// With the given quota; its burst does not matter.
    pub fn new(quota: &Quota) -> Self {
        Self {
            limit: quota.limit(),
            window: quota.window_nanos(),
        }
    }

    fn at(&self, state: Option<Windows>, now: u64) -> Windows {
        let fresh = Windows {
            start: now,
            previous: 0,
            current: 0,
        };
        let Some(windows) = state else { return fresh };
        match now.saturating_sub(windows.start) / self.window {
            0 => windows,
            1 => Windows {
                start: windows.start + self.window,
                previous: windows.current,
                current: 0,
            },
            _ => fresh,
        }
    }

    /// What `count` requests of the window before still weigh after `elapsed` of this one, rounded up.
    fn weight(&self, count: u32, elapsed: u64) -> u32 {
        let left = u128::from(self.window.saturating_sub(elapsed));
        let weight = (u128::from(count) * left).div_ceil(u128::from(self.window));
        u32::try_from(weight).unwrap_or(u32::MAX)
    }

    /// How much of a window must be over until `count` requests of the one before weigh `weight` or less.
    fn elapsed_until(&self, count: u32, weight: u32) -> u64 {
        if count <= weight {
            return 0;
        }
        let left = u128::from(weight) * u128::from(self.window) / u128::from(count);
        self.window - u64::try_from(left).unwrap_or(self.window)
    }

    /// Time until at most `used` requests count, if no more come.
    fn until(&self, windows: Windows, now: u64, used: u32) -> Duration {
        let elapsed = now.saturating_sub(windows.start);
        let at = if used >= windows.current {
            self.elapsed_until(windows.previous, used - windows.current)
        } else {
            self.window + self.elapsed_until(windows.current, used)
        };
        Duration::from_nanos(at.saturating_sub(elapsed))
    }

    fn used(&self, windows: Windows, now: u64) -> u32 {
        let elapsed = now.saturating_sub(windows.start);
        self.weight(windows.previous, elapsed)
            .saturating_add(windows.current)
    }
}

impl Algorithm for TwoCounter {
    type State = Windows;

    fn decide(&self, state: Option<Windows>, now: u64, cost: u32) -> (Decision, Windows) {
        let mut windows = self.at(state, now);
        let before = self.used(windows, now);
        let admitted = before.saturating_add(cost) <= self.limit;
        let used = if admitted { before + cost } else { before };
        windows.current += if admitted { cost } else { 0 };
        let decision = Decision {
            admitted,
            remaining: self.limit.saturating_sub(used),
            reset_after: self.until(windows, now, used.min(self.limit).saturating_sub(1)),
            retry_after: if admitted {
                Duration::ZERO
            } else {
                self.until(windows, now, self.limit.saturating_sub(cost))
            },
        };
        (decision, windows)
    }

    fn spent(&self, state: Windows, now: u64) -> u32 {
        let windows = self.at(Some(state), now);
        self.used(windows, now)
    }
}
