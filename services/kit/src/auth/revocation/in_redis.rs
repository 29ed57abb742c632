use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::{FORGET_AFTER, RevocationError, RevocationStore, names};
use crate::redis::{Redis, RedisError};

/// How many revocations [`RedisRevocations::restore`] sends at a time.
const BATCH: usize = 500;

/// Revocations in Redis, each until its token expires.
///
/// A Redis that lost its data would call revoked tokens good. It is therefore believed only while it has a marker that
/// [`RedisRevocations::restore`] leaves, and which nothing else writes: without it the store counts as not answering.
/// Whoever issues tokens calls `restore` at its start and when [`RedisRevocations::has_lost_its_data`], with the
/// revocations from where they are durable. Redis must not evict (`maxmemory-policy noeviction`).
#[derive(Clone, Debug)]
pub struct RedisRevocations {
    redis: Redis,
    prefix: String,
}

impl RedisRevocations {
    /// Revocations under keys that begin with `prefix`, the same in all replicas.
    pub fn new(redis: Redis, prefix: impl Into<String>) -> Self {
        Self {
            redis,
            prefix: prefix.into(),
        }
    }

    /// Writes all revocations of tokens that have not expired, then the marker: from now on Redis is believed.
    pub async fn restore(&self, revoked: &[(String, Timestamp)]) -> Result<(), RevocationError> {
        for batch in revoked.chunks(BATCH) {
            let mut pipeline = redis::pipe();
            for (token_id, expires) in batch {
                pipeline.add_command(self.set(token_id, *expires)).ignore();
            }
            self.run(pipeline).await?;
        }
        let mut pipeline = redis::pipe();
        pipeline.set(self.marker(), 1).ignore();
        self.run(pipeline).await
    }

    /// Whether Redis answers, but without the marker.
    pub async fn has_lost_its_data(&self) -> Result<bool, RevocationError> {
        let marker = self.marker();
        let there: bool = self
            .redis
            .run(|mut connection| async move {
                redis::cmd("EXISTS")
                    .arg(marker)
                    .query_async(&mut connection)
                    .await
            })
            .await?;
        Ok(!there)
    }

    async fn run(&self, pipeline: redis::Pipeline) -> Result<(), RevocationError> {
        let run = |mut connection| async move { pipeline.exec_async(&mut connection).await };
        Ok(self.redis.run(run).await?)
    }

    async fn revoke_in_redis(&self, token_id: &str, expires: Timestamp) -> Result<(), RevocationError> {
        let mut pipeline = redis::pipe();
        pipeline
            .add_command(self.set(token_id, expires))
            .ignore()
            .exists(self.marker());
        let run = |mut connection| async move { pipeline.query_async(&mut connection).await };
        let (has_marker,): (bool,) = self.redis.run(run).await?;
        if has_marker { Ok(()) } else { Err(lost()) }
    }

    async fn ask(&self, token_id: &str) -> Result<bool, RevocationError> {
        let mut command = redis::cmd("MGET");
        let [token, family] = names(token_id);
        command
            .arg(self.marker())
            .arg(self.key(token))
            .arg(self.key(family));
        let run = |mut connection| async move { command.query_async(&mut connection).await };
        let (marker, token, family): (Option<u8>, Option<u8>, Option<u8>) = self.redis.run(run).await?;
        match marker {
            Some(_) => Ok(token.or(family).is_some()),
            None => Err(lost()),
        }
    }

    fn set(&self, token_id: &str, expires: Timestamp) -> redis::Cmd {
        let until = expires.as_second().saturating_add(FORGET_AFTER.as_secs());
        let mut command = redis::cmd("SET");
        command.arg(self.key(token_id)).arg(1).arg("EXAT").arg(until);
        command
    }

    fn key(&self, token_id: &str) -> String {
        format!("{}:token:{token_id}", self.prefix)
    }

    fn marker(&self) -> String {
        format!("{}:complete", self.prefix)
    }
}

impl From<RedisError> for RevocationError {
    fn from(error: RedisError) -> Self {
        Self(error.to_string())
    }
}

fn lost() -> RevocationError {
    RevocationError("Redis has no record that its revocations are complete; they must be restored".to_owned())
}

impl RevocationStore for RedisRevocations {
    fn revoke<'a>(
        &'a self,
        token_id: &'a str,
        expires: Timestamp,
    ) -> BoxFuture<'a, Result<(), RevocationError>> {
        self.revoke_in_redis(token_id, expires).boxed()
    }

    fn is_revoked<'a>(&'a self, token_id: &'a str) -> BoxFuture<'a, Result<bool, RevocationError>> {
        self.ask(token_id).boxed()
    }
}

#[cfg(test)]
mod tests;
