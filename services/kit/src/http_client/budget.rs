//! How many retries all requests to a host may make together. Pure: time comes in as a value.

use std::time::Instant;

/// A retry costs one token; every first try brings a fraction of one, and so does time, slowly. When a host fails
/// for everybody, retries stay a fraction of the requests instead of multiplying them.
#[derive(Clone, Debug)]
pub struct RetryBudget {
    limits: BudgetLimits,
    tokens: f64,
    refilled: Instant,
}

/// The size of a [`RetryBudget`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BudgetLimits {
    /// Retries for each first try, in the long run.
    pub ratio: f64,
    /// Retries that a host may always have, a second.
    pub per_second: f64,
    /// Retries that may be saved up.
    pub most: f64,
}

impl Default for BudgetLimits {
    /// One retry for five requests, one a second whatever happens, ten saved up.
    fn default() -> Self {
        Self {
            ratio: 0.2,
            per_second: 1.0,
            most: 10.0,
        }
    }
}

impl RetryBudget {
    /// A full budget.
    pub const fn new(limits: BudgetLimits, now: Instant) -> Self {
        Self {
            limits,
            tokens: limits.most,
            refilled: now,
        }
    }

    /// Notes a first try.
    pub fn deposit(&mut self, now: Instant) {
        self.refill(now);
        self.add(self.limits.ratio);
    }

    /// Whether there may be a retry now; if so, it is paid for.
    pub fn withdraw(&mut self, now: Instant) -> bool {
        self.refill(now);
        let allowed = self.tokens >= 1.0;
        if allowed {
            self.tokens -= 1.0;
        }
        allowed
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.refilled);
        self.refilled = self.refilled.max(now);
        self.add(passed.as_secs_f64() * self.limits.per_second);
    }

    fn add(&mut self, tokens: f64) {
        self.tokens = (self.tokens + tokens).clamp(0.0, self.limits.most);
    }
}

#[cfg(test)]
mod tests;
