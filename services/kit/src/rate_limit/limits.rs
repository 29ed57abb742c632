use std::collections::BTreeSet;
use std::sync::Arc;

use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

use super::RateLimiter;
use super::algorithm::Decision;
use super::fixed_window::FixedWindow;
use super::gcra::Gcra;
use super::key::Key;
use super::local::Local;
use super::policy::{Counting, KeyBy, Policy};
use super::resilient::Resilient;
use super::shared::{Shared, SharedAlgorithm};
use super::token_bucket::TokenBucket;
use super::two_counter::TwoCounter;
use crate::redis::{Redis, RedisError};

/// Why a service's limits cannot be.
#[derive(Debug, thiserror::Error)]
pub enum RateLimitsError {
    /// A metric is registered twice.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
    /// A name that is no header text, or the name of another policy.
    #[error("rate limit {0:?}: names are of lower-case letters, digits and -, and each is used once")]
    Name(&'static str),
    /// A sorted set without Redis.
    #[error("rate limit {0:?}: a sliding log needs Redis (REDIS_URL)")]
    NeedsRedis(&'static str),
    /// Callers choose the key.
    #[error(
        "rate limit {0:?}: callers choose their own keys, or have none before they are known; add a limit by IP \
         address to it"
    )]
    NeedsAddressLimit(&'static str),
}

/// Where and how much is counted, for all limits of a service.
#[derive(Clone, Debug)]
pub struct Store {
    /// Shared by all replicas; without it each counts for itself.
    pub redis: Option<Redis>,
    /// What the names of keys in Redis begin with: the service.
    pub namespace: String,
    /// How many replicas share a limit while Redis does not answer.
    pub replicas: u32,
    /// How many keys of each limit are kept in memory.
    pub max_keys: usize,
}

/// One limit at work. Handlers check and reset it by hand through [`RateLimiter`].
#[derive(Debug)]
pub struct Limit {
    policy: Policy,
    limiter: Limiter,
    refused: IntCounter,
}

#[derive(Debug)]
enum Limiter {
    Gcra(Local<Gcra>),
    TokenBucket(Local<TokenBucket>),
    FixedWindow(Local<FixedWindow>),
    TwoCounter(Local<TwoCounter>),
    Resilient(Box<Resilient>),
}

/// The limits of a service; handlers find them in the request's extensions.
#[derive(Clone, Debug)]
pub struct RateLimits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: Vec<Limit>,
    trusted_hops: usize,
}

impl RateLimits {
    /// Limits by `policies`, for clients behind `trusted_hops` proxies.
    pub fn new(
        policies: &[Policy],
        store: &Store,
        trusted_hops: usize,
        registry: &Registry,
    ) -> Result<Self, RateLimitsError> {
        check_names(policies)?;
        check_addresses(policies)?;
        let metrics = Metrics::new(registry)?;
        let limits = policies.iter().map(|policy| Limit::new(policy, store, &metrics));
        Ok(Self(Arc::new(Inner {
            limits: limits.collect::<Result<_, _>>()?,
            trusted_hops,
        })))
    }

    /// The limit with this name.
    pub fn limit(&self, name: &str) -> Option<&Limit> {
        self.0.limits.iter().find(|limit| limit.policy.name == name)
    }

    /// Whether nothing is limited.
    pub fn is_empty(&self) -> bool {
        self.0.limits.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Limit> {
        self.0.limits.iter()
    }

    pub(crate) fn trusted_hops(&self) -> usize {
        self.0.trusted_hops
    }
}

impl Limit {
    fn new(policy: &Policy, store: &Store, metrics: &Metrics) -> Result<Self, RateLimitsError> {
        Ok(Self {
            policy: *policy,
            limiter: Limiter::new(policy, store, metrics)?,
            refused: metrics.refused.with_label_values(&[policy.name]),
        })
    }

    /// What it limits.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }
}

impl Limiter {
    fn new(policy: &Policy, store: &Store, metrics: &Metrics) -> Result<Self, RateLimitsError> {
        let (quota, keys) = (&policy.quota, store.max_keys);
        let resilient = |redis: &Redis, algorithm| {
            let namespace = format!("{}:rate-limit:{}", store.namespace, policy.name);
            let shared = Shared::new(redis.clone(), algorithm, quota, &namespace);
            let alone = metrics.alone.with_label_values(&[policy.name]);
            Self::Resilient(Box::new(Resilient::new(
                shared,
                quota,
                store.replicas,
                keys,
                alone,
            )))
        };
        Ok(match (policy.counting, &store.redis) {
            (Counting::Gcra, Some(redis)) => resilient(redis, SharedAlgorithm::Gcra),
            (Counting::TokenBucket, Some(redis)) => resilient(redis, SharedAlgorithm::TokenBucket),
            (Counting::SlidingLog, Some(redis)) => resilient(redis, SharedAlgorithm::SlidingLog),
            (Counting::SlidingLog, None) => return Err(RateLimitsError::NeedsRedis(policy.name)),
            (Counting::Gcra, None) => Self::Gcra(Local::new(Gcra::new(quota), keys)),
            (Counting::TokenBucket, None) => Self::TokenBucket(Local::new(TokenBucket::new(quota), keys)),
            (Counting::FixedWindow, _) => Self::FixedWindow(Local::new(FixedWindow::new(quota), keys)),
            (Counting::TwoCounter, _) => Self::TwoCounter(Local::new(TwoCounter::new(quota), keys)),
        })
    }
}

impl RateLimiter for Limit {
    async fn check(&self, key: &Key<'_>, cost: u32) -> Decision {
        let decision = match &self.limiter {
            Limiter::Gcra(local) => local.decide(key, cost),
            Limiter::TokenBucket(local) => local.decide(key, cost),
            Limiter::FixedWindow(local) => local.decide(key, cost),
            Limiter::TwoCounter(local) => local.decide(key, cost),
            Limiter::Resilient(resilient) => resilient.check(key, cost).await,
        };
        if !decision.admitted {
            self.refused.inc();
        }
        decision
    }

    async fn reset(&self, key: &Key<'_>) -> Result<(), RedisError> {
        match &self.limiter {
            Limiter::Gcra(local) => local.reset(key).await,
            Limiter::TokenBucket(local) => local.reset(key).await,
            Limiter::FixedWindow(local) => local.reset(key).await,
            Limiter::TwoCounter(local) => local.reset(key).await,
            Limiter::Resilient(resilient) => resilient.reset(key).await,
        }
    }
}

struct Metrics {
    refused: IntCounterVec,
    alone: IntCounterVec,
}

impl Metrics {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let family = |name, help| IntCounterVec::new(Opts::new(name, help), &["policy"]);
        let metrics = Self {
            refused: family(
                "http_server_rate_limited_total",
                "Requests over a rate limit, by policy.",
            )?,
            alone: family(
                "http_server_rate_limit_local_total",
                "Decisions made without the shared count, because Redis did not answer.",
            )?,
        };
        registry.register(Box::new(metrics.refused.clone()))?;
        registry.register(Box::new(metrics.alone.clone()))?;
        Ok(metrics)
    }
}

fn check_names(policies: &[Policy]) -> Result<(), RateLimitsError> {
    let is_plain = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let mut seen = BTreeSet::new();
    let is_wrong = |policy: &&Policy| {
        policy.name.is_empty() || !policy.name.bytes().all(is_plain) || !seen.insert(policy.name)
    };
    let wrong = policies.iter().find(is_wrong);
    wrong.map_or(Ok(()), |policy| Err(RateLimitsError::Name(policy.name)))
}

fn check_addresses(policies: &[Policy]) -> Result<(), RateLimitsError> {
    let has_address_limit = policies.iter().any(|policy| policy.key == KeyBy::Ip);
    let open = policies
        .iter()
        .find(|policy| policy.key.needs_address_limit() && !has_address_limit);
    open.map_or(Ok(()), |policy| {
        Err(RateLimitsError::NeedsAddressLimit(policy.name))
    })
}

#[cfg(test)]
mod tests;
