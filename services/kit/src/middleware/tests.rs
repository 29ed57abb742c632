use std::time::Duration;

use axum::routing::{get, post};
use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde::Deserialize;
use serde_json::Value;

use crate::extract::{Json, Query};
use crate::testing::{TestServer, server_config, telemetry_config};
use crate::{BuildInfo, Clock, Routes, Service, ServiceInfo};

mod bounds;
mod privacy;
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

#[derive(Deserialize)]
struct Numbers {
    number: i64,
}

fn demo() -> Service {
    let routes = Routes::new()
        .public_bare("/ok", get(|| async { "ok" }))
        .public_bare("/items/{id}", get(|| async { "item" }))
        .public_bare(
            "/panic",
            get(async || -> &'static str { panic!("with SECRET inside") }),
        )
        .public_bare("/slow", get(std::future::pending::<&'static str>))
        .public_bare(
            "/query",
            get(|query: Query<Numbers>| async move { query.0.number.to_string() }),
        )
        .public_bare(
            "/json",
            post(|body: Json<Numbers>| async move { body.0.number.to_string() }),
        );
    Service {
        routes,
        ..Service::default()
    }
}

pub(super) async fn server() -> TestServer {
    let mut config = server_config();
    config.request_timeout = Duration::from_millis(200);
    config.max_body_bytes = 1000;
    let clock = Clock::fixed("2026-11-21T12:00:00Z".parse().unwrap());
    TestServer::start_with(&INFO, clock, &config, &telemetry_config(), |_| Ok(demo()))
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

struct Case {
    name: &'static str,
    request: RequestBuilder,
    status: u16,
    code: Option<&'static str>,
    route: &'static str,
}

fn case(
    name: &'static str,
    request: RequestBuilder,
    status: u16,
    code: Option<&'static str>,
    route: &'static str,
) -> Case {
    Case {
        name,
        request,
        status,
        code,
        route,
    }
}

fn json_post(server: &TestServer) -> RequestBuilder {
    Client::new()
        .post(server.url("/json"))
        .header("content-type", "application/json; charset=utf-8")
}

/// 4,000 bytes whose number is not told in advance.
fn streamed() -> reqwest::Body {
    let frames = (0..40).map(|_| Ok::<_, std::io::Error>(Frame::data(Bytes::from(vec![b' '; 100]))));
    reqwest::Body::wrap(StreamBody::new(futures::stream::iter(frames)))
}

fn cases(server: &TestServer) -> Vec<Case> {
    let get = |path: &str| Client::new().get(server.url(path));
    let json = |body: &str| json_post(server).body(body.to_owned());
    let delete = Client::new().delete(server.url("/ok"));
    let form = Client::new().post(server.url("/json")).body("number=3");
    vec![
        case("ok", get("/ok"), 200, None, "/ok"),
        case("template", get("/items/4711"), 200, None, "/items/{id}"),
        case("query", get("/query?number=3"), 200, None, "/query"),
        case("body", json(r#"{"number":3}"#), 200, None, "/json"),
        case(
            "no such path",
            get("/nowhere"),
            404,
            Some("not_found"),
            "unmatched",
        ),
        case("wrong method", delete, 405, Some("method_not_allowed"), "/ok"),
        case(
            "wrong query",
            get("/query?number=x"),
            400,
            Some("bad_request"),
            "/query",
        ),
        case("no JSON", json("{"), 400, Some("bad_request"), "/json"),
        case(
            "wrong type",
            json(r#"{"number":"x"}"#),
            422,
            Some("unprocessable"),
            "/json",
        ),
        case(
            "wrong media type",
            form,
            415,
            Some("unsupported_media_type"),
            "/json",
        ),
        case(
            "too long",
            json(&" ".repeat(1001)),
            413,
            Some("body_too_large"),
            "/json",
        ),
        case(
            "too long, streamed",
            json_post(server).body(streamed()),
            413,
            Some("body_too_large"),
            "/json",
        ),
        case("panic", get("/panic"), 500, Some("internal"), "/panic"),
        case("time-out", get("/slow"), 503, Some("timeout"), "/slow"),
    ]
}

const HEADERS: [(&str, &str); 10] = [
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'",
    ),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    ("x-xss-protection", "0"),
    ("x-compliance-frameworks", "HIPAA"),
    ("x-data-classification", "test"),
    ("cache-control", "no-store"),
];

fn check_headers(name: &str, response: &Response) {
    for (header, value) in HEADERS {
        assert_eq!(
            response.headers().get(header).map(|v| v.to_str().unwrap()),
            Some(value),
            "{name}: {header}"
        );
    }
}

/// Whatever happens to a request, all layers do their part: headers, one log line, one sample, a problem.
#[tokio::test]
async fn every_outcome_passes_every_layer() {
    let server = server().await;
    for (number, case) in cases(&server).into_iter().enumerate() {
        let name = case.name;
        let response = case
            .request
            .send()
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(response.status(), case.status, "{name}");
        check_headers(name, &response);
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        let body = response.text().await.unwrap();
        if let Some(code) = case.code {
            assert_eq!(content_type, "application/problem+json", "{name}");
            let problem: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(problem["code"], code, "{name}");
            assert_eq!(problem["status"], case.status, "{name}");
        }
        let lines = request_lines(&server);
        assert_eq!(lines.len(), number + 1, "{name}");
        let line = lines.last().unwrap();
        assert_eq!(line["request_id"], id, "{name}");
        assert_eq!(line["route"], case.route, "{name}");
        assert_eq!(line["status"], case.status, "{name}");
    }
    let text = server.metrics().unwrap();
    for line in [
        r#"http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="500",http_route="/panic"} 1"#,
        r#"http_server_request_duration_seconds_count{http_request_method="POST",http_response_status_code="413",http_route="/json"} 2"#,
        r#"demo_request_duration_seconds_count{endpoint="/slow",method="GET",status="503"} 1"#,
        r#"http_server_active_requests{http_request_method="GET"} 0"#,
        "demo_active_requests 0",
        "http_server_panics_total 1",
        "http_server_timeouts_total 1",
        r#"http_server_rejected_total{reason="body_too_large"} 2"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} not in\n{text}");
    }
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
