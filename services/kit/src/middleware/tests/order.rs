//! Whatever happens to a request, all layers do their part, in the same way.

use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

use super::tracing_ids::collector;
use super::{PORTAL, request_lines, server_with};
use crate::testing::{TestServer, telemetry_config};

struct Case {
    name: &'static str,
    request: RequestBuilder,
    /// Sent from a page of this origin.
    origin: Option<&'static str>,
    status: u16,
    code: Option<&'static str>,
    span: &'static str,
    route: &'static str,
}

fn case(name: &'static str, request: RequestBuilder, status: u16, span: &'static str) -> Case {
    Case {
        name,
        request,
        origin: None,
        status,
        code: None,
        span,
        route: span.split_once(' ').unwrap().1,
    }
}

impl Case {
    fn problem(self, code: &'static str) -> Self {
        Self {
            code: Some(code),
            ..self
        }
    }

    fn from(self, origin: &'static str) -> Self {
        Self {
            origin: Some(origin),
            request: self.request.header("origin", origin),
            ..self
        }
    }
}

fn json_post(server: &TestServer) -> RequestBuilder {
    Client::new()
        .post(server.url("/json"))
        .header("content-type", "application/json; charset=utf-8")
}

fn preflight(server: &TestServer) -> RequestBuilder {
    Client::new()
        .request(Method::OPTIONS, server.url("/json"))
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
}

/// 4,000 bytes whose number is not told in advance.
fn streamed() -> reqwest::Body {
    let frames = (0..40).map(|_| Ok::<_, std::io::Error>(Frame::data(Bytes::from(vec![b' '; 100]))));
    reqwest::Body::wrap(StreamBody::new(futures::stream::iter(frames)))
}

fn answers(server: &TestServer) -> Vec<Case> {
    let get = |path: &str| Client::new().get(server.url(path));
    let json = |body: &str| json_post(server).body(body.to_owned());
    vec![
        case("ok", get("/ok"), 200, "GET /ok"),
        case("template", get("/items/4711"), 200, "GET /items/{id}"),
        case("query", get("/query?number=3"), 200, "GET /query"),
        case("body", json(r#"{"number":3}"#), 200, "POST /json"),
        case("allowed origin", get("/ok"), 200, "GET /ok").from(PORTAL),
        case("refused origin", get("/ok"), 200, "GET /ok").from("https://elsewhere.example"),
        case("preflight", preflight(server), 200, "OPTIONS /json").from(PORTAL),
        case("refused preflight", preflight(server), 200, "OPTIONS /json").from("https://elsewhere.example"),
    ]
}

fn refusals(server: &TestServer) -> Vec<Case> {
    let get = |path: &str| Client::new().get(server.url(path));
    let json = |body: &str| json_post(server).body(body.to_owned());
    let delete = || Client::new().delete(server.url("/ok"));
    let form = Client::new().post(server.url("/json")).body("number=3");
    let long = " ".repeat(1001);
    vec![
        case("no such path", get("/nowhere"), 404, "_OTHER unmatched")
            .problem("not_found")
            .from(PORTAL),
        case("wrong method", delete(), 405, "DELETE /ok")
            .problem("method_not_allowed")
            .from(PORTAL),
        case("wrong query", get("/query?number=x"), 400, "GET /query").problem("bad_request"),
        case("no JSON", json("{"), 400, "POST /json").problem("bad_request"),
        case("wrong type", json(r#"{"number":"x"}"#), 422, "POST /json")
            .problem("unprocessable")
            .from(PORTAL),
        case("wrong media type", form, 415, "POST /json")
            .problem("unsupported_media_type")
            .from(PORTAL),
        case("too long", json(&long), 413, "POST /json")
            .problem("body_too_large")
            .from(PORTAL),
        case(
            "too long, streamed",
            json_post(server).body(streamed()),
            413,
            "POST /json",
        )
        .problem("body_too_large")
        .from(PORTAL),
        case("panic", get("/panic"), 500, "GET /panic")
            .problem("internal")
            .from(PORTAL),
        case("time-out", get("/slow"), 503, "GET /slow")
            .problem("timeout")
            .from(PORTAL),
    ]
}

const HEADERS: [(&str, &str); 11] = [
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
    ("x-demo", "own"),
    ("cache-control", "no-store"),
];

fn check_headers(case: &Seen, response: &Response) {
    let name = case.name;
    let header = |header: &str| {
        response
            .headers()
            .get(header)
            .map(|value| value.to_str().unwrap())
    };
    for (expected, value) in HEADERS {
        assert_eq!(header(expected), Some(value), "{name}: {expected}");
    }
    let allowed = case.origin.filter(|origin| *origin == PORTAL);
    assert_eq!(header("access-control-allow-origin"), allowed, "{name}");
    assert!(header("vary").unwrap().contains("origin"), "{name}");
    if case.span.starts_with("OPTIONS") {
        assert_eq!(header("access-control-max-age"), Some("600"), "{name}");
        assert_eq!(header("access-control-allow-methods"), Some("GET,POST"), "{name}");
        assert_eq!(
            header("access-control-allow-headers"),
            Some("authorization,content-type"),
            "{name}"
        );
    }
}

/// What is left of a case once its request is sent.
struct Seen {
    name: &'static str,
    origin: Option<&'static str>,
    span: &'static str,
    status: u16,
}

/// Samples of the duration family.
fn samples(server: &TestServer) -> u64 {
    let families = server.registry.gather();
    let family = families
        .iter()
        .find(|family| family.name() == "http_server_request_duration_seconds");
    let series = family
        .into_iter()
        .flat_map(prometheus::proto::MetricFamily::get_metric);
    series
        .map(|metric| metric.get_histogram().get_sample_count())
        .sum()
}

/// Sends the request and checks all that can be seen of it at once: the answer, one log line, one sample.
async fn send(server: &TestServer, case: Case) -> Seen {
    let (lines, counted) = (request_lines(server).len(), samples(server));
    let Case {
        name,
        request,
        origin,
        status,
        code,
        span,
        route,
    } = case;
    let seen = Seen {
        name,
        origin,
        span,
        status,
    };
    let response = request
        .send()
        .await
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(response.status(), status, "{name}");
    check_headers(&seen, &response);
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let content_type = response.headers().get("content-type").cloned();
    let body = response.text().await.unwrap();
    if let Some(code) = code {
        assert_eq!(content_type.unwrap(), "application/problem+json", "{name}");
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (&problem["code"], &problem["status"]),
            (&code.into(), &status.into()),
            "{name}"
        );
    }
    let logged = request_lines(server);
    assert_eq!(logged.len(), lines + 1, "{name}");
    let line = logged.last().unwrap();
    assert_eq!(
        (&line["request_id"], &line["route"]),
        (&id.into(), &route.into()),
        "{name}"
    );
    assert_eq!(
        (&line["status"], line["code"].as_str()),
        (&status.into(), code),
        "{name}"
    );
    assert_eq!(samples(server), counted + 1, "{name}");
    seen
}

fn check_span(case: &Seen, span: &Span) {
    assert_eq!(span.name, case.span, "{}", case.name);
    let code = span.status.as_ref().map_or(0, |status| status.code);
    let expected = if case.status >= 500 {
        StatusCode::Error as i32
    } else {
        0
    };
    assert_eq!(code, expected, "{}", case.name);
}

/// Each outcome has the headers of every layer, a problem when it is a refusal, one log line, one sample and one
/// span, which a server error marks.
#[tokio::test]
async fn every_outcome_passes_every_layer() {
    let (endpoint, spans) = collector().await;
    let mut telemetry = telemetry_config();
    telemetry.endpoint = Some(endpoint);
    let server = server_with(&telemetry).await;
    let mut seen = Vec::new();
    for case in answers(&server).into_iter().chain(refusals(&server)) {
        seen.push(send(&server, case).await);
    }
    check_metrics(&server.metrics().unwrap());
    server.stop().await.unwrap();
    let spans = spans.lock().unwrap();
    assert_eq!(spans.len(), seen.len());
    for (case, span) in seen.iter().zip(spans.iter()) {
        check_span(case, span);
    }
}

fn check_metrics(text: &str) {
    for line in [
        r#"http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="500",http_route="/panic"} 1"#,
        r#"http_server_request_duration_seconds_count{http_request_method="POST",http_response_status_code="413",http_route="/json"} 2"#,
        r#"demo_request_duration_seconds_count{endpoint="/slow",method="GET",status="503"} 1"#,
        r#"http_server_active_requests{http_request_method="GET"} 0"#,
        "demo_active_requests 0",
        "http_server_panics_total 1",
        "http_server_timeouts_total 1",
        r#"http_server_rejected_total{reason="bad_request"} 2"#,
        r#"http_server_rejected_total{reason="body_too_large"} 2"#,
        r#"http_server_rejected_total{reason="method_not_allowed"} 1"#,
        r#"http_server_rejected_total{reason="not_found"} 1"#,
        r#"http_server_rejected_total{reason="too_many_requests"} 0"#,
        r#"http_server_rejected_total{reason="unprocessable"} 1"#,
        r#"http_server_rejected_total{reason="unsupported_media_type"} 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} not in\n{text}");
    }
}
