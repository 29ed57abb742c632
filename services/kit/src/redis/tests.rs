use std::time::Instant;

use crate::testing;

use super::*;

/// Long enough for a machine that is busy with other tests; the deadline as such is tested with a frozen server.
const PATIENT: Duration = Duration::from_secs(5);

pub(crate) fn patient(url: &str) -> RedisSettings {
    RedisSettings {
        deadline: PATIENT,
        ..RedisSettings::new(url).unwrap()
    }
}

fn connect(server: &testing::Redis, deadline: Duration) -> (Redis, Registry) {
    let registry = Registry::new();
    let settings = RedisSettings {
        deadline,
        ..RedisSettings::new(&server.database()).unwrap()
    };
    (Redis::connect(settings, &registry).unwrap(), registry)
}

async fn until_up(redis: &Redis) {
    while redis.run(ping).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn metric(registry: &Registry, line: &str) -> Option<String> {
    let text = String::from_utf8(crate::metrics::encode(registry).unwrap()).unwrap();
    text.lines()
        .find_map(|found| found.strip_prefix(line).map(|value| value.trim().to_owned()))
}

#[tokio::test]
async fn the_first_operation_waits_for_the_connection() {
    let server = testing::Redis::start().unwrap();
    let (redis, registry) = connect(&server, PATIENT);
    redis.run(ping).await.unwrap();
    assert_eq!(redis.status().await, Status::Ready);
    assert_eq!(metric(&registry, "redis_client_breaker_state").unwrap(), "0");
}

#[tokio::test]
async fn a_frozen_server_costs_a_few_deadlines_and_then_nothing() {
    let server = testing::Redis::start().unwrap();
    let deadline = Duration::from_millis(100);
    let (redis, registry) = connect(&server, deadline);
    until_up(&redis).await;
    let unreachable = || {
        let count = metric(&registry, "redis_client_failures_total{reason=\"unreachable\"}");
        count.map_or(0, |count| count.parse::<u64>().unwrap())
    };
    // On a busy machine it may have been asked before it was up.
    let before = unreachable();
    server.pause().unwrap();
    for _ in 0..TOLERATED {
        assert_eq!(redis.run(ping).await, Err(RedisError::Deadline(deadline)));
    }
    let started = Instant::now();
    for _ in 0..1_000 {
        assert_eq!(redis.run(ping).await, Err(RedisError::Unreachable));
    }
    assert!(started.elapsed() < deadline * 1_000, "nobody waits any more");
    assert_eq!(metric(&registry, "redis_client_breaker_state").unwrap(), "1");
    assert_eq!(unreachable() - before, 1_000);
    server.resume().unwrap();
    until_up(&redis).await;
    assert_eq!(metric(&registry, "redis_client_breaker_state").unwrap(), "0");
}

#[tokio::test]
async fn a_killed_server_is_found_again() {
    let server = testing::Redis::start().unwrap();
    let (redis, _) = connect(&server, PATIENT);
    redis.run(ping).await.unwrap();
    server.kill().unwrap();
    assert!(redis.run(ping).await.is_err());
    assert!(matches!(redis.status().await, Status::Degraded(_)));
    server.restart().unwrap();
    until_up(&redis).await;
}

#[tokio::test]
async fn a_server_that_was_never_there_is_found_when_it_comes() {
    let server = testing::Redis::start().unwrap();
    server.stop().unwrap();
    let (redis, _) = connect(&server, Duration::from_millis(50));
    assert_eq!(redis.run(ping).await, Err(RedisError::Unreachable));
    server.restart().unwrap();
    until_up(&redis).await;
}

#[tokio::test]
async fn a_refused_operation_leaves_the_breaker_closed() {
    let server = testing::Redis::start().unwrap();
    let (redis, _) = connect(&server, PATIENT);
    for _ in 0..2 * TOLERATED {
        let wrong = async |mut connection| redis::cmd("GET").exec_async(&mut connection).await;
        assert!(matches!(redis.run(wrong).await, Err(RedisError::Refused(_))));
    }
    redis.run(ping).await.unwrap();
}

#[tokio::test]
async fn a_password_is_sent_and_never_shown() {
    let server = testing::Redis::start().unwrap();
    let (open, _) = connect(&server, PATIENT);
    let set = async |mut connection| {
        redis::cmd("CONFIG")
            .arg("SET")
            .arg("requirepass")
            .arg("t0p-secret")
            .exec_async(&mut connection)
            .await
    };
    open.run(set).await.unwrap();
    let url = format!("redis://:t0p-secret@127.0.0.1:{}/0", server.port());
    let redis = Redis::connect(patient(&url), &Registry::new()).unwrap();
    redis.run(ping).await.unwrap();
    assert!(!format!("{redis:?} {:?}", patient(&url)).contains("t0p"));
}
