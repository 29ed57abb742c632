use std::time::Duration;

use clap::{ArgMatches, Args, FromArgMatches};
use prometheus::Registry;

use super::limits::{RateLimits, RateLimitsError, Store};
use super::policy::{Counting, KeyBy, Policy};
use super::quota::Quota;
use crate::config::{checked_args, parse_duration};
use crate::redis::{Redis, RedisConfig};

/// The policy that the environment describes.
const DEFAULT: &str = "default";

/// The policy that goes with a key which callers choose.
const ADDRESS: &str = "address";

/// How much more an address has than one of the users or API keys behind it, unless it is said.
const ADDRESS_FACTOR: u32 = 10;

#[derive(Args, Debug)]
#[group(skip)]
struct Written {
    /// Requests a caller has per window; no limit when unset
    #[arg(long, env = "RATE_LIMIT_REQUESTS")]
    rate_limit_requests: Option<u32>,

    /// The window of the rate limit
    #[arg(long, env = "RATE_LIMIT_WINDOW", default_value = "1m", value_parser = parse_duration)]
    rate_limit_window: Duration,

    /// Requests a caller may send at once, for gcra and token-bucket; all of them when unset
    #[arg(long, env = "RATE_LIMIT_BURST")]
    rate_limit_burst: Option<u32>,

    /// How requests are counted
    #[arg(long, env = "RATE_LIMIT_ALGORITHM", value_enum, default_value_t)]
    rate_limit_algorithm: Counting,

    /// What requests are counted by
    #[arg(long, env = "RATE_LIMIT_KEY", value_enum, default_value_t)]
    rate_limit_key: KeyBy,

    /// Requests an address has per window when they are counted by user or API key; ten times theirs when unset
    #[arg(long, env = "RATE_LIMIT_ADDRESS_REQUESTS")]
    rate_limit_address_requests: Option<u32>,

    /// Replicas that share the limit while Redis does not answer
    #[arg(long, env = "RATE_LIMIT_REPLICAS", default_value = "1")]
    rate_limit_replicas: u32,

    /// Callers kept in memory, for each limit
    #[arg(long, env = "RATE_LIMIT_MAX_KEYS", default_value = "65536")]
    rate_limit_max_keys: u32,

    /// Proxies in front of the service that add to X-Forwarded-For
    #[arg(long, env = "TRUSTED_PROXY_HOPS", default_value = "0")]
    trusted_proxy_hops: u8,
}

/// The settings of rate limits, read and checked.
#[derive(Clone, Debug)]
pub struct RateLimitSettings {
    /// What the environment asks for: none, one policy, or one and the policy of the addresses behind it.
    pub policies: Vec<Policy>,
    /// Replicas that share a limit while Redis does not answer.
    pub replicas: u32,
    /// Callers kept in memory, for each limit.
    pub max_keys: usize,
    /// Proxies in front of the service that add to `X-Forwarded-For`.
    pub trusted_hops: usize,
    /// Where replicas count together.
    pub redis: RedisConfig,
}

impl Default for RateLimitSettings {
    /// No limits.
    fn default() -> Self {
        Self {
            policies: Vec::new(),
            replicas: 1,
            max_keys: 65_536,
            trusted_hops: 0,
            redis: RedisConfig::default(),
        }
    }
}

impl RateLimitSettings {
    fn read(matches: &ArgMatches) -> Result<Result<Self, Vec<String>>, clap::Error> {
        Ok(read(
            &Written::from_arg_matches(matches)?,
            RedisConfig::read(matches)?,
        ))
    }

    /// The limits of the environment and `more` of the service's own.
    pub(crate) fn limits(
        &self,
        more: &[Policy],
        redis: Option<&Redis>,
        service: &str,
        registry: &Registry,
    ) -> Result<RateLimits, RateLimitsError> {
        let store = Store {
            redis: redis.cloned(),
            namespace: service.to_owned(),
            replicas: self.replicas,
            max_keys: self.max_keys,
        };
        let policies: Vec<Policy> = self.policies.iter().chain(more).copied().collect();
        RateLimits::new(&policies, &store, self.trusted_hops, registry)
    }
}

checked_args!(RateLimitSettings: Written, RedisConfig);

/// Every mistake of these settings and of those of Redis.
fn read(
    written: &Written,
    redis: Result<RedisConfig, Vec<String>>,
) -> Result<RateLimitSettings, Vec<String>> {
    let has_redis = redis.as_ref().map_or(true, |config| config.redis.is_some());
    let policies = policies(written);
    let needs_redis = (written.rate_limit_algorithm == Counting::SlidingLog && !has_redis)
        .then(|| "RATE_LIMIT_ALGORITHM: sliding-log needs REDIS_URL".to_owned());
    let no_replicas =
        (written.rate_limit_replicas == 0).then(|| "RATE_LIMIT_REPLICAS: at least 1".to_owned());
    let no_keys = (written.rate_limit_max_keys == 0).then(|| "RATE_LIMIT_MAX_KEYS: at least 1".to_owned());
    match (policies, redis) {
        (Ok(policies), Ok(redis)) if needs_redis.is_none() && no_replicas.is_none() && no_keys.is_none() => {
            Ok(RateLimitSettings {
                policies,
                replicas: written.rate_limit_replicas,
                max_keys: usize::try_from(written.rate_limit_max_keys).unwrap_or(usize::MAX),
                trusted_hops: written.trusted_proxy_hops.into(),
                redis,
            })
        }
        (policies, redis) => Err([policies.err(), needs_redis, no_replicas, no_keys]
            .into_iter()
            .flatten()
            .chain(redis.err().into_iter().flatten())
            .collect()),
    }
}

fn policies(written: &Written) -> Result<Vec<Policy>, String> {
    let Some(requests) = written.rate_limit_requests else {
        return Ok(Vec::new());
    };
    let policy = |name, quota, key| Policy {
        name,
        quota,
        counting: written.rate_limit_algorithm,
        key,
    };
    let quota = quota("RATE_LIMIT_REQUESTS, RATE_LIMIT_WINDOW", requests, written)?;
    let burst = written.rate_limit_burst.unwrap_or(requests);
    let quota = quota
        .with_burst(burst)
        .map_err(|error| format!("RATE_LIMIT_BURST: {error}"))?;
    let mut policies = vec![policy(DEFAULT, quota, written.rate_limit_key)];
    if written.rate_limit_key.needs_address_limit() {
        let per_address = written.rate_limit_address_requests;
        let requests = per_address.unwrap_or_else(|| requests.saturating_mul(ADDRESS_FACTOR));
        let quota = self::quota("RATE_LIMIT_ADDRESS_REQUESTS", requests, written)?;
        policies.push(policy(ADDRESS, quota, KeyBy::Ip));
    }
    Ok(policies)
}

fn quota(names: &str, requests: u32, written: &Written) -> Result<Quota, String> {
    Quota::new(requests, written.rate_limit_window).map_err(|error| format!("{names}: {error}"))
}

#[cfg(test)]
mod tests;
