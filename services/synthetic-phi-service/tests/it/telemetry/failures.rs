//! A collector that dies, returns, or never answers.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Client;
use serde_json::json;

use super::collector::Collector;
use super::service::{Service, until};

const DROPPED: &str = "telemetry_spans_dropped_total";

/// Calls the service until told to stop; every answer must be a 200.
async fn load(service: &Service, stop: &AtomicBool, sent: &AtomicU64) {
    let client = Client::new();
    while !stop.load(Ordering::Relaxed) {
        let answer = client
            .get(service.url("/synthetic-patient?seed=1"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        sent.fetch_add(1, Ordering::Relaxed);
    }
}

/// Under load: no request fails, readiness says what is lost and then that nothing is any more, and every span is either
/// in the collector's file or in the counter.
async fn killed_and_restarted(protocol: &str) {
    let mut collector = Collector::start();
    let service = Service::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint(protocol)),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("HEALTH_CACHE_TTL", "1ms"),
        ("LOG_LEVEL", "warn,service_kit=info"),
    ]);
    let (stop, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let tracing = async || service.json("/readiness").await["checks"]["tracing"].to_string();
    let story = async {
        until("spans arrive", async || !collector.text().is_empty()).await;
        // A machine that is busy with other things may have lost some already.
        until("readiness is whole", async || tracing().await == "\"ready\"").await;
        collector.kill();
        until("readiness tells", async || tracing().await.contains("degraded: ")).await;
        until("the detailed report tells", async || {
            service.json("/health/ready").await["status"] == "DEGRADED"
        })
        .await;
        assert!(service.counter(DROPPED).await > 0);
        collector.restart();
        let before = collector.text().len();
        until("spans arrive again", async || collector.text().len() > before).await;
        until("readiness is whole again", async || {
            tracing().await == "\"ready\""
        })
        .await;
        stop.store(true, Ordering::Relaxed);
        // Nothing is lost any more.
        service.counter(DROPPED).await
    };
    let (dropped, ()) = tokio::join!(story, load(&service, &stop, &sent));
    let (code, log, _) = service.stop().await;
    assert_eq!(code, Some(0));
    for told in [
        "spans did not reach the collector\"",
        "spans reach the collector again",
    ] {
        assert_eq!(log.matches(told).count(), 1, "{told}: {log}");
    }

    let spans = collector.spans();
    let of_load: BTreeSet<_> = spans
        .iter()
        .filter(|span| {
            ["GET /synthetic-patient", "generate_single_patient"].contains(&span["name"].as_str().unwrap())
        })
        .map(|span| span["spanId"].as_str().unwrap())
        .collect();
    let missing = 2 * sent.load(Ordering::Relaxed) - u64::try_from(of_load.len()).unwrap();
    assert!(missing > 0, "the collector was gone, but nothing is missing");
    // Spans of probes may be among the dropped ones; a batch that arrived, but was not acknowledged, is in both.
    assert!(missing <= dropped, "{missing} missing, {dropped} counted");
}

#[tokio::test]
async fn a_collector_that_is_killed_and_restarted_over_http() {
    killed_and_restarted("http/protobuf").await;
}

#[tokio::test]
async fn a_collector_that_is_killed_and_restarted_over_grpc() {
    killed_and_restarted("grpc").await;
}

/// Takes connections, never answers.
async fn black_hole(protocol: &str) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let service = Service::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("LOG_LEVEL", "warn,service_kit::run=info"),
    ]);
    let (stop, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let story = async {
        // More than may wait.
        until("the queue is full", async || service.counter(DROPPED).await > 100).await;
        stop.store(true, Ordering::Relaxed);
    };
    tokio::join!(story, load(&service, &stop, &sent));
    assert_eq!(service.json("/readiness").await["ready"], json!(true));
    let (code, log, took) = service.stop().await;
    assert_eq!(code, Some(0), "{log}");
    // Two seconds are allowed; the exporter itself would be patient for ten.
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert!(
        log.contains("spans did not reach the collector before the end"),
        "{log}"
    );
}

#[tokio::test]
async fn a_collector_that_never_answers_over_http() {
    black_hole("http/protobuf").await;
}

#[tokio::test]
async fn a_collector_that_never_answers_over_grpc() {
    black_hole("grpc").await;
}

#[tokio::test]
async fn without_an_endpoint_nothing_is_sent_and_nothing_is_lost() {
    let service = Service::start(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
    for _ in 0..10 {
        Client::new().get(service.url("/")).send().await.unwrap();
    }
    assert_eq!(service.counter(DROPPED).await, 0);
    let (_, log, _) = service.stop().await;
    assert_eq!(
        log.matches("\"trace_id\":").count(),
        10,
        "ids are there all the same: {log}"
    );
}
