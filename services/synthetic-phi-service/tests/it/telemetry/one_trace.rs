//! One request seen whole: the caller's span, the server's, its child, and the log lines of both.

use axum::http::HeaderMap;
use reqwest::Client;
use serde_json::{Value, json};
use service_kit::telemetry::{self, OtlpProtocol, TelemetryConfig, propagation};
use service_kit::{BuildInfo, Clock};
use tracing::Instrument;

use super::collector::Collector;
use super::service::{Service, lines};

/// Calls `url` inside a span of its own, which goes to the collector too.
async fn call_traced(url: &str, endpoint: String, protocol: OtlpProtocol) {
    let build = BuildInfo {
        service: "caller",
        version: "1",
    };
    let config = TelemetryConfig {
        endpoint: Some(endpoint),
        protocol,
        ..TelemetryConfig::default()
    };
    let (dispatch, guard) = telemetry::subscriber(&config, &build, &Clock::system(), std::io::sink).unwrap();
    let installed = tracing::dispatcher::set_default(&dispatch);
    let span = tracing::info_span!("GET", otel.kind = "client");
    let call = async {
        let mut headers = HeaderMap::new();
        propagation::inject(&mut headers);
        Client::new().get(url).headers(headers).send().await.unwrap()
    };
    assert_eq!(call.instrument(span).await.status(), 200);
    drop(installed);
    guard.shutdown().await;
}

fn named(spans: &[Value], service: &str, name: &str) -> Value {
    let found: Vec<_> = spans
        .iter()
        .filter(|span| span["name"] == name && span["resource"]["service.name"] == service)
        .collect();
    assert_eq!(found.len(), 1, "{name} of {service} in {spans:#?}");
    found[0].clone()
}

async fn one_trace(name: &str, protocol: OtlpProtocol) {
    let collector = Collector::start();
    let endpoint = collector.endpoint(name);
    let service = Service::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", name),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_SERVICE_NAME", "patients"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "k8s.namespace.name=healthcare,deployment.environment.name=test",
        ),
    ]);
    let url = service.url("/synthetic-patient?seed=7&index=3");
    call_traced(&url, endpoint.clone(), protocol).await;
    let (code, log, _) = service.stop().await;
    assert_eq!(code, Some(0), "{log}");

    let spans = collector.spans();
    let client = named(&spans, "caller", "GET");
    let server = named(&spans, "patients", "GET /synthetic-patient");
    let child = named(&spans, "patients", "generate_single_patient");
    assert_eq!(spans.len(), 3, "{spans:#?}");
    for span in [&server, &child] {
        assert_eq!(span["traceId"], client["traceId"]);
    }
    assert_eq!(client["parentSpanId"], Value::Null);
    assert_eq!(server["parentSpanId"], client["spanId"]);
    assert_eq!(child["parentSpanId"], server["spanId"]);
    // Client, server, internal.
    assert_eq!(
        (&client["kind"], &server["kind"], &child["kind"]),
        (&json!(3), &json!(2), &json!(1))
    );
    check_attributes(&server, &child);
    check_log(&log, &server, &child);
}

fn check_attributes(server: &Value, child: &Value) {
    let expected = json!({
        "http.request.method": "GET",
        "http.method": "GET",
        "http.route": "/synthetic-patient",
        "http.path": "/synthetic-patient",
        "http.response.status_code": "200",
        "http.status_code": "200",
        "network.protocol.version": "1.1",
        "server.address": "synthetic-phi-service",
        "url.scheme": "http",
    });
    let found = server["attributes"].as_object().unwrap();
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(found.get(key), Some(value), "{key} in {server:#}");
    }
    let resource = &server["resource"];
    assert_eq!(resource["k8s.namespace.name"], "healthcare");
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(child["attributes"]["patient_id"], "syn-7-3");
    assert!(child["attributes"]["diagnosis_count"].is_string(), "{child:#}");
    assert_eq!(server["status"], json!({}), "a 200 is no error");
}

fn check_log(log: &str, server: &Value, child: &Value) {
    let lines = lines(log);
    for (message, span) in [("request", server), ("patient generated", child)] {
        let line = lines.iter().find(|line| line["message"] == message).unwrap();
        assert_eq!(line["trace_id"], span["traceId"], "{line}");
        assert_eq!(line["span_id"], span["spanId"], "{line}");
        assert!(
            line["request_id"].is_string() && line["level"] == "INFO",
            "{line}"
        );
    }
    let request = lines.iter().find(|line| line["message"] == "request").unwrap();
    assert!(request["duration_ms"].is_number(), "{request}");
}

#[tokio::test]
async fn one_trace_is_seen_whole_over_http() {
    one_trace("http/protobuf", OtlpProtocol::Http).await;
}

#[tokio::test]
async fn one_trace_is_seen_whole_over_grpc() {
    one_trace("grpc", OtlpProtocol::Grpc).await;
}

/// The caller's decision holds in both directions; without one, the given share of traces is kept, each of them whole.
#[tokio::test]
async fn sampling_follows_the_parent_and_else_the_ratio() {
    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";
    let collector = Collector::start();
    let service = Service::start(&[
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            &collector.endpoint("http/protobuf"),
        ),
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
    ]);
    let client = Client::new();
    let call = |parent: Option<String>| {
        let request = client.get(service.url("/synthetic-patient?seed=1"));
        let request = match parent {
            Some(parent) => request.header("traceparent", parent),
            None => request,
        };
        async move { assert_eq!(request.send().await.unwrap().status(), 200) }
    };
    for _ in 0..20 {
        call(Some(format!("{PARENT}-01"))).await;
        call(Some(format!("{PARENT}-00"))).await;
    }
    for _ in 0..400 {
        call(None).await;
    }
    service.stop().await;
    let spans = collector.spans();
    let (caller, own): (Vec<_>, Vec<_>) = spans
        .iter()
        .partition(|span| span["traceId"] == "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(caller.len(), 20 * 2);
    // 100 expected, with a standard deviation of 8.7.
    assert!((60 * 2..=140 * 2).contains(&own.len()), "{}", own.len());
    for span in own
        .iter()
        .filter(|span| span["name"] == "generate_single_patient")
    {
        assert!(
            own.iter().any(|other| other["spanId"] == span["parentSpanId"]),
            "{span:#}"
        );
    }
}
