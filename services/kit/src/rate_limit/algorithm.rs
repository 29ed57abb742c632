use std::fmt::Debug;
use std::time::Duration;

/// What a limiter says about one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may pass.
    pub admitted: bool,
    /// How many more would pass right now.
    pub remaining: u32,
    /// Time until one more than `remaining` would pass; zero when nothing is used up.
    pub reset_after: Duration,
    /// Time until the same request would pass if nothing else came; zero when it was admitted.
    pub retry_after: Duration,
}

/// A rule that admits or refuses, as a pure function: the time comes in as a value, in nanoseconds of a clock that
/// never goes back by more than the racing threads that read it.
///
/// A state takes a few words, whatever the limit, so that memory is bounded by the number of keys.
pub trait Algorithm: Debug + Send + Sync {
    /// What is remembered of a key.
    type State: Copy + Debug + Send + Sync;

    /// Decides on a request that costs `cost`; `None` is a key that is not known. A refusal costs nothing. A cost
    /// above what may come at once never passes.
    fn decide(&self, state: Option<Self::State>, now: u64, cost: u32) -> (Decision, Self::State);

    /// How many requests a key would be given back if it were forgotten now; a key with 0 may be forgotten.
    fn spent(&self, state: Self::State, now: u64) -> u32;
}

pub(super) fn saturating_u32(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
