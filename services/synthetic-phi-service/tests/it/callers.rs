//! Access tokens, where they are asked for.

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use service_kit::Clock;
use service_kit::auth::{
    Auth, Expectations, Grant, KeySet, Keys, Rules, Signer, SigningKey, TokenKind, VerificationKey, Verifier,
};
use service_kit::testing::TestServer;
use synthetic_phi_service::{INFO, build_for};

use crate::process::{Process, output};

const ISSUER: &str = "https://auth.example.org";
const SECRET: [u8; 32] = [b'a'; 32];
const PATIENTS: [(Method, &str); 3] = [
    (Method::GET, "/synthetic-patient"),
    (Method::POST, "/synthetic-patient"),
    (Method::GET, "/synthetic-patients?count=1"),
];

fn clock() -> Clock {
    Clock::fixed("2026-11-21T12:00:00Z".parse().unwrap())
}

fn auth() -> Auth {
    let expectations = Expectations {
        kind: TokenKind::Access,
        issuer: ISSUER.to_owned(),
        audience: INFO.build.service.to_owned(),
        leeway: std::time::Duration::from_secs(10),
    };
    let key = VerificationKey::hs256(None, &SECRET).unwrap();
    Auth {
        verifier: Verifier::new(expectations, Keys::Fixed(KeySet::from_iter([key])), clock()),
        revocations: None,
        rules: Rules::default(),
    }
}

/// The text of a token of somebody.
fn token(audience: &str, scope: &str) -> String {
    let grant = Grant {
        subject: "portal".to_owned(),
        client_id: "portal".to_owned(),
        audience: vec![audience.to_owned()],
        scopes: vec![scope.to_owned()],
        ..Grant::default()
    };
    let key = SigningKey::hs256(None, &SECRET).unwrap();
    let signed = Signer::new(ISSUER, key, clock()).sign(TokenKind::Access, &grant);
    signed.unwrap().expose().to_owned()
}

async fn ask(server: &TestServer, method: &Method, path: &str, token: Option<&str>) -> Response {
    let request = Client::new().request(method.clone(), server.url(path));
    let request = token.iter().fold(request, RequestBuilder::bearer_auth);
    let request = if *method == Method::POST {
        request.json(&json!({"count": 1}))
    } else {
        request
    };
    request.send().await.unwrap()
}

async fn assert_problem(answer: Response, status: u16, challenge: &str) {
    assert_eq!(answer.status().as_u16(), status);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let told = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert!(told.starts_with("Bearer") && told.contains(challenge), "{told}");
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["status"], status);
}

#[tokio::test]
async fn patients_are_for_callers_with_the_scope() {
    let server = TestServer::start(&INFO, clock(), |context| build_for(Some(auth()), context))
        .await
        .unwrap();
    let right = token(INFO.build.service, "synthetic.read");
    let narrow = token(INFO.build.service, "records.read");
    let elsewhere = token("records", "synthetic.read");
    for (method, path) in &PATIENTS {
        assert_eq!(
            ask(&server, method, path, Some(&right)).await.status(),
            200,
            "{path}"
        );
        assert_problem(ask(&server, method, path, None).await, 401, "").await;
        let refused = ask(&server, method, path, Some(&elsewhere)).await;
        assert_problem(refused, 401, "invalid_token").await;
        let refused = ask(&server, method, path, Some(&narrow)).await;
        assert_problem(refused, 403, "insufficient_scope").await;
    }
    for path in ["/", "/health", "/readiness", "/metrics", "/openapi.json"] {
        assert_eq!(
            ask(&server, &Method::GET, path, None).await.status(),
            200,
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_asks_for_tokens_when_it_knows_an_issuer() {
    let secret = "0123456789abcdef0123456789abcdef";
    let process = Process::start(&[
        ("JWT_ISSUER", ISSUER),
        ("JWT_AUDIENCE", "synthetic-phi-service"),
        ("JWT_ACCESS_SECRET", secret),
        ("SHUTDOWN_DRAIN_DELAY", "0s"),
    ]);
    let answer = reqwest::get(process.url("/synthetic-patient")).await.unwrap();
    assert_eq!(answer.status(), 401);
    process.terminate();
    let (code, logs) = process.end().await;
    assert_eq!(code, Some(0));
    assert!(!logs.contains(secret), "{logs}");
}

#[test]
fn half_of_the_settings_does_not_leave_it_open() {
    let output = output(&[("JWT_AUDIENCE", "synthetic-phi-service")], &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("JWT_ISSUER"), "{said}");
}
