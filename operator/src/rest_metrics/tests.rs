use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request as AxumRequest;
use axum::response::IntoResponse;
use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use prometheus::Registry;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;

struct Measured {
    client: Client,
    registry: Registry,
    host: String,
}

impl Measured {
    /// A client of what listens at `listener`.
    fn of(listener: &TcpListener) -> Self {
        service_kit::crypto::install_provider();
        let registry = Registry::new();
        let metrics = OperatorMetrics::new(&registry).unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let config = Config::new(format!("http://{host}").parse().unwrap());
        let client = client(config, &metrics, None).unwrap();
        Self {
            client,
            registry,
            host,
        }
    }

    fn config_maps(&self) -> Api<ConfigMap> {
        Api::namespaced(self.client.clone(), "clinic")
    }

    /// The samples, with the host's text replaced: its port is another in every run.
    fn requests(&self) -> Vec<String> {
        let text = String::from_utf8(service_kit::metrics::encode(&self.registry).unwrap()).unwrap();
        text.lines()
            .filter(|line| line.starts_with("rest_client_requests_total{"))
            .map(|line| line.replace(&self.host, "HOST"))
            .collect()
    }
}

/// An API server that knows the ConfigMap `known` and sends the `user-agent` of every request.
async fn api_server() -> (Measured, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let measured = Measured::of(&listener);
    let (agents, seen) = mpsc::unbounded_channel();
    let answer = move |request: AxumRequest| {
        let agent = request.headers()[USER_AGENT].to_str().unwrap().to_owned();
        agents.send(agent).unwrap();
        let known = request.uri().path().ends_with("/known");
        async move { if known { found() } else { missing() } }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    (measured, seen)
}

fn found() -> axum::response::Response {
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "known"}});
    ([(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn missing() -> axum::response::Response {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "not found", "reason": "NotFound", "code": 404,
    });
    (StatusCode::NOT_FOUND, body.to_string()).into_response()
}

#[tokio::test]
async fn requests_are_counted_by_code_and_method() {
    let (measured, _agents) = api_server().await;
    let api = measured.config_maps();
    assert_eq!(measured.requests(), Vec::<String>::new());
    for _ in 0..2 {
        api.get("known").await.unwrap();
    }
    assert!(api.get_opt("other").await.unwrap().is_none());
    let apply = Patch::Apply(json!({"apiVersion": "v1", "kind": "ConfigMap"}));
    api.patch("known", &PatchParams::apply("test"), &apply)
        .await
        .unwrap();
    api.delete("other", &DeleteParams::default()).await.unwrap_err();
    assert_eq!(
        measured.requests(),
        [
            "rest_client_requests_total{code=\"200\",host=\"HOST\",method=\"GET\"} 2",
            "rest_client_requests_total{code=\"200\",host=\"HOST\",method=\"PATCH\"} 1",
            "rest_client_requests_total{code=\"404\",host=\"HOST\",method=\"DELETE\"} 1",
            "rest_client_requests_total{code=\"404\",host=\"HOST\",method=\"GET\"} 1",
        ]
    );
}

#[tokio::test]
async fn the_operator_names_itself() {
    let (measured, mut agents) = api_server().await;
    measured.config_maps().get("known").await.unwrap();
    let expected = format!("healthcare-operator/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(agents.recv().await, Some(expected));
}

/// An API server that answers the first `busy` requests with 429 and `Retry-After: 1`, and sends the time of each.
async fn busy_server(busy: usize) -> (Measured, mpsc::UnboundedReceiver<Instant>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let measured = Measured::of(&listener);
    let (times, seen) = mpsc::unbounded_channel();
    let left = Arc::new(AtomicUsize::new(busy));
    let answer = move || {
        times.send(Instant::now()).unwrap();
        let busy = left
            .fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1))
            .is_ok();
        async move { if busy { too_many() } else { found() } }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    (measured, seen)
}

/// What API Priority and Fairness answers.
fn too_many() -> axum::response::Response {
    let text = "Too many requests, please try again later.\n";
    (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "1")], text).into_response()
}

#[tokio::test]
async fn a_busy_api_server_is_asked_again_when_it_said_and_every_try_counts() {
    let (measured, mut times) = busy_server(2).await;
    measured.config_maps().get("known").await.unwrap();
    let first = times.recv().await.unwrap();
    let second = times.recv().await.unwrap();
    let third = times.recv().await.unwrap();
    assert!(second - first >= Duration::from_secs(1) && third - second >= Duration::from_secs(1));
    assert!(times.try_recv().is_err());
    assert_eq!(
        measured.requests(),
        [
            "rest_client_requests_total{code=\"200\",host=\"HOST\",method=\"GET\"} 1",
            "rest_client_requests_total{code=\"429\",host=\"HOST\",method=\"GET\"} 2",
        ]
    );
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_counts_as_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let measured = Measured::of(&listener);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream);
        }
    });
    measured.config_maps().get("known").await.unwrap_err();
    assert_eq!(
        measured.requests(),
        ["rest_client_requests_total{code=\"<error>\",host=\"HOST\",method=\"GET\"} 1"]
    );
}

#[test]
fn the_host_label_is_host_and_port_and_nothing_secret() {
    let cases = [
        ("https://10.96.0.1", "10.96.0.1"),
        ("https://10.96.0.1:443/", "10.96.0.1:443"),
        ("https://api.example.org:6443/prefix", "api.example.org:6443"),
        ("https://user:secret@api.example.org:6443", "api.example.org:6443"),
        ("https://[fd00::1]:6443", "[fd00::1]:6443"),
    ];
    for (url, label) in cases {
        assert_eq!(host_and_port(&url.parse().unwrap()), label, "{url}");
    }
}
