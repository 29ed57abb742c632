use std::time::Duration;

use axum::Extension;
use futures::future::join_all;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::*;
use crate::config::ServerConfig;
use crate::rate_limit::{Counting, Quota};
use crate::redis::tests::patient;
use crate::routing::get;
use crate::testing::{self, TestServer, server_config, telemetry_config};
use crate::{BuildInfo, Clock, Routes, Service, ServiceInfo};

const INFO: ServiceInfo = ServiceInfo {
    build: BuildInfo {
        service: "limited",
        version: "1.2.3",
    },
    about: "A service for tests",
    metrics_prefix: "limited",
    default_port: 0,
    frameworks: "HIPAA",
    data_classification: "test",
};

fn policy(name: &'static str, limit: u32, key: KeyBy) -> Policy {
    Policy {
        name,
        quota: Quota::new(limit, Duration::from_hours(1)).unwrap(),
        counting: Counting::Gcra,
        key,
    }
}

fn service(policies: &[Policy]) -> Service {
    let reset = async |Extension(limits): Extension<RateLimits>| {
        limits
            .limit("default")
            .unwrap()
            .reset(&Key::named("by hand"))
            .await
            .unwrap();
    };
    Service {
        routes: Routes::new()
            .public("/items", get(|| async { "items" }))
            .public("/items/{id}", get(|| async { "item" }))
            .public("/reset", get(reset)),
        rate_limits: policies.to_vec(),
        ..Service::default()
    }
}

async fn start_with(config: &ServerConfig, policies: &[Policy]) -> TestServer {
    TestServer::start_with(&INFO, Clock::system(), config, &telemetry_config(), |_| {
        Ok(service(policies))
    })
    .await
    .unwrap()
}

/// Behind one trusted proxy.
async fn start(policies: &[Policy]) -> TestServer {
    let mut config = server_config();
    config.rate_limit.trusted_hops = 1;
    start_with(&config, policies).await
}

async fn get_from(server: &TestServer, path: &str, forwarded_for: &str) -> Response {
    Client::new()
        .get(server.url(path))
        .header("x-forwarded-for", forwarded_for)
        .send()
        .await
        .unwrap()
}

async fn status_from(server: &TestServer, path: &str, forwarded_for: &str) -> u16 {
    get_from(server, path, forwarded_for).await.status().as_u16()
}

fn field(response: &Response, name: &str) -> String {
    let values = response.headers().get_all(name).iter();
    values
        .map(|value| value.to_str().unwrap())
        .collect::<Vec<_>>()
        .join(", ")
}

#[tokio::test]
async fn answers_tell_where_a_caller_stands() {
    let server = start(&[
        policy("address", 2, KeyBy::Ip),
        policy("endpoint", 5, KeyBy::Endpoint),
    ])
    .await;
    let first = get_from(&server, "/items", "192.0.2.1").await;
    assert_eq!(first.status(), 200);
    assert_eq!(
        field(&first, "ratelimit-policy"),
        "\"address\";q=2;w=3600, \"endpoint\";q=5;w=3600"
    );
    assert_eq!(
        field(&first, "ratelimit"),
        "\"address\";r=1;t=1800, \"endpoint\";r=4;t=720"
    );
    assert_eq!(field(&first, "retry-after"), "");
    assert_eq!(status_from(&server, "/items", "192.0.2.1").await, 200);
    let refused = get_from(&server, "/items", "192.0.2.1").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(field(&refused, "content-type"), "application/problem+json");
    assert_eq!(field(&refused, "ratelimit-policy"), "\"address\";q=2;w=3600");
    let seconds: u64 = field(&refused, "retry-after").parse().unwrap();
    assert!((1_790..=1_800).contains(&seconds), "{seconds}");
    assert_eq!(
        field(&refused, "ratelimit"),
        format!("\"address\";r=0;t={seconds}")
    );
    assert_eq!(
        field(&refused, "x-content-type-options"),
        "nosniff",
        "the layers outside still answer"
    );
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "too_many_requests");
    assert_eq!(problem["status"], 429);
    assert_eq!(problem["violated-policies"], json!(["address"]));
    let metrics = server.metrics().unwrap();
    assert!(
        metrics.contains("http_server_rate_limited_total{policy=\"address\"} 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("http_server_rate_limited_total{policy=\"endpoint\"} 0"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_crowd_gets_exactly_the_limit() {
    let server = start(&[policy("address", 25, KeyBy::Ip)]).await;
    let client = Client::new();
    let crowd = (0..500).map(|_| async {
        client
            .get(server.url("/items"))
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    });
    let statuses = join_all(crowd).await;
    let count = |status| statuses.iter().filter(|&&found| found == status).count();
    assert_eq!((count(200), count(429)), (25, 475));
}

#[tokio::test]
async fn probes_and_scrapes_are_never_limited() {
    let server = start(&[policy("address", 1, KeyBy::Ip)]).await;
    for _ in 0..5 {
        for path in [
            "/health",
            "/health/live",
            "/health/ready",
            "/readiness",
            "/metrics",
        ] {
            let answer = get_from(&server, path, "192.0.2.1").await;
            assert_eq!(
                (answer.status().as_u16(), field(&answer, "ratelimit")),
                (200, String::new()),
                "{path}"
            );
        }
    }
    assert_eq!(status_from(&server, "/items", "192.0.2.1").await, 200);
    assert_eq!(
        status_from(&server, "/nothing-here", "192.0.2.1").await,
        429,
        "what is not there is limited too"
    );
}

#[tokio::test]
async fn what_a_caller_adds_on_the_left_changes_nothing() {
    let server = start(&[policy("address", 3, KeyBy::Ip)]).await;
    let spoofed = |number: u32| format!("198.51.100.{number}, 192.0.2.1");
    let mut statuses = Vec::new();
    for number in 0..6 {
        statuses.push(status_from(&server, "/items", &spoofed(number)).await);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429, 429]);
    assert_eq!(status_from(&server, "/items", "192.0.2.2").await, 200);
}

#[tokio::test]
async fn without_trusted_proxies_the_header_means_nothing() {
    let server = start_with(&server_config(), &[policy("address", 1, KeyBy::Ip)]).await;
    assert_eq!(status_from(&server, "/items", "192.0.2.1").await, 200);
    assert_eq!(status_from(&server, "/items", "192.0.2.2").await, 429);
}

#[tokio::test]
async fn an_endpoint_is_its_template() {
    let server = start(&[policy("endpoint", 2, KeyBy::Endpoint)]).await;
    assert_eq!(status_from(&server, "/items/1", "192.0.2.1").await, 200);
    assert_eq!(status_from(&server, "/items/2", "192.0.2.2").await, 200);
    assert_eq!(status_from(&server, "/items/3", "192.0.2.3").await, 429);
    assert_eq!(status_from(&server, "/items", "192.0.2.3").await, 200);
}

#[tokio::test]
async fn api_keys_have_their_own_count_and_are_shown_nowhere() {
    let server = start(&[policy("key", 1, KeyBy::ApiKey), policy("address", 3, KeyBy::Ip)]).await;
    let ask = async |key: &str| {
        let request = Client::new().get(server.url("/items")).header("x-api-key", key);
        request.send().await.unwrap()
    };
    assert_eq!(ask("sk-canary-1").await.status(), 200);
    let refused = ask("sk-canary-1").await;
    assert_eq!(refused.status(), 429);
    assert!(!format!("{:?}", refused.headers()).contains("sk-canary"));
    assert!(!refused.text().await.unwrap().contains("sk-canary"));
    assert_eq!(ask("sk-canary-2").await.status(), 200);
    assert_eq!(ask("sk-canary-3").await.status(), 200);
    assert_eq!(
        ask("sk-canary-4").await.status(),
        429,
        "new keys do not help against the limit of the address"
    );
    let logs = server.logs.text();
    assert!(
        !logs.contains("sk-canary") && !logs.contains("192.0.2.1"),
        "{logs}"
    );
    assert!(!server.metrics().unwrap().contains("sk-canary"));
}

#[tokio::test]
async fn handlers_reach_the_limits() {
    let server = start(&[policy("default", 10, KeyBy::Ip)]).await;
    assert_eq!(status_from(&server, "/reset", "192.0.2.1").await, 200);
}

#[tokio::test]
async fn three_processes_of_a_service_share_one_limit() {
    let redis = testing::Redis::start().unwrap();
    let mut config = server_config();
    config.rate_limit.redis.redis = Some(patient(&redis.database()));
    let policies = [policy("address", 60, KeyBy::Ip)];
    let replicas = [
        start_with(&config, &policies).await,
        start_with(&config, &policies).await,
        start_with(&config, &policies).await,
    ];
    let client = Client::new();
    let load = (0..300).map(|number| {
        let url = replicas[number % 3].url("/items");
        let request = client.get(url);
        async { request.send().await.unwrap().status().as_u16() }
    });
    let statuses = join_all(load).await;
    assert_eq!(statuses.iter().filter(|&&status| status == 200).count(), 60);
}

#[tokio::test]
async fn redis_killed_under_load_costs_no_5xx() {
    let redis = testing::Redis::start().unwrap();
    let mut config = server_config();
    config.rate_limit.redis.redis = Some(patient(&redis.database()));
    let server = start_with(&config, &[policy("address", 100, KeyBy::Ip)]).await;
    let client = Client::new();
    let mut statuses = Vec::new();
    for round in 0..30 {
        match round {
            10 => redis.kill().unwrap(),
            20 => redis.restart().unwrap(),
            _ => {}
        }
        let requests = (0..10).map(|_| client.get(server.url("/items")).send());
        statuses.extend(
            join_all(requests)
                .await
                .into_iter()
                .map(|answer| answer.unwrap().status().as_u16()),
        );
    }
    let count = |status| statuses.iter().filter(|&&found| found == status).count();
    assert_eq!(
        (count(200), count(429)),
        (100, 200),
        "one limit through it all, and nothing else"
    );
    let ready = client.get(server.url("/readiness")).send().await.unwrap();
    assert_eq!(ready.status(), 200, "ready with Redis or without");
}
