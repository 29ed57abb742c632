//! `POST /oauth2/token`: client authentication and the client credentials grant.

use std::time::Duration;

use service_kit::auth::{Algorithm, Signer, SigningKey};

use super::*;

#[tokio::test]
async fn a_client_gets_a_token_for_itself() {
    let scene = Scene::new().await;
    let secret = scene.client("robot", json!({})).await;
    let answer = scene
        .own_token(("robot", &secret), &[("scope", "records.read")])
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    // RFC 6749, section 5.1.
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("pragma"), "no-cache");
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(
        (&body["expires_in"], &body["scope"]),
        (&json!(900), &json!("records.read"))
    );
    assert!(body.get("refresh_token").is_none());
    // RFC 9068, section 2.
    let token = answer.member("access_token");
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(
        (&header["typ"], &header["alg"]),
        (&json!("at+jwt"), &json!("HS256"))
    );
    let claims = claims(&token);
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&json!(ISSUER), &json!(["records"]))
    );
    assert_eq!(
        (&claims["sub"], &claims["client_id"]),
        (&json!("robot"), &json!("robot"))
    );
    assert_eq!(
        (&claims["scope"], &claims["roles"]),
        (&json!("records.read"), &json!(["robot"]))
    );
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        900
    );
}

#[tokio::test]
async fn secrets_may_come_in_the_header_or_the_body_but_not_in_both() {
    let scene = Scene::new().await;
    let secret = scene.client("robot", json!({})).await;
    let body = [
        ("grant_type", "client_credentials"),
        ("client_id", "robot"),
        ("client_secret", secret.as_str()),
    ];
    assert_eq!(scene.public_form("/oauth2/token", &body).await.status, 200);
    let both = scene.form("/oauth2/token", ("robot", &secret), &body).await;
    assert_eq!(
        (both.status, both.member("error")),
        (400, "invalid_request".to_owned())
    );
}

/// RFC 6749, section 5.2.
#[tokio::test]
async fn refusals_are_those_of_the_rfc() {
    let scene = Scene::new().await;
    let secret = scene
        .client("robot", json!({"grants": ["client_credentials"]}))
        .await;
    let robot = ("robot", secret.as_str());
    for (pairs, error) in [
        (vec![], "invalid_request"),
        (vec![("grant_type", "password")], "unsupported_grant_type"),
        (vec![("grant_type", "authorization_code")], "invalid_request"),
        (
            vec![("grant_type", "refresh_token"), ("refresh_token", "x")],
            "unauthorized_client",
        ),
        (
            vec![("grant_type", "client_credentials"), ("scope", "admin")],
            "invalid_scope",
        ),
        (
            vec![("grant_type", "client_credentials"), ("scope", "a\"b")],
            "invalid_scope",
        ),
        (
            vec![("grant_type", "client_credentials"), ("audience", "other")],
            "invalid_target",
        ),
        (
            vec![
                ("grant_type", "client_credentials"),
                ("grant_type", "client_credentials"),
            ],
            "invalid_request",
        ),
    ] {
        let answer = scene.form("/oauth2/token", robot, &pairs).await;
        assert_eq!(
            (answer.status, answer.member("error")),
            (400, error.to_owned()),
            "{pairs:?}"
        );
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let refused = scene.audited("request_refused");
    let unknown = scene.own_token(("nobody", "x"), &[]).await;
    let wrong = scene.own_token(("robot", "x"), &[]).await;
    for answer in [&unknown, &wrong] {
        assert_eq!(
            (answer.status, answer.member("error")),
            (401, "invalid_client".to_owned())
        );
        assert!(answer.header("www-authenticate").starts_with("Basic "));
    }
    // Nobody learns which clients there are.
    assert_eq!(unknown.text, wrong.text);
    assert_eq!(scene.audited("request_refused"), refused + 2);
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused() {
    let scene = Scene::new().await;
    let json = scene
        .post("/oauth2/token")
        .json(&json!({"grant_type": "client_credentials"}));
    let answer = scene.send(json).await;
    assert_eq!(
        (answer.status, answer.member("error")),
        (400, "invalid_request".to_owned())
    );
    // What is no OAuth request gets the problem of the platform.
    let answer = scene.send(scene.get("/oauth2/token")).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn a_disabled_client_gets_nothing() {
    let scene = Scene::new().await;
    let secret = scene.client("robot", json!({})).await;
    assert_eq!(
        scene
            .admin("DELETE", "/admin/clients/robot", None, &[])
            .await
            .status,
        204
    );
    assert_eq!(scene.own_token(("robot", &secret), &[]).await.status, 401);
}

/// RFC 7523, section 3; SMART App Launch 2.2, backend services.
#[tokio::test]
async fn an_assertion_is_good_for_once() {
    let scene = Scene::new().await;
    let pkcs8 = auth_service::domain::keys::generate::pkcs8(Algorithm::Es256).unwrap();
    let key = SigningKey::from_pkcs8(Algorithm::Es256, secrecy::ExposeSecret::expose_secret(&pkcs8)).unwrap();
    let jwks = json!({"keys": [key.public().unwrap()]});
    let change = json!({"authentication": "private_key_jwt", "jwks": jwks, "grants": ["client_credentials"]});
    scene.client("backend", change).await;
    let signer = Signer::new("backend", key, Clock::fixed(noon()));
    let assertion = |jti: &str, lifetime: i64, audience: &str| {
        let claims = json!({
            "iss": "backend", "sub": "backend", "aud": audience, "jti": jti,
            "exp": noon().as_second() + lifetime,
        });
        let text = signer.sign_claims(claims.as_object().unwrap()).unwrap();
        secrecy::ExposeSecret::expose_secret(&text).to_owned()
    };
    let send = async |assertion: String| {
        let pairs = [
            ("grant_type", "client_credentials"),
            ("scope", "system/Observation.rs"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion.as_str()),
        ];
        scene.public_form("/oauth2/token", &pairs).await
    };
    let endpoint = format!("{ISSUER}/oauth2/token");
    let first = send(assertion("1", 300, &endpoint)).await;
    assert_eq!(
        (first.status, first.member("scope")),
        (200, "system/Observation.rs".to_owned()),
        "{first:?}"
    );
    assert_eq!(send(assertion("1", 300, &endpoint)).await.status, 401);
    assert_eq!(send(assertion("2", 300, ISSUER)).await.status, 200);
    assert_eq!(send(assertion("3", 600, &endpoint)).await.status, 401);
    assert_eq!(
        send(assertion("4", 300, "https://other.example.org"))
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn what_is_asked_for_is_counted() {
    let scene = Scene::new().await;
    let secret = scene.client("robot", json!({})).await;
    let count = |series: &str| -> u64 {
        let metrics = scene.server.metrics().unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix(series));
        line.unwrap_or_else(|| panic!("{series} is not in {metrics}"))
            .trim()
            .parse()
            .unwrap()
    };
    let refused = "auth_tokens_issued_total{grant=\"client_credentials\",result=\"refused\"}";
    let issued = "auth_tokens_issued_total{grant=\"client_credentials\",result=\"issued\"}";
    let before = (count(refused), count(issued));
    scene.own_token(("robot", &secret), &[("scope", "admin")]).await;
    let token = scene
        .own_token(("robot", &secret), &[])
        .await
        .member("access_token");
    assert_eq!((count(refused), count(issued)), (before.0 + 1, before.1 + 1));
    scene.introspect(("robot", &secret), &token).await;
    scene.introspect(("robot", &secret), "x").await;
    for (series, expected) in [
        ("auth_introspections_total{result=\"active\"}", 1),
        ("auth_introspections_total{result=\"inactive\"}", 1),
        (
            "auth_tokens_issued_total{grant=\"refresh_token\",result=\"issued\"}",
            0,
        ),
        ("auth_active_requests", 0),
    ] {
        assert_eq!(count(series), expected, "{series}");
    }
    let metrics = scene.server.metrics().unwrap();
    assert!(metrics.contains("auth_request_duration_seconds_bucket{endpoint=\"/oauth2/token\""));
}

/// Requests that nobody waits for: PostgreSQL goes away, and comes back.
#[tokio::test]
async fn without_postgresql_there_is_no_token_and_afterwards_there_is() {
    let postgres = Arc::new(Postgres::start().unwrap());
    let url = postgres.database().unwrap();
    let (clock, hand) = Clock::manual(noon());
    let options = Options {
        patience: Duration::from_secs(2),
        ..Options::default()
    };
    let scene = Scene::start(postgres, url, clock, hand, options).await;
    // The test servers sync nothing by themselves.
    scene.sql("CHECKPOINT");
    scene.postgres.kill().unwrap();
    let answer = scene.own_token(ADMIN, &[]).await;
    assert_eq!(
        (answer.status, answer.member("error")),
        (503, "temporarily_unavailable".to_owned())
    );
    assert_eq!(answer.header("retry-after"), "1");
    let readiness = scene.send(scene.get("/readiness")).await;
    assert_eq!(readiness.status, 503, "{readiness:?}");
    scene.postgres.restart().unwrap();
    let mut last = answer;
    for _ in 0..500 {
        last = scene.own_token(ADMIN, &[]).await;
        if last.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("PostgreSQL is back: {last:?}\n{}", scene.server.logs.text());
}
