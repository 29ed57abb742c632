//! Tokens taken back before they expire, by `jti`, alone or with all of their family.
//!
//! The answer of the store is kept for [`RevocationBounds::fresh`]: that long at most a revoked token may still be
//! accepted. While the store does not answer, a token it last called good is accepted until
//! [`RevocationBounds::stale`] after that answer; any other is refused with 503. A revoked token stays refused.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::refusal::Reason;
use super::token::Claims;
use crate::Clock;

mod cache;
mod in_postgres;
mod in_redis;
mod memory;

use cache::{Answer, Cache};
pub use in_postgres::PostgresRevocations;
pub use in_redis::RedisRevocations;
pub use memory::MemoryRevocations;

/// A revocation is kept until the token has expired for this long: more than any leeway, and than clocks differ even where they are
/// wrong by five minutes, one forwards and one back.
const FORGET_AFTER: SignedDuration = SignedDuration::from_mins(11);

/// The store did not answer, or cannot vouch for its answer. The cause is in the log of the store's own module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store of revoked tokens does not answer: {0}")]
pub struct RevocationError(pub String);

/// What a token can be revoked by: its `jti`, and what stands in it before the first dot. An issuer that puts the name of a
/// family of tokens there revokes all of them by that name, without having kept what it issued.
fn names(token_id: &str) -> [&str; 2] {
    let family = token_id.split_once('.').map_or(token_id, |(family, _)| family);
    [token_id, family]
}

/// Where revocations are kept, shared by all replicas.
pub trait RevocationStore: Send + Sync + fmt::Debug + 'static {
    /// Remembers until `expires` that the token is revoked. Done only when it is durable.
    fn revoke<'a>(
        &'a self,
        token_id: &'a str,
        expires: Timestamp,
    ) -> BoxFuture<'a, Result<(), RevocationError>>;

    /// Whether the token is revoked, by itself or with its family: by its `jti` or by what stands in it before the first dot.
    fn is_revoked<'a>(&'a self, token_id: &'a str) -> BoxFuture<'a, Result<bool, RevocationError>>;
}

/// How long an answer of the store is relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevocationBounds {
    /// Without asking again: the longest a revoked token may be accepted while the store answers.
    pub fresh: Duration,
    /// While the store does not answer: the longest a revoked token may be accepted at all.
    pub stale: Duration,
    /// Longest the store may take; longer counts as no answer.
    pub timeout: Duration,
    /// After no answer, how long the store is left alone.
    pub pause: Duration,
    /// How many tokens are remembered, at most.
    pub capacity: usize,
}

impl Default for RevocationBounds {
    fn default() -> Self {
        Self {
            fresh: Duration::from_millis(500),
            stale: Duration::from_secs(30),
            timeout: Duration::from_millis(250),
            pause: Duration::from_secs(1),
            capacity: 100_000,
        }
    }
}

/// The revocations as one process sees them.
#[derive(Clone)]
pub struct Revocations(Arc<Inner>);

struct Inner {
    store: Arc<dyn RevocationStore>,
    bounds: RevocationBounds,
    clock: Clock,
    cache: Mutex<Cache>,
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations")
            .field("store", &self.0.store)
            .field("bounds", &self.0.bounds)
            .finish_non_exhaustive()
    }
}

impl Revocations {
    /// Revocations of `store`.
    pub fn new(store: Arc<dyn RevocationStore>, bounds: RevocationBounds, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            store,
            bounds,
            clock,
            cache: Mutex::new(Cache::new(bounds.capacity)),
        }))
    }

    /// Revokes a token, or a family of tokens by its name (what stands in their `jti` before the first dot). Once this returns, this process refuses it; others do within [`RevocationBounds::fresh`].
    pub async fn revoke(&self, token_id: &str, expires: Timestamp) -> Result<(), RevocationError> {
        let at = self.0.clock.now();
        self.0.store.revoke(token_id, expires).await?;
        self.0.remember(token_id, Answer { revoked: true, at });
        Ok(())
    }

    /// Refuses tokens that are revoked, or of which it cannot be told.
    pub async fn check(&self, claims: &Claims) -> Result<(), Reason> {
        let [_, family] = names(claims.token_id());
        if self.0.remembered(family).is_some_and(|answer| answer.revoked) {
            return Err(Reason::Revoked);
        }
        let revoked = match self.0.remembered(claims.token_id()) {
            Some(Answer { revoked, at }) if revoked || self.0.is_within(at, self.0.bounds.fresh) => revoked,
            last => self.0.ask(claims.token_id(), last).await?,
        };
        if revoked { Err(Reason::Revoked) } else { Ok(()) }
    }
}

impl Inner {
    async fn ask(&self, token_id: &str, last: Option<Answer>) -> Result<bool, Reason> {
        if self.store_is_left_alone() {
            return self.without_store(last);
        }
        let at = self.clock.now();
        match timeout(self.bounds.timeout, self.store.is_revoked(token_id)).await {
            Ok(Ok(revoked)) => {
                self.remember(token_id, Answer { revoked, at });
                return Ok(revoked);
            }
            Ok(Err(error)) => self.failed(&error.0),
            Err(_) => self.failed("no answer in time"),
        }
        self.without_store(last)
    }

    /// Of those who asked at the same time, one tells.
    fn failed(&self, cause: &str) {
        if !self.store_is_left_alone() {
            tracing::warn!(cause, "the store of revoked tokens does not answer");
        }
        let now = self.clock.now();
        self.cache().failed = Some(now);
    }

    fn without_store(&self, last: Option<Answer>) -> Result<bool, Reason> {
        match last {
            Some(Answer { revoked, at }) if self.is_within(at, self.bounds.stale) => Ok(revoked),
            _ => Err(Reason::Unavailable),
        }
    }

    fn store_is_left_alone(&self) -> bool {
        let failed = self.cache().failed;
        failed.is_some_and(|at| self.is_within(at, self.bounds.pause))
    }

    fn remembered(&self, token_id: &str) -> Option<Answer> {
        self.cache().get(token_id)
    }

    fn remember(&self, token_id: &str, answer: Answer) {
        self.cache().put(token_id, answer);
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A clock that was set back makes an answer old, not young.
    fn is_within(&self, since: Timestamp, span: Duration) -> bool {
        Duration::try_from(self.clock.now().duration_since(since)).is_ok_and(|passed| passed < span)
    }
}

#[cfg(test)]
mod tests;
