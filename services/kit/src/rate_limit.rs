//! Rate limits: how many requests a caller has per window.
//!
//! | algorithm | where | in any window, at most | state per key |
//! |---|---|---|---|
//! | [`Gcra`] (default) | memory; Redis | limit + burst − 1, never more than the burst at once | a number |
//! | [`TokenBucket`] | Redis; memory | as GCRA | two numbers |
//! | sliding log ([`SharedAlgorithm::SlidingLog`]) | Redis | limit | a number per request |
//! | [`FixedWindow`] | memory | 2 × limit, around the border of two windows | two numbers |
//! | [`TwoCounter`] | memory | less than 2 × limit; the limit for evenly spread requests | three numbers |
//!
//! The algorithms are pure ([`Algorithm`]); [`Local`] keeps their states in memory of a fixed size, [`Shared`] has
//! Redis run them for all replicas, and [`Resilient`] falls back from Redis to memory. What requests are counted by,
//! and what callers are told, is in [`Policy`] and [`RateLimits`].

mod algorithm;
mod fixed_window;
mod gcra;
mod headers;
mod key;
mod limits;
mod local;
mod policy;
mod quota;
mod resilient;
mod settings;
mod shared;
mod token_bucket;
mod two_counter;

pub use algorithm::{Algorithm, Decision};
pub use fixed_window::{FixedWindow, Window};
pub use gcra::Gcra;
pub use key::Key;
pub use limits::{Limit, RateLimits, RateLimitsError, Store};
pub use local::Local;
pub use policy::{Counting, KeyBy, Policy};
pub use quota::{Quota, QuotaError};
pub use resilient::Resilient;
pub use settings::RateLimitSettings;
pub use shared::{Shared, SharedAlgorithm};
pub use token_bucket::{Bucket, TokenBucket};
pub use two_counter::{TwoCounter, Windows};

pub(crate) use headers::{tell, tell_when_to_retry};

use crate::redis::RedisError;

/// Decides whether requests pass. Always decides: what a limiter depends on may fail, the limit does not.
pub trait RateLimiter: Send + Sync {
    /// Decides on a request of `key` that costs `cost`, normally 1. A refused request costs nothing.
    fn check(&self, key: &Key<'_>, cost: u32) -> impl Future<Output = Decision> + Send;

    /// Gives `key` its whole quota back.
    ///
    /// # Errors
    /// When Redis does not answer: the shared count stays as it is.
    fn reset(&self, key: &Key<'_>) -> impl Future<Output = Result<(), RedisError>> + Send;
}

#[cfg(test)]
mod tests;
