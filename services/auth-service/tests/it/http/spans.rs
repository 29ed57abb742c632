//! The spans that a collector gets: their names, and nothing that is secret.

use std::sync::Mutex;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;

use super::*;

type Received = Arc<Mutex<Vec<u8>>>;

/// Keeps what it is sent (OTLP over HTTP, protobuf: names are in it as they are); where it is.
async fn collector(received: Received) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let take = |State(received): State<Received>, body: Bytes| async move {
        received.lock().unwrap().extend_from_slice(&body);
    };
    let router = Router::new().route("/v1/traces", post(take)).with_state(received);
    tokio::spawn(async { axum::serve(listener, router).await });
    format!("http://{address}/v1/traces")
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

#[tokio::test]
async fn each_step_has_its_span_and_none_tells_a_secret() {
    let received = Received::default();
    let telemetry = service_kit::telemetry::TelemetryConfig {
        traces_endpoint: Some(collector(Arc::clone(&received)).await),
        ..telemetry_config()
    };
    let scene = Scene::with(Options {
        telemetry,
        ..Options::default()
    })
    .await;
    let secret = scene.client("portal", json!({})).await;
    let portal = ("portal", secret.as_str());
    scene.user("alice.canary").await;
    let code = scene.code(&query("portal", "records.read"), "alice.canary").await;
    let answer = scene.form("/oauth2/token", portal, &redemption(&code)).await;
    let tokens = ["access_token", "refresh_token"].map(|name| answer.member(name));
    scene.introspect(portal, &tokens[0]).await;
    scene
        .form("/oauth2/revoke", portal, &[("token", &tokens[1])])
        .await;
    scene.server.stop().await.unwrap();
    let spans = received.lock().unwrap();
    for name in [
        "issue_token",
        "introspect_token",
        "verify_client",
        "hash_password",
        "revoke_token",
    ] {
        assert!(holds(&spans, name), "no {name}");
    }
    assert!(holds(&spans, "POST /oauth2/token"));
    let signatures = tokens.iter().map(|token| token.rsplit('.').next().unwrap());
    for secret in signatures.chain([
        code.as_str(),
        &secret,
        PASSWORD,
        ADMIN.1,
        VERIFIER,
        "alice.canary",
    ]) {
        assert!(!holds(&spans, secret), "{secret} is in a span");
    }
}
