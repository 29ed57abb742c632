use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message;
use reqwest::Client;
use tokio::net::TcpListener;

use super::{INFO, demo, request_lines};
use crate::Clock;
use crate::testing::{TestServer, server_config, telemetry_config};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// A collector that keeps the spans it is sent.
pub(super) async fn collector() -> (String, Arc<Mutex<Vec<Span>>>) {
    let spans = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&spans);
    let receive = move |body: Bytes| async move {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        let received = request
            .resource_spans
            .into_iter()
            .flat_map(|r| r.scope_spans)
            .flat_map(|s| s.spans);
        kept.lock().unwrap().extend(received);
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/traces", post(receive));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (endpoint, spans)
}

async fn traced(endpoint: String) -> TestServer {
    let mut telemetry = telemetry_config();
    telemetry.endpoint = Some(endpoint);
    let mut config = server_config();
    config.request_timeout = std::time::Duration::from_millis(50);
    TestServer::start_with(&INFO, Clock::system(), &config, &telemetry, |_| Ok(demo()))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_request_is_one_span_of_the_callers_trace() {
    let (endpoint, spans) = collector().await;
    let server = traced(endpoint).await;
    for path in ["/items/4711", "/panic", "/nowhere"] {
        let request = Client::new()
            .get(server.url(path))
            .header("traceparent", format!("00-{TRACE}-{PARENT}-01"));
        request.send().await.unwrap();
    }
    let lines = request_lines(&server);
    server.stop().await.unwrap();

    let spans = spans.lock().unwrap();
    let names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["GET /items/{id}", "GET /panic", "_OTHER unmatched"]);
    for (span, line) in spans.iter().zip(&lines) {
        assert_eq!(hex(&span.trace_id), TRACE);
        assert_eq!(hex(&span.parent_span_id), PARENT);
        assert_eq!(line["trace_id"], TRACE);
        assert_eq!(line["span_id"], hex(&span.span_id));
    }
    let codes: Vec<i32> = spans
        .iter()
        .map(|span| span.status.as_ref().map_or(0, |status| status.code))
        .collect();
    assert_eq!(codes, [0, StatusCode::Error as i32, 0]);
    let attributes: Vec<&str> = spans[0]
        .attributes
        .iter()
        .map(|attribute| attribute.key.as_str())
        .collect();
    for key in [
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "http.method",
        "http.path",
        "http.status_code",
    ] {
        assert!(attributes.contains(&key), "{key} not in {attributes:?}");
    }
}

#[tokio::test]
async fn a_dead_collector_costs_a_counter_and_nothing_else() {
    // A port that nobody listens on any more.
    let gone = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let server = traced(format!("http://{gone}")).await;
    let registry = server.registry.clone();
    for _ in 0..10 {
        assert_eq!(
            Client::new()
                .get(server.url("/ok"))
                .send()
                .await
                .unwrap()
                .status(),
            200
        );
    }
    server.stop().await.unwrap();
    let text = String::from_utf8(crate::metrics::encode(&registry).unwrap()).unwrap();
    assert!(text.contains("telemetry_spans_dropped_total 10"), "{text}");
}

/// A collector that takes connections and never answers must not hold the shutdown.
#[tokio::test]
async fn a_silent_collector_does_not_hold_the_shutdown() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = traced(format!("http://{}", silent.local_addr().unwrap())).await;
    Client::new().get(server.url("/ok")).send().await.unwrap();
    // Far above the two seconds allowed, far below the exporter's own patience with its retries.
    tokio::time::timeout(std::time::Duration::from_secs(8), server.stop())
        .await
        .unwrap()
        .unwrap();
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
