//! Pauses between tries: exponential, with full jitter. Pure: chance comes in as a value.

use std::time::Duration;

use uuid::Uuid;

/// How the pauses grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The most the first pause can be.
    pub first: Duration,
    /// The most any pause can be.
    pub longest: Duration,
}

impl Backoff {
    /// The most the pause after `failures` earlier ones can be: doubled each time, up to the longest.
    pub fn ceiling(&self, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.longest)
    }

    /// The pause: anything between nothing and the ceiling, by `chance` in 0..=1. Callers that failed together do not
    /// come back together ("full jitter").
    pub fn pause(&self, failures: u32, chance: f64) -> Duration {
        self.ceiling(failures).mul_f64(chance.clamp(0.0, 1.0))
    }
}

/// A number in 0..1 that nobody can foresee.
pub fn chance() -> f64 {
    let (_, low) = Uuid::new_v4().as_u64_pair();
    // The 53 lowest bits: above them is the UUID's variant.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    let fraction = (low & ((1 << 53) - 1)) as f64 / (1_u64 << 53) as f64;
    fraction
}

#[cfg(test)]
mod tests;
