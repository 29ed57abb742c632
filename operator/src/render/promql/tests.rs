use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use http::StatusCode;
use service_kit::routing::get;
use service_kit::testing::TestServer;
use service_kit::{BuildInfo, Clock, Context, Routes, Service, ServiceInfo};

use super::*;
use crate::render::monitoring::tests::plan;

#[test]
fn literals_are_quoted() {
    assert_eq!(quote("a\"b\\c\nd"), r#""a\"b\\c\nd""#);
}

#[test]
fn probes_are_known_by_their_own_paths_without_query() {
    let mut plan = plan("{metrics: {path: /internal/metrics}}");
    plan.probes.liveness.path = "/live?full=1".to_owned();
    let paths: Vec<&str> = probe_paths(&plan).into_iter().collect();
    let expected = [
        "/health",
        "/health/live",
        "/health/ready",
        "/internal/metrics",
        "/live",
        "/metrics",
        "/readiness",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn a_rate_is_scoped_to_the_service() {
    assert_eq!(
        request_rate(&plan("{}"), "count", &[&failed()], "5m"),
        "sum by (namespace, job) (rate(http_server_request_duration_seconds_count{namespace=\"clinic\",job=\"records\",\
         http_route!=\"/health\",http_route!=\"/health/live\",http_route!=\"/health/ready\",\
         http_route!=\"/metrics\",http_route!=\"/readiness\",http_response_status_code=~\"5..\"}[5m]))"
    );
}

const INFO: ServiceInfo = ServiceInfo {
    build: BuildInfo {
        service: "demo",
        version: "1.0.0",
    },
    about: "A service for tests",
    metrics_prefix: "demo",
    default_port: 0,
    frameworks: "HIPAA",
    data_classification: "test",
};

/// What a service of this workspace exposes after one failed request and one of each probe.
async fn exposed() -> String {
    let fails = get(|| async { StatusCode::INTERNAL_SERVER_ERROR });
    let routes = Routes::new().public("/fails/{id}", fails);
    let build = |_: &Context| {
        Ok(Service {
            routes,
            ..Service::default()
        })
    };
    let server = TestServer::start(&INFO, Clock::system(), build).await.unwrap();
    for path in PROBE_ROUTES.into_iter().chain(["/fails/1"]) {
        let address = server.address;
        tokio::task::spawn_blocking(move || request(address, path))
            .await
            .unwrap()
            .unwrap();
    }
    let text = server.metrics().unwrap();
    server.stop().await.unwrap();
    text
}

fn request(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut connection = TcpStream::connect(address)?;
    write!(
        connection,
        "GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Metric, labels and bounds, as the rules spell them.
#[tokio::test]
async fn service_kit_exposes_what_the_rules_ask_for() {
    let text = exposed().await;
    let has = |parts: &[&str]| {
        text.lines()
            .any(|line| parts.iter().all(|part| line.contains(part)))
    };
    let count = format!("{REQUEST_DURATION}_count{{");
    assert!(
        has(&[
            &count,
            r#"http_response_status_code="500""#,
            r#"http_route="/fails/{id}""#
        ]),
        "{text}"
    );
    for route in PROBE_ROUTES {
        assert!(
            has(&[&count, &format!("http_route=\"{route}\"")]),
            "{route} is not a route of service-kit: {text}"
        );
    }
    let bucket = format!("{REQUEST_DURATION}_bucket{{");
    for milliseconds in [5, 200, 250, 1000, 2500, 10_000] {
        let bound = format!("le=\"{}\"", decimal::seconds(milliseconds));
        assert!(
            has(&[&bucket, &bound]),
            "{bound} is not a bound of service-kit: {text}"
        );
    }
}

#[test]
fn errors_say_where_what_and_what_to_do() {
    let messages = BTreeMap::from([
        (
            "expression",
            RuleError::Expression {
                field: "spec.observability.alerts.extraRules",
                rule: "Queue".to_owned(),
                problem: "unclosed left parenthesis".to_owned(),
            },
        ),
        (
            "template",
            RuleError::Template {
                field: "spec.x: alert Queue: summary".to_owned(),
                problem: "bad".to_owned(),
            },
        ),
        (
            "label",
            RuleError::ReservedLabel {
                label: "severity".to_owned(),
            },
        ),
    ])
    .into_values()
    .map(|error| error.to_string());
    insta::assert_snapshot!(messages.collect::<Vec<_>>().join("\n"));
}
