//! Revocations where all replicas see them: durable in PostgreSQL, and in Redis if there is one, where they are found faster.
//!
//! PostgreSQL knows all of them. Redis is believed while it has its marker; a replica that does not reach it asks PostgreSQL.
//! What Redis could not be told is told to it as soon as it answers, by the replica that revoked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use service_kit::auth::{PostgresRevocations, RedisRevocations, RevocationError, RevocationStore};
use service_kit::redis::Redis;
use tokio_util::sync::CancellationToken;

/// What the keys in Redis begin with, for all services that verify tokens.
const PREFIX: &str = "auth:revoked";

/// How often it is looked whether Redis has to be told anything.
const INTERVAL: Duration = Duration::from_millis(250);

/// The revocations of all replicas. Clones share what is to be told to Redis.
#[derive(Clone, Debug)]
pub(crate) struct SharedRevocations {
    postgres: PostgresRevocations,
    feed: Option<Arc<Feed>>,
}

#[derive(Debug)]
struct Feed {
    redis: RedisRevocations,
    /// Whether there is a revocation that Redis may not know.
    is_behind: AtomicBool,
}

impl SharedRevocations {
    /// Revocations in PostgreSQL, and in Redis if there is one.
    pub(crate) fn new(postgres: PostgresRevocations, redis: Option<Redis>) -> Self {
        let feed = redis.map(|redis| {
            Arc::new(Feed {
                redis: RedisRevocations::new(redis, PREFIX),
                is_behind: AtomicBool::new(false),
            })
        });
        Self { postgres, feed }
    }

    /// Tells Redis what it does not know, until `shutdown`.
    pub(crate) async fn keep_complete(self, shutdown: CancellationToken) {
        let Some(feed) = self.feed else { return };
        while shutdown
            .run_until_cancelled(tokio::time::sleep(INTERVAL))
            .await
            .is_some()
        {
            if let Err(error) = feed.complete(&self.postgres).await {
                tracing::debug!(%error, "Redis is not told of revocations; those that read it ask PostgreSQL");
            }
        }
    }

    async fn revoke_everywhere(&self, token_id: &str, expires: Timestamp) -> Result<(), RevocationError> {
        self.postgres.revoke(token_id, expires).await?;
        self.tell(token_id, expires).await;
        Ok(())
    }

    /// Tells Redis of a revocation that PostgreSQL has.
    async fn tell(&self, token_id: &str, expires: Timestamp) {
        let Some(feed) = &self.feed else { return };
        if let Err(error) = feed.redis.revoke(token_id, expires).await {
            tracing::warn!(%error, "Redis could not be told of a revocation; it is told as soon as it answers");
            feed.is_behind.store(true, Ordering::SeqCst);
        }
    }

    /// Tells Redis soon of what was revoked in PostgreSQL alone.
    pub(crate) fn tell_soon(&self) {
        if let Some(feed) = &self.feed {
            feed.is_behind.store(true, Ordering::SeqCst);
        }
    }

    async fn ask(&self, token_id: &str) -> Result<bool, RevocationError> {
        if let Some(feed) = &self.feed
            && let Ok(is_revoked) = feed.redis.is_revoked(token_id).await
        {
            return Ok(is_revoked);
        }
        self.postgres.is_revoked(token_id).await
    }
}

impl Feed {
    async fn complete(&self, postgres: &PostgresRevocations) -> Result<(), RevocationError> {
        let was_behind = self.is_behind.swap(false, Ordering::SeqCst);
        let restored = self.restore_if(was_behind, postgres).await;
        if restored.is_err() && was_behind {
            self.is_behind.store(true, Ordering::SeqCst);
        }
        restored
    }

    async fn restore_if(
        &self,
        is_behind: bool,
        postgres: &PostgresRevocations,
    ) -> Result<(), RevocationError> {
        if is_behind || self.redis.has_lost_its_data().await? {
            self.redis.restore(&postgres.unexpired().await?).await?;
            tracing::info!("Redis knows all revocations again");
        }
        Ok(())
    }
}

impl RevocationStore for SharedRevocations {
    fn revoke<'a>(
        &'a self,
        token_id: &'a str,
        expires: Timestamp,
    ) -> BoxFuture<'a, Result<(), RevocationError>> {
        self.revoke_everywhere(token_id, expires).boxed()
    }

    fn is_revoked<'a>(&'a self, token_id: &'a str) -> BoxFuture<'a, Result<bool, RevocationError>> {
        self.ask(token_id).boxed()
    }
}
