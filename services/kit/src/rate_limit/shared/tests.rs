use std::collections::VecDeque;
use std::sync::Arc;

use futures::future::join_all;
use prometheus::Registry;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::rate_limit::{Algorithm, Gcra, TokenBucket};
use crate::redis::tests::patient;
use crate::testing;

const ALL: [SharedAlgorithm; 3] = [
    SharedAlgorithm::Gcra,
    SharedAlgorithm::TokenBucket,
    SharedAlgorithm::SlidingLog,
];

/// A time that the test sets.
const TEST_TIME: &str = "local function time() return tonumber(redis.call('GET', 'time')) end\n";

static REDIS: testing::Shared<testing::Redis> = testing::Shared::new();

fn server() -> Arc<testing::Redis> {
    REDIS.get(testing::Redis::start).unwrap()
}

fn connect(url: &str) -> Redis {
    Redis::connect(patient(url), &Registry::new()).unwrap()
}

fn hourly(limit: u32) -> Quota {
    Quota::new(limit, Duration::from_hours(1)).unwrap()
}

async fn admitted(limiter: &Shared, key: &str, requests: u32) -> usize {
    let key = &Key::user(key);
    let decisions = join_all((0..requests).map(|_| limiter.check(key, 1))).await;
    decisions
        .into_iter()
        .filter(|decision| decision.as_ref().unwrap().admitted)
        .count()
}

#[tokio::test]
async fn a_crowd_gets_exactly_the_limit() {
    let redis = connect(&server().database());
    for algorithm in ALL {
        let limiter = Shared::new(redis.clone(), algorithm, &hourly(50), "crowd");
        // 20 at a time, 20 times the limit.
        let asking = (0..20).map(|_| admitted(&limiter, "a", 50));
        assert_eq!(
            join_all(asking).await.into_iter().sum::<usize>(),
            50,
            "{algorithm:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_replicas_admit_the_limit_of_one() {
    let database = server().database();
    for algorithm in ALL {
        let replicas: Vec<_> = (0..3)
            .map(|_| Shared::new(connect(&database), algorithm, &hourly(500), "replicas"))
            .collect();
        let asking = replicas.iter().map(|replica| admitted(replica, "a", 1_000));
        let admitted: usize = join_all(asking).await.into_iter().sum();
        assert_eq!(admitted, 500, "{algorithm:?}");
    }
}

#[tokio::test]
async fn keys_expire_and_tell_nothing() {
    let redis = connect(&server().database());
    for algorithm in ALL {
        let limiter = Shared::new(redis.clone(), algorithm, &hourly(5), "secrets");
        limiter.check(&Key::api_key(b"sk-live-1"), 2).await.unwrap();
    }
    let keys = async |mut connection| {
        redis::cmd("KEYS")
            .arg("*")
            .query_async::<Vec<String>>(&mut connection)
            .await
    };
    let keys = redis.run(keys).await.unwrap();
    assert_eq!(keys.len(), 3, "{keys:?}");
    for key in keys {
        assert!(key.starts_with("secrets:") && !key.contains("sk"), "{key}");
        let ttl = async |mut connection| {
            redis::cmd("PTTL")
                .arg(&key)
                .query_async::<i64>(&mut connection)
                .await
        };
        let ttl = redis.run(ttl).await.unwrap();
        assert!((1..=3_600_000).contains(&ttl), "{key} lives for {ttl} ms");
    }
}

#[tokio::test]
async fn a_reset_gives_the_quota_back() {
    let redis = connect(&server().database());
    for algorithm in ALL {
        let limiter = Shared::new(redis.clone(), algorithm, &hourly(3), "reset");
        assert_eq!(
            (admitted(&limiter, "a", 5).await, admitted(&limiter, "b", 5).await),
            (3, 3)
        );
        limiter.reset(&Key::user("a")).await.unwrap();
        assert_eq!(
            (admitted(&limiter, "a", 5).await, admitted(&limiter, "b", 5).await),
            (3, 0)
        );
    }
}

#[tokio::test]
async fn redis_may_forget_the_scripts() {
    let redis = connect(&server().database());
    let limiter = Shared::new(redis.clone(), SharedAlgorithm::Gcra, &hourly(5), "flush");
    limiter.check(&Key::user("a"), 1).await.unwrap();
    let flush = async |mut connection| {
        redis::cmd("SCRIPT")
            .arg("FLUSH")
            .exec_async(&mut connection)
            .await
    };
    redis.run(flush).await.unwrap();
    assert_eq!(limiter.check(&Key::user("a"), 1).await.unwrap().remaining, 3);
}

/// Microseconds after the epoch, and costs.
type Requests = Vec<(u64, u32)>;

/// A quota whose interval is a whole number of microseconds, and requests around its limit.
fn cases() -> impl Strategy<Value = (Quota, Requests)> {
    let quota = (1_u32..20, 1_u64..2_000, 1_u32..20).prop_map(|(limit, interval_ms, burst)| {
        let quota = Quota::new(limit, Duration::from_millis(interval_ms * u64::from(limit))).unwrap();
        quota.with_burst(burst.min(limit)).unwrap()
    });
    let pauses = prop_oneof![5 => Just(0_u64), 5 => 0_u64..2_000_000, 1 => 0_u64..60_000_000];
    let cost = prop_oneof![8 => Just(1_u32), 1 => 0_u32..5];
    (quota, proptest::collection::vec((pauses, cost), 1..40)).prop_map(|(quota, requests)| {
        let mut now = 1_790_000_000_000_000;
        let at = |(pause, cost)| {
            now += pause;
            (now, cost)
        };
        (quota, requests.into_iter().map(at).collect())
    })
}

/// Runs cases with a limiter whose time is the test's.
fn for_cases(algorithm: SharedAlgorithm, check: impl Fn(&Quota, &[(u64, u32, Decision)])) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let redis = runtime.block_on(async { connect(&server().database()) });
    let config = Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&cases(), |(quota, requests)| {
            check(
                &quota,
                &runtime.block_on(decisions(&redis, algorithm, &quota, &requests)),
            );
            Ok(())
        })
        .unwrap();
}

async fn decisions(
    redis: &Redis,
    algorithm: SharedAlgorithm,
    quota: &Quota,
    requests: &Requests,
) -> Vec<(u64, u32, Decision)> {
    let limiter = Shared::with_time(redis.clone(), algorithm, quota, "time", TEST_TIME);
    limiter.reset(&Key::user("a")).await.unwrap();
    let mut decided = Vec::new();
    for &(now, cost) in requests {
        let set = async |mut connection| {
            redis::cmd("SET")
                .arg("time")
                .arg(now)
                .exec_async(&mut connection)
                .await
        };
        redis.run(set).await.unwrap();
        decided.push((now, cost, limiter.check(&Key::user("a"), cost).await.unwrap()));
    }
    decided
}

/// The script and the algorithm in memory decide alike.
fn agrees<A: Algorithm>(algorithm: SharedAlgorithm, local: impl Fn(&Quota) -> A) {
    for_cases(algorithm, |quota, decided| {
        let local = local(quota);
        let mut state = None;
        for &(now, cost, decision) in decided {
            let (expected, after) = local.decide(state, now * 1000, cost);
            assert_eq!(decision, expected, "{quota:?} at {now}, cost {cost}");
            state = Some(after);
        }
    });
}

#[test]
fn gcra_in_redis_is_gcra_in_memory() {
    agrees(SharedAlgorithm::Gcra, Gcra::new);
}

#[test]
fn a_token_bucket_in_redis_is_one_in_memory() {
    agrees(SharedAlgorithm::TokenBucket, TokenBucket::new);
}

/// Admits what a list of all requests would, so that no window ever holds more than the limit.
#[test]
fn a_sliding_log_admits_the_limit_in_every_window() {
    for_cases(SharedAlgorithm::SlidingLog, |quota, decided| {
        let (limit, window) = (u64::from(quota.limit()), quota.window_micros());
        let mut log: VecDeque<u64> = VecDeque::new();
        for &(now, cost, decision) in decided {
            log.retain(|&at| at + window > now);
            let fits = log.len() as u64 + u64::from(cost) <= limit;
            assert_eq!(decision.admitted, fits, "{quota:?} at {now}, cost {cost}");
            if fits {
                log.extend((0..cost).map(|_| now));
            }
            assert_eq!(u64::from(decision.remaining), limit - log.len() as u64);
        }
    });
}

#[tokio::test]
async fn a_clock_that_was_set_back_locks_nobody_out() {
    let redis = connect(&server().database());
    let hour = 3_600_000_000;
    let times = [1_790_000_000_000_000_u64; 10]
        .into_iter()
        .chain([1_790_000_000_000_000 - 1_000 * hour]);
    let late = 1_790_000_000_000_000 - 998 * hour;
    let requests: Requests = times.chain([late]).map(|now| (now, 1)).collect();
    for algorithm in ALL {
        let decided = decisions(&redis, algorithm, &hourly(10), &requests).await;
        assert!(
            decided.last().unwrap().2.admitted,
            "{algorithm:?}: two hours later all is forgotten"
        );
    }
}
