//! A bounded rate for lists of pods: when thousands of services roll out the API server has better things to do.

use std::time::Duration;

/// Lists for all services together: one each so often, and so many at once after a calm.
const EACH: Duration = Duration::from_millis(100);
const AT_ONCE: u32 = 20;

/// Until when the turns that were granted last at one each [`EACH`], none before the first.
#[derive(Debug, Default)]
pub struct Turns(Option<Duration>);

impl Turns {
    /// Time to the next free turn, which is taken by that. `now` is on a clock that never jumps.
    pub fn take(&mut self, now: Duration) -> Duration {
        let ahead = self.0.map_or(Duration::ZERO, |full| full.saturating_sub(now));
        self.0 = Some(now + ahead + EACH);
        ahead.saturating_sub(EACH * (AT_ONCE - 1))
    }
}
