use std::sync::Arc;

use futures::future::join_all;
use prometheus::Registry;

use super::*;
use crate::rate_limit::SharedAlgorithm;
use crate::redis::Redis;
use crate::redis::tests::patient;
use crate::testing;

fn limiter(server: &testing::Redis, quota: &Quota, replicas: u32) -> Arc<Resilient> {
    let url = format!("redis://127.0.0.1:{}/0", server.port());
    let redis = Redis::connect(patient(&url), &Registry::new()).unwrap();
    let shared = Shared::new(redis, SharedAlgorithm::Gcra, quota, "test");
    let alone = IntCounter::new("alone", "test").unwrap();
    Arc::new(Resilient::new(shared, quota, replicas, 1024, alone))
}

fn hourly(limit: u32) -> Quota {
    Quota::new(limit, Duration::from_hours(1)).unwrap()
}

async fn admitted(limiter: &Resilient, key: &str, requests: u32) -> u32 {
    let key = Key::user(key);
    let decisions = join_all((0..requests).map(|_| limiter.check(&key, 1))).await;
    decisions
        .iter()
        .map(|decision| u32::from(decision.admitted))
        .sum()
}

/// Until Redis decides again.
async fn until_shared(limiter: &Resilient) {
    let probe = Key::named("probe");
    while limiter.shared.check(&probe, 0).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn without_redis_the_share_of_the_limit_is_admitted() {
    let server = testing::Redis::start().unwrap();
    let limiter = limiter(&server, &hourly(30), 3);
    server.kill().unwrap();
    assert_eq!(admitted(&limiter, "a", 100).await, 10);
    assert!(limiter.alone.get() > 0);
}

#[tokio::test]
async fn what_was_spent_before_redis_failed_is_spent() {
    let server = testing::Redis::start().unwrap();
    let limiter = limiter(&server, &hourly(30), 1);
    assert_eq!(admitted(&limiter, "a", 20).await, 20);
    server.kill().unwrap();
    assert_eq!(admitted(&limiter, "a", 100).await, 10);
}

#[tokio::test]
async fn a_redis_that_comes_back_empty_gives_no_second_quota() {
    let server = testing::Redis::start().unwrap();
    let limiter = limiter(&server, &hourly(30), 1);
    assert_eq!(admitted(&limiter, "a", 100).await, 30);
    server.kill().unwrap();
    assert_eq!(admitted(&limiter, "a", 100).await, 0);
    server.restart().unwrap();
    until_shared(&limiter).await;
    assert_eq!(admitted(&limiter, "a", 100).await, 0);
    let alone = limiter.alone.get();
    assert_eq!(admitted(&limiter, "b", 100).await, 30);
    assert_eq!(limiter.alone.get(), alone, "the shared count is in use again");
}

#[tokio::test]
async fn a_reset_reaches_both() {
    let server = testing::Redis::start().unwrap();
    let limiter = limiter(&server, &hourly(5), 1);
    assert_eq!(admitted(&limiter, "a", 10).await, 5);
    limiter.reset(&Key::user("a")).await.unwrap();
    assert_eq!(admitted(&limiter, "a", 10).await, 5);
    server.kill().unwrap();
    assert!(
        limiter.reset(&Key::user("a")).await.is_err(),
        "the shared count stays"
    );
    assert_eq!(admitted(&limiter, "a", 10).await, 5, "the local one does not");
}

/// Redis killed and restarted under load: every request is decided, and no window of any kind holds more than the
/// three replicas may admit between them; afterwards they share one limit again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_killed_and_restarted_under_load() {
    let server = testing::Redis::start().unwrap();
    let quota = hourly(300);
    let replicas = [3; 3].map(|count| limiter(&server, &quota, count));
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let load = replicas.iter().map(|replica| {
        let (replica, stop) = (Arc::clone(replica), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut sum = 0;
            while !stop.load(Ordering::Relaxed) {
                sum += admitted(&replica, "a", 20).await;
                tokio::task::yield_now().await;
            }
            sum
        })
    });
    let load: Vec<_> = load.collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.kill().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.restart().unwrap();
    for replica in &replicas {
        until_shared(replica).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop.store(true, Ordering::Relaxed);
    let sum: u32 = join_all(load).await.into_iter().map(Result::unwrap).sum();
    assert!(
        (300..=306).contains(&sum),
        "one limit through it all: {sum} of 300"
    );
    let alone: u64 = replicas.iter().map(|replica| replica.alone.get()).sum();
    assert!(alone > 0, "some were decided without Redis");
    let fresh = join_all(replicas.iter().map(|replica| admitted(replica, "b", 1_000))).await;
    assert_eq!(fresh.iter().sum::<u32>(), 300, "one limit again: {fresh:?}");
}
