use std::time::Duration;

use super::algorithm::{Algorithm, Decision};
use super::quota::Quota;

/// Counts requests in windows that begin with a caller's first request. Cheap and coarse: around the border of two
/// windows twice the limit may pass within one window's time.
#[derive(Clone, Copy, Debug)]
pub struct FixedWindow {
    limit: u32,
    /// Nanoseconds.
    window: u64,
}

/// A window under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Nanoseconds.
    start: u64,
    count: u32,
}

impl FixedWindow {
    /// With the given quota; its burst does not matter.
    pub fn new(quota: &Quota) -> Self {
        Self {
            limit: quota.limit(),
            window: quota.window_nanos(),
        }
    }

    fn current(&self, state: Option<Window>, now: u64) -> Window {
        state
            .filter(|window| now.saturating_sub(window.start) < self.window)
            .unwrap_or(Window { start: now, count: 0 })
    }
}

impl Algorithm for FixedWindow {
    type State = Window;

    fn decide(&self, state: Option<Window>, now: u64, cost: u32) -> (Decision, Window) {
        let before = self.current(state, now);
        let wanted = before.count.saturating_add(cost);
        let admitted = wanted <= self.limit;
        let count = if admitted { wanted } else { before.count };
        let until_next = Duration::from_nanos((before.start + self.window).saturating_sub(now));
        let decision = Decision {
            admitted,
            remaining: self.limit - count,
            reset_after: if count == 0 { Duration::ZERO } else { until_next },
            retry_after: if admitted { Duration::ZERO } else { until_next },
        };
        (decision, Window { count, ..before })
    }

    fn spent(&self, state: Window, now: u64) -> u32 {
        self.current(Some(state), now).count
    }
}
