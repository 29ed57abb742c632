use std::time::Duration;

/// Longest window: a month of 31 days.
const MAX_WINDOW: Duration = Duration::from_hours(31 * 24);

/// What Redis counts exactly: its scripts know numbers as IEEE 754 doubles.
const MAX_EXACT: u128 = 1 << 53;

/// How many requests a caller has per window, and how many of them at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    limit: u32,
    window: Duration,
    burst: u32,
}

/// Why a quota is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaError {
    /// Nothing would ever be admitted.
    #[error("a limit must admit at least 1 request")]
    NoRequests,
    /// The window is no time at all, or more than memory and Redis should hold.
    #[error("a window must be from 1ms to 31 days")]
    Window,
    /// A burst of none or of more than the limit.
    #[error("a burst must be from 1 to the limit")]
    Burst,
    /// More than the arithmetic can count exactly.
    #[error("a limit must be at most 1 request a microsecond, and limit × window at most 104 days")]
    TooLarge,
}

impl Quota {
    /// `limit` requests per `window`, all of which may come at once.
    pub fn new(limit: u32, window: Duration) -> Result<Self, QuotaError> {
        if limit == 0 {
            return Err(QuotaError::NoRequests);
        }
        if window < Duration::from_millis(1) || window > MAX_WINDOW {
            return Err(QuotaError::Window);
        }
        let micros = window.as_micros();
        if u128::from(limit) > micros || u128::from(limit) * micros > MAX_EXACT {
            return Err(QuotaError::TooLarge);
        }
        Ok(Self {
            limit,
            window,
            burst: limit,
        })
    }

    /// The same with at most `burst` requests at once, for the algorithms that refill continuously (GCRA and token
    /// bucket): no window then sees more than `limit + burst - 1`, so that a burst of 1 makes the limit a bound of
    /// every window. The other algorithms let the whole limit come at once.
    pub fn with_burst(self, burst: u32) -> Result<Self, QuotaError> {
        if burst == 0 || burst > self.limit {
            return Err(QuotaError::Burst);
        }
        Ok(Self { burst, ..self })
    }

    /// One of `parts` equal shares, rounded up: what each of that many replicas admits when they cannot ask each other.
    #[must_use]
    pub fn share(self, parts: u32) -> Self {
        let parts = parts.max(1);
        Self {
            limit: self.limit.div_ceil(parts),
            burst: self.burst.div_ceil(parts),
            ..self
        }
    }

    /// Requests per window.
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// Requests at once.
    pub const fn burst(&self) -> u32 {
        self.burst
    }

    /// The window.
    pub const fn window(&self) -> Duration {
        self.window
    }

    pub(super) fn window_nanos(&self) -> u64 {
        // 31 days are 2^52 ns.
        u64::try_from(self.window.as_nanos()).unwrap_or(u64::MAX)
    }

    pub(super) fn window_micros(&self) -> u64 {
        u64::try_from(self.window.as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests;
