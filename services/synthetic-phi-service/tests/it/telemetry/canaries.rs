//! Patient data planted wherever a caller can put it, on every route: it reaches neither logs (at the most talkative
//! level), nor log files, nor spans, nor metrics, nor answers.

use std::path::Path;

use axum::http::Method;
use reqwest::{Client, RequestBuilder};
use serde_json::json;
use service_kit::routing::get;
use service_kit::testing::{TestServer, server_config, telemetry_config};
use service_kit::{Clock, Routes};
use synthetic_phi_service::INFO;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::collector::Collector;
use super::service::Service;

const CANARY: &str = "Jane-Roe-000-12-3456";

/// Headers that callers set, those a proxy would set among them.
const HEADERS: [&str; 22] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "baggage",
    "cookie",
    "forwarded",
    "from",
    "if-none-match",
    "origin",
    "referer",
    "te",
    "traceparent",
    "tracestate",
    "user-agent",
    "via",
    "x-api-key",
    "x-b3-traceid",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-request-id",
];

/// Fails when the text holds the canary in any spelling that a log might give it.
fn clean(what: &str, text: &str) {
    let bytes = format!("{:?}", CANARY.as_bytes());
    let forms = [CANARY.to_lowercase(), bytes.trim_matches(['[', ']']).to_owned()];
    let text = text.to_lowercase();
    for form in forms {
        if let Some(at) = text.find(&form) {
            let around = text.get(at.saturating_sub(300)..(at + 100).min(text.len()));
            panic!("{what} holds the canary: …{}…", around.unwrap_or(&text));
        }
    }
}

/// What the service says it serves, and a path it does not serve.
async fn routes(service: &Service) -> Vec<(Method, String)> {
    let info = service.json("/").await;
    let listed = info["endpoints"].as_array().unwrap().iter().map(|endpoint| {
        let (method, path) = endpoint.as_str().unwrap().split_once(' ').unwrap();
        (
            method.parse().unwrap(),
            path.split('?').next().unwrap().to_owned(),
        )
    });
    let common = ["/health/live", "/health/ready", "/nowhere"].map(|path| (Method::GET, path.to_owned()));
    listed.chain(common).collect()
}

/// Every way of planting the canary in a request for this route.
fn planted(client: &Client, service: &Service, method: &Method, path: &str) -> Vec<RequestBuilder> {
    let plain = |path: &str| client.request(method.clone(), service.url(path));
    let mut all = vec![
        plain(&format!("{path}/{CANARY}")),
        plain(&format!("{path}?seed={CANARY}")),
        plain(&format!("{path}?{CANARY}=1")),
        plain(&format!(
            "{path}?count={CANARY}&format={CANARY}&conditions={CANARY}&sex={CANARY}&age={CANARY}"
        )),
        plain(path).header(CANARY, "1"),
        plain(path).header("host", format!("{CANARY}.example.org")),
        plain(path)
            .header(
                "traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            )
            .header("tracestate", format!("vendor={CANARY}")),
        plain(path).header("cookie", format!("session={CANARY}; {CANARY}=1")),
        plain(path).header("authorization", format!("Bearer {CANARY}")),
        plain(path).json(&json!({"count": CANARY})),
        plain(path).json(&json!({"count": 1, CANARY: 1})),
        plain(path).json(&json!({"count": 1, "seed": CANARY, "format": CANARY, "conditions": [CANARY]})),
        plain(path)
            .header("content-type", "application/json")
            .body(format!("{{\"count\": {CANARY}")),
        plain(path)
            .header("content-type", "application/json")
            .body(format!("\"{CANARY}\"")),
        plain(path).header("content-type", CANARY).body(CANARY),
        plain(path)
            .header("content-type", format!("application/{CANARY}"))
            .body(CANARY),
        plain(path)
            .header("content-type", "application/json")
            .body(CANARY.repeat(100_000)),
        client.request(
            Method::from_bytes(CANARY.to_uppercase().as_bytes()).unwrap(),
            service.url(path),
        ),
        client
            .request(Method::OPTIONS, service.url(path))
            .header("origin", format!("https://{CANARY}.example.org"))
            .header("access-control-request-method", CANARY)
            .header("access-control-request-headers", CANARY),
    ];
    all.extend(HEADERS.iter().map(|name| plain(path).header(*name, CANARY)));
    all
}

async fn send(client: &Client, request: RequestBuilder) {
    let request = request.build().unwrap();
    let told = format!("{} {}", request.method(), request.url().path());
    // A body that is refused may be cut off, and the answer with it.
    let Ok(response) = client.execute(request).await else {
        return;
    };
    clean(&told, &format!("{:?}", response.headers()));
    clean(&told, &response.text().await.unwrap_or_default());
}

/// Requests that no client library would send.
async fn send_broken(service: &Service) {
    let requests = [
        format!("GET /{CANARY} HTTP/9.9\r\nHost: x\r\n\r\n"),
        format!("{CANARY}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: x\r\n{CANARY} no colon\r\n\r\n"),
        format!(
            "GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n",
            CANARY.repeat(40_000)
        ),
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", CANARY.repeat(10_000)),
        format!(
            "POST /synthetic-patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {CANARY}\r\n\r\n{CANARY}"
        ),
        format!(
            "POST /synthetic-patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{CANARY}\r\n"
        ),
        format!(
            "POST /synthetic-patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{CANARY}"
        ),
        format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{CANARY}"),
        format!("GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: {CANARY}\r\n\r\n"),
    ];
    for request in requests {
        let mut stream = TcpStream::connect(service.address).await.unwrap();
        let _cut_off = stream.write_all(request.as_bytes()).await;
        let _cut_off = stream.shutdown().await;
        let mut answer = Vec::new();
        let _cut_off = stream.read_to_end(&mut answer).await;
        let told: String = request.chars().take(30).collect();
        clean(&told, &String::from_utf8_lossy(&answer));
    }
}

#[tokio::test]
async fn canaries_reach_nothing_that_is_kept() {
    let collector = Collector::start();
    let files = tempfile::tempdir().unwrap();
    let file = files.path().join("service.log");
    let service = Service::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint("grpc")),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        // What is meant for the collector is nobody else's business either.
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            &format!("authorization=Bearer {CANARY}"),
        ),
        ("LOG_LEVEL", "trace"),
        ("LOG_FILE", file.to_str().unwrap()),
        ("MAX_BODY_BYTES", "100000"),
    ]);
    let (http1, http2) = (
        Client::new(),
        Client::builder().http2_prior_knowledge().build().unwrap(),
    );
    let mut sent = 0;
    for (method, path) in routes(&service).await {
        for client in [&http1, &http2] {
            for request in planted(client, &service, &method, &path) {
                send(client, request).await;
                sent += 1;
            }
        }
    }
    send_broken(&service).await;
    clean("the metrics", &service.metrics().await);
    let (code, log, _) = service.stop().await;
    assert_eq!(code, Some(0));
    clean("the log", &log);
    clean("the log file", &written(files.path()));
    clean("the spans", &collector.text());
    // One span and one line for each request that HTTP itself did not refuse.
    let spans = collector.spans().iter().filter(|span| span["kind"] == 2).count();
    assert_eq!(log.matches("\"message\":\"request\"").count(), spans);
    assert!(sent > 700 && spans > sent / 10 * 9, "{sent} sent, {spans} spans");
}

/// What handlers say when they panic, and what they log of it, is not repeated either.
#[tokio::test]
async fn a_panic_tells_its_place_only() {
    let collector = Collector::start();
    let mut telemetry = telemetry_config();
    telemetry.endpoint = Some(collector.endpoint("http/protobuf"));
    let panicking = |_: &_| {
        let routes = Routes::new().public("/panic", get(async || -> &'static str { panic!("{CANARY}") }));
        Ok(service_kit::Service {
            routes,
            ..service_kit::Service::default()
        })
    };
    let server = TestServer::start_with(&INFO, Clock::system(), &server_config(), &telemetry, panicking)
        .await
        .unwrap();
    let response = Client::new().get(server.url("/panic")).send().await.unwrap();
    assert_eq!(response.status(), 500);
    clean("the answer", &response.text().await.unwrap());
    clean("the metrics", &server.metrics().unwrap());
    clean("the log", &server.logs.text());
    server.stop().await.unwrap();
    clean("the spans", &collector.text());
    let spans = collector.spans();
    assert_eq!(spans[0]["status"]["code"], 2, "{spans:#?}");
    assert_eq!(spans[0]["attributes"]["error.type"], "500");
}

/// All log files, which must be there.
fn written(directory: &Path) -> String {
    let files: Vec<_> = directory
        .read_dir()
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    std::fs::read_to_string(&files[0]).unwrap()
}
