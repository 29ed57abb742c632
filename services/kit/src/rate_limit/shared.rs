use std::time::Duration;

use redis::Script;

use super::algorithm::{Decision, saturating_u32};
use super::key::Key;
use super::quota::Quota;
use crate::redis::{Redis, RedisError};

/// Defines `time()`, before each script.
const TIME: &str = include_str!("time.lua");

const GCRA: &str = include_str!("gcra.lua");
const TOKEN_BUCKET: &str = include_str!("token_bucket.lua");
const SLIDING_LOG: &str = include_str!("sliding_log.lua");

/// Ticks of the GCRA script in a microsecond.
const TICKS: u64 = 8;

/// The algorithms that Redis runs for all replicas together, each as one script: atomic, with the time of Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedAlgorithm {
    /// As [`super::Gcra`]; one number per key.
    Gcra,
    /// As [`super::TokenBucket`]; two numbers per key.
    TokenBucket,
    /// Remembers the time of every request in a sorted set: never more than the limit in any window, at the price of
    /// one entry per admitted request and key.
    SlidingLog,
}

impl SharedAlgorithm {
    const fn name(self) -> &'static str {
        match self {
            Self::Gcra => "gcra",
            Self::TokenBucket => "token-bucket",
            Self::SlidingLog => "sliding-log",
        }
    }

    const fn body(self) -> &'static str {
        match self {
            Self::Gcra => GCRA,
            Self::TokenBucket => TOKEN_BUCKET,
            Self::SlidingLog => SLIDING_LOG,
        }
    }

    fn arguments(self, quota: &Quota) -> Vec<u64> {
        let (limit, burst, window) = (quota.limit().into(), quota.burst().into(), quota.window_micros());
        match self {
            Self::Gcra => vec![(window * TICKS).div_ceil(limit), burst],
            Self::TokenBucket => vec![limit, window, burst],
            Self::SlidingLog => vec![limit, window],
        }
    }
}

/// Limits the requests of all replicas together, in Redis.
#[derive(Clone, Debug)]
pub struct Shared {
    redis: Redis,
    script: Script,
    arguments: Vec<u64>,
    /// What the names of its keys begin with.
    prefix: String,
}

impl Shared {
    /// Keeps its keys under `namespace`, which all replicas of a service share, and no two limits of it.
    pub fn new(redis: Redis, algorithm: SharedAlgorithm, quota: &Quota, namespace: &str) -> Self {
        Self::with_time(redis, algorithm, quota, namespace, TIME)
    }

    fn with_time(
        redis: Redis,
        algorithm: SharedAlgorithm,
        quota: &Quota,
        namespace: &str,
        time: &str,
    ) -> Self {
        Self {
            redis,
            script: Script::new(&format!("{time}{}", algorithm.body())),
            arguments: algorithm.arguments(quota),
            // With the algorithm: one does not read what another wrote, when a service changes it.
            prefix: format!("{namespace}:{}:", algorithm.name()),
        }
    }

    fn name(&self, key: &Key<'_>) -> String {
        format!("{}{}", self.prefix, key.digest())
    }

    /// Decides on a request that costs `cost`.
    pub async fn check(&self, key: &Key<'_>, cost: u32) -> Result<Decision, RedisError> {
        let mut invocation = self.script.key(self.name(key));
        invocation.arg(&self.arguments).arg(cost);
        let invoke = async |mut connection| invocation.invoke_async::<[u64; 4]>(&mut connection).await;
        let [admitted, remaining, reset_after, retry_after] = self.redis.run(invoke).await?;
        Ok(Decision {
            admitted: admitted == 1,
            remaining: saturating_u32(remaining),
            reset_after: Duration::from_micros(reset_after),
            retry_after: Duration::from_micros(retry_after),
        })
    }

    /// Forgets what `key` has spent.
    pub async fn reset(&self, key: &Key<'_>) -> Result<(), RedisError> {
        let name = self.name(key);
        self.redis
            .run(async |mut connection| redis::cmd("DEL").arg(name).exec_async(&mut connection).await)
            .await
    }
}

#[cfg(test)]
mod tests;
