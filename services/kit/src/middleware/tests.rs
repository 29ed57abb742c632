use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};
use serde::Deserialize;
use serde_json::Value;

use crate::auth::Policy;
use crate::extract::{Json, Query};
use crate::routing::{get, post};
use crate::telemetry::TelemetryConfig;
use crate::testing::{TestServer, server_config, telemetry_config};
use crate::{BuildInfo, Clock, Context, Routes, Service, ServiceInfo};

mod bounds;
mod order;
mod privacy;
mod sizes;
mod tracing_ids;

pub(super) const INFO: ServiceInfo = ServiceInfo {
    build: BuildInfo {
        service: "demo",
        version: "1.2.3",
    },
    about: "A service for tests",
    metrics_prefix: "demo",
    default_port: 0,
    frameworks: "HIPAA",
    data_classification: "test",
};

/// The origin whose pages may read answers.
pub(super) const PORTAL: &str = "https://portal.example";

#[derive(Deserialize)]
struct Numbers {
    number: i64,
}

fn demo() -> Service {
    let routes = Routes::new()
        .public("/ok", get(|| async { "ok" }))
        .public("/items/{id}", get(|| async { "item" }))
        .public(
            "/panic",
            get(async || -> &'static str { panic!("with SECRET inside") }),
        )
        .public(
            "/old",
            get(|| async { ([("server", "x"), ("x-powered-by", "y")], "old") }),
        )
        .public(
            "/cached",
            get(|| async { ([("cache-control", "max-age=60")], "public") }),
        )
        .public(
            "/phi",
            get(|| async { ([("cache-control", "max-age=60")], "phi") }).sensitive(),
        )
        .public("/slow", get(std::future::pending::<&'static str>))
        .public(
            "/query",
            get(|query: Query<Numbers>| async move { query.0.number.to_string() }),
        )
        .public(
            "/json",
            post(|body: Json<Numbers>| async move { body.0.number.to_string() }),
        );
    Service {
        routes,
        headers: HeaderMap::from_iter([(HeaderName::from_static("x-demo"), HeaderValue::from_static("own"))]),
        ..Service::default()
    }
}

pub(super) async fn server() -> TestServer {
    server_with(&telemetry_config()).await
}

/// Bodies of 1,000 bytes at most, 200 ms for an answer, one origin allowed.
pub(super) async fn server_with(telemetry: &TelemetryConfig) -> TestServer {
    let mut config = server_config();
    config.request_timeout = Duration::from_millis(200);
    config.max_body_bytes = 1000;
    config.cors.cors_allowed_origins = vec![PORTAL.to_owned()];
    let clock = Clock::fixed("2026-11-21T12:00:00Z".parse().unwrap());
    TestServer::start_with(&INFO, clock, &config, telemetry, |_| Ok(demo()))
        .await
        .unwrap()
}

/// The lines of the request log.
pub(super) fn request_lines(server: &TestServer) -> Vec<Value> {
    server
        .logs
        .lines()
        .into_iter()
        .filter(|line| line["message"] == "request")
        .collect()
}

#[tokio::test]
async fn a_405_says_what_is_allowed() {
    let server = server().await;
    let response = Client::new().delete(server.url("/json")).send().await.unwrap();
    assert_eq!(response.headers()["allow"], "POST");
}

#[tokio::test]
async fn a_caller_that_hangs_up_is_recorded_as_499() {
    let server = server().await;
    let request = Client::new()
        .get(server.url("/slow"))
        .timeout(Duration::from_millis(20));
    assert!(request.send().await.unwrap_err().is_timeout());
    while request_lines(&server).is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(request_lines(&server)[0]["status"], 499);
    assert!(server.metrics().unwrap().contains("demo_active_requests 0"));
}

#[tokio::test]
async fn a_uuid_of_the_caller_is_kept_and_anything_else_replaced() {
    let server = server().await;
    let table = [
        ("0191d2f4-6b1e-7c52-8a0e-3f3c1f1a2b3c", true),
        ("0191d2f46b1e7c528a0e3f3c1f1a2b3c", true),
        ("Jane-Roe-123-45-6789", false),
        ("{0191d2f4-6b1e-7c52-8a0e-3f3c1f1a2b3c}", false),
        ("4111111111111111", false),
    ];
    for (sent, kept) in table {
        let response = Client::new()
            .get(server.url("/ok"))
            .header("x-request-id", sent)
            .send()
            .await
            .unwrap();
        let received = response.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .replace('-', "");
        assert_eq!(received == sent.replace('-', ""), kept, "{sent}");
    }
}

#[tokio::test]
async fn head_and_method_names_are_known() {
    let server = server().await;
    let response = Client::new().head(server.url("/ok")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let response = Client::new()
        .request(Method::from_bytes(b"BREW").unwrap(), server.url("/ok"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 405);
    let methods: Vec<Value> = request_lines(&server)
        .iter()
        .map(|line| line["method"].clone())
        .collect();
    assert_eq!(methods, ["HEAD", "_OTHER"]);
}

#[tokio::test]
async fn caches_keep_what_a_handler_allows_but_nothing_sensitive() {
    let server = server().await;
    for (path, expected) in [
        ("/ok", "no-store"),
        ("/cached", "max-age=60"),
        ("/phi", "no-store"),
    ] {
        let response = Client::new().get(server.url(path)).send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], expected, "{path}");
    }
}

#[tokio::test]
async fn what_tells_the_software_is_removed() {
    let server = server().await;
    let response = Client::new().get(server.url("/old")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("server") && !response.headers().contains_key("x-powered-by"));
}

/// One path may differ by method in who may call it, and still answers other methods with 405.
#[tokio::test]
async fn a_protected_route_needs_auth_at_the_start() {
    let routes = || {
        Routes::new()
            .public("/records", get(|| async { "all" }))
            .protected("/records", Policy::authenticated(), post(|| async { "added" }))
    };
    let build = |_: &Context| {
        Ok(Service {
            routes: routes(),
            ..Service::default()
        })
    };
    let error = TestServer::start(&INFO, Clock::system(), build)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("Service::auth"), "{error}");
}

#[tokio::test]
async fn wrong_cors_settings_do_not_start() {
    let mut config = server_config();
    config.cors.cors_allowed_origins = vec!["*".to_owned()];
    config.cors.cors_allow_credentials = true;
    let started = TestServer::start_with(&INFO, Clock::system(), &config, &telemetry_config(), |_| {
        Ok(demo())
    })
    .await;
    let error = started.unwrap_err().to_string();
    assert!(error.contains("CORS_ALLOW_CREDENTIALS"), "{error}");
}
