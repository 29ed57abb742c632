use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::routing::{any, post};
use tokio::net::TcpListener;

use super::{Prometheus, PrometheusError, PrometheusSettings, SettingsError};

mod pods;
mod real;
mod server;

fn settings(url: &str) -> PrometheusSettings {
    PrometheusSettings {
        url: url.to_owned(),
        token_file: None,
        ca_file: None,
        deadline: Duration::from_secs(5),
    }
}

fn client(url: &str) -> Prometheus {
    service_kit::crypto::install_provider();
    Prometheus::new(settings(url)).unwrap()
}

/// Serves until the runtime of the test ends.
async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

const ANSWER: &str = r#"{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}"#;

#[test]
fn urls_that_are_no_base() {
    for (url, expected) in [
        ("prometheus:9090", SettingsError::Malformed),
        ("", SettingsError::Malformed),
        ("ftp://prometheus", SettingsError::Malformed),
        ("http://prometheus/?a=b", SettingsError::NotABase),
        ("http://me:secret@prometheus/", SettingsError::NotABase),
        ("http://prometheus/#top", SettingsError::NotABase),
    ] {
        assert_eq!(super::endpoint(url).unwrap_err(), expected, "{url}");
    }
    for url in ["http://p:9090/prefix", "http://p:9090/prefix/"] {
        assert_eq!(
            super::endpoint(url).unwrap().as_str(),
            "http://p:9090/prefix/api/v1/query"
        );
    }
}

/// A gateway that asks for the token.
#[tokio::test]
async fn the_token_is_read_anew_for_each_query() {
    let answer = |headers: HeaderMap| async move {
        match headers.get("authorization").and_then(|value| value.to_str().ok()) {
            Some("Bearer second") => (StatusCode::OK, ANSWER),
            _ => (StatusCode::UNAUTHORIZED, "who are you?"),
        }
    };
    let address = serve(Router::new().route("/prefix/api/v1/query", post(answer))).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    let write = |path: &Path, token: &str| std::fs::write(path, token).unwrap();
    let client = Prometheus {
        token_file: Some(file.clone()),
        ..client(&format!("http://{address}/prefix"))
    };
    let missing = client.value("up").await.unwrap_err();
    assert!(missing.to_string().contains("token: No such file"), "{missing}");
    write(&file, " \n");
    assert!(matches!(client.value("up").await, Err(PrometheusError::Token(_))));
    write(&file, "two\nlines");
    let broken = client.value("up").await.unwrap_err();
    assert!(!broken.to_string().contains("lines"), "{broken}");
    write(&file, "first\n");
    assert_eq!(
        client.value("up").await,
        Err(PrometheusError::NotPrometheus { status: 401 })
    );
    write(&file, "second\n");
    assert_eq!(client.value("up").await, Ok(Some(7.0)));
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let router = Router::new()
        .route(
            "/api/v1/query",
            any(|| async { Redirect::temporary("/elsewhere") }),
        )
        .route("/elsewhere", any(|| async { ANSWER }));
    let client = client(&format!("http://{}", serve(router).await));
    assert_eq!(
        client.value("up").await,
        Err(PrometheusError::NotPrometheus { status: 307 })
    );
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let endless = || async {
        let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 64 * 1024]));
        axum::body::Body::from_stream(chunks)
    };
    let address = serve(Router::new().route("/api/v1/query", post(endless))).await;
    let most = super::MAX_ANSWER_BYTES;
    assert_eq!(
        client(&format!("http://{address}")).value("up").await,
        Err(PrometheusError::TooLarge { most })
    );
}

/// A body that never ends takes no longer than a head that never comes.
#[tokio::test]
async fn an_answer_that_stops_half_way_is_given_up() {
    let stalled =
        || async { axum::body::Body::from_stream(futures::stream::pending::<std::io::Result<Vec<u8>>>()) };
    let address = serve(Router::new().route("/api/v1/query", post(stalled))).await;
    let deadline = Duration::from_millis(200);
    let client = Prometheus {
        deadline,
        ..client(&format!("http://{address}"))
    };
    assert_eq!(
        client.value("up").await,
        Err(PrometheusError::TimedOut { after: deadline })
    );
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = client(&format!("http://{address}"))
        .value("up")
        .await
        .unwrap_err();
    assert_eq!(
        error,
        PrometheusError::Unreachable("connection refused; does it run?")
    );
    let error = client("http://prometheus.invalid").value("up").await.unwrap_err();
    assert_eq!(error, PrometheusError::Unreachable("its host name is not found"));
}
