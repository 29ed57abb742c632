//! Signing keys: next, active, retired; published before they are used.

use std::time::{Duration, Instant};

use service_kit::auth::{Expectations, Jwks, JwksSettings, Keys, TokenKind, Verifier};

use super::*;

fn kids(jwks: &Value) -> Vec<String> {
    let keys = jwks["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn published(scene: &Scene) -> Vec<String> {
    kids(&scene.send(scene.get("/.well-known/jwks.json")).await.json())
}

/// Until a condition holds; the tasks look each second.
async fn until<F: Future<Output = bool>>(condition: impl Fn() -> F) {
    for _ in 0..500 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not come to that");
}

#[tokio::test]
async fn a_new_key_is_published_before_it_signs_and_the_old_one_after() {
    let scene = Scene::with(Options::keys(Algorithm::Es256)).await;
    let first = kid(&scene.admin_token().await);
    assert_eq!(published(&scene).await, std::slice::from_ref(&first));
    let old = scene.admin_token().await;
    assert_eq!(
        scene.admin("POST", "/admin/keys/rotate", None, &[]).await.status,
        204
    );
    let shown = published(&scene).await;
    assert_eq!(shown.len(), 2);
    // Not used yet.
    assert_eq!(kid(&scene.admin_token().await), first);
    scene.advance(15 * 60);
    until(|| async { kid(&scene.admin_token().await) != first }).await;
    let second = kid(&scene.admin_token().await);
    assert!(shown.contains(&second));
    assert_eq!(published(&scene).await.len(), 2);
    assert!(!old.is_empty());
    scene.advance(20 * 60);
    until(|| async { published(&scene).await == std::slice::from_ref(&second) }).await;
    for (change, count) in [("added", 2), ("activated", 2), ("retired", 1), ("removed", 1)] {
        let sql = format!(
            "SELECT count(*) FROM audit_entry WHERE canonical::json -> 'event' ->> 'change' = '{change}' \
                           AND canonical::json -> 'event' ->> 'type' = 'key_changed'"
        );
        // The set is what it is by the clock; the record follows when the key is taken out.
        until(|| async { scene.sql(&sql).trim() == count.to_string() }).await;
    }
}

#[tokio::test]
async fn a_withdrawn_key_is_of_no_use_at_once() {
    let scene = Scene::with(Options::keys(Algorithm::EdDsa)).await;
    let token = scene.admin_token().await;
    let bad = kid(&token);
    let path = format!("/admin/keys/rotate?withdraw={bad}");
    assert_eq!(scene.admin("POST", &path, None, &[]).await.status, 204);
    assert!(!published(&scene).await.contains(&bad));
    let refused = scene.send(scene.get("/admin/clients").bearer_auth(&token)).await;
    assert_eq!(refused.status, 401);
    let fresh = scene.admin_token().await;
    assert_ne!(kid(&fresh), bad);
    assert_eq!(
        scene
            .send(scene.get("/admin/clients").bearer_auth(&fresh))
            .await
            .status,
        200
    );
}

/// The others look each second; one that is asked about a token of a key it does not know looks at once. Without, it would call
/// the token inactive, and say that it took back what it did not.
#[tokio::test]
async fn a_token_of_a_key_that_another_replica_just_made_is_known_and_can_be_revoked() {
    let options = || Options::keys(Algorithm::Es256);
    let scene = Scene::with(options()).await;
    let two = scene.replica(Clock::fixed(noon()), options()).await;
    let secret = scene.client("robot", json!({})).await;
    let robot = ("robot", secret.as_str());
    for _ in 0..4 {
        let old = kid(&scene.admin_token().await);
        let path = format!("/admin/keys/rotate?withdraw={old}");
        let mut tokens = Vec::new();
        assert_eq!(scene.admin("POST", &path, None, &[]).await.status, 204);
        for _ in 0..2 {
            tokens.push(scene.own_token(robot, &[]).await.member("access_token"));
        }
        assert_ne!(kid(&tokens[0]), old);
        let revoked = two.form("/oauth2/revoke", robot, &[("token", &tokens[0])]).await;
        assert_eq!(revoked.status, 200);
        for replica in [&scene, &two] {
            assert_eq!(replica.introspect(robot, &tokens[0]).await["active"], false);
            assert_eq!(replica.introspect(robot, &tokens[1]).await["active"], true);
        }
    }
}

/// Before it has read any key, a replica cannot tell whose a token is.
#[tokio::test]
async fn before_the_keys_are_read_no_token_is_called_bad() {
    let scene = Scene::with(Options::keys(Algorithm::Es256)).await;
    let token = scene.admin_token().await;
    let mut options = Options::keys(Algorithm::Es256);
    options.patience = Duration::from_millis(200);
    let settings = settings("postgres://app@127.0.0.1:1/auth", options);
    let build = |context: &service_kit::Context| build(settings, context);
    let cut_off = TestServer::start(&INFO, Clock::fixed(noon()), build)
        .await
        .unwrap();
    for (path, token, status) in [
        ("/verify", token.as_str(), 503),
        ("/admin/clients", token.as_str(), 503),
        ("/verify", "x.y.z", 401),
    ] {
        let request = reqwest::Client::new().get(cut_off.url(path)).bearer_auth(token);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers().contains_key("retry-after"), status == 503);
    }
}

/// A secret has no public half.
#[tokio::test]
async fn with_a_secret_the_set_is_empty_and_nothing_rotates() {
    let scene = Scene::new().await;
    assert_eq!(published(&scene).await, Vec::<String>::new());
    assert_eq!(
        scene.admin("POST", "/admin/keys/rotate", None, &[]).await.status,
        409
    );
}

/// Replicas share the keys, and whichever comes first makes them.
#[tokio::test]
async fn replicas_have_the_same_keys() {
    let scene = Scene::with(Options::keys(Algorithm::Es256)).await;
    let two = scene
        .replica(Clock::fixed(noon()), Options::keys(Algorithm::Es256))
        .await;
    assert_eq!(kid(&scene.admin_token().await), kid(&two.admin_token().await));
    assert_eq!(published(&two).await.len(), 1);
    let token = scene.admin_token().await;
    assert_eq!(
        two.send(two.get("/admin/clients").bearer_auth(&token))
            .await
            .status,
        200
    );
}

/// A key every two seconds, by the machine's clock. A client that keeps the set for as long as it may verifies every token,
/// the old ones too.
#[tokio::test]
async fn keys_that_change_every_two_seconds_fail_nobody() {
    let rules = KeyRules {
        publish_before: SignedDuration::from_secs(2),
        active_for: SignedDuration::from_secs(2),
        publish_after: SignedDuration::from_secs(900),
    };
    let options = Options {
        keys: Some(key_settings(Algorithm::Es256, rules)),
        has_secret: false,
        ..Options::default()
    };
    let postgres = SERVER.get(Postgres::start).unwrap();
    let url = postgres.database().unwrap();
    let (_, hand) = Clock::manual(noon());
    let scene = Scene::start(postgres, url, Clock::system(), hand, options).await;
    let answer = scene.send(scene.get("/.well-known/jwks.json")).await;
    assert_eq!(answer.header("cache-control"), "public, max-age=1");
    let caching = JwksSettings {
        max_age: Duration::from_secs(1),
        min_interval: Duration::from_millis(500),
        ..JwksSettings::default()
    };
    let url = scene.server.url("/.well-known/jwks.json");
    let jwks = Jwks::from_url(&url, None, caching, Clock::system()).unwrap();
    let expectations = Expectations {
        kind: TokenKind::Access,
        issuer: ISSUER.to_owned(),
        audience: "auth-service".to_owned(),
        leeway: Duration::from_secs(10),
    };
    let verifier = Verifier::new(expectations, Keys::Jwks(jwks), Clock::system());
    let (mut tokens, mut used) = (Vec::new(), std::collections::BTreeSet::new());
    let started = Instant::now();
    while used.len() < 4 {
        assert!(started.elapsed() < Duration::from_mins(1), "{used:?}");
        let token = scene.admin_token().await;
        used.insert(kid(&token));
        assert!(verifier.verify(&token).await.is_ok(), "{} keys", used.len());
        tokens.push(token);
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    for token in &tokens {
        assert!(verifier.verify(token).await.is_ok());
    }
}

/// Who loses the key that seals the others loses the others, and is told.
#[tokio::test]
async fn another_sealing_key_opens_nothing_and_readiness_says_so() {
    let scene = Scene::with(Options::keys(Algorithm::Es256)).await;
    let mut options = Options::keys(Algorithm::Es256);
    options.keys = Some(KeySettings {
        sealing: KeyEncryptionKey::new(&[8; 32]).unwrap(),
        ..key_settings(Algorithm::Es256, KeyRules::default())
    });
    let settings = settings(&scene.url, options);
    let build = |context: &service_kit::Context| build(settings, context);
    let lost = TestServer::start(&INFO, Clock::fixed(noon()), build)
        .await
        .unwrap();
    until(|| async {
        let answer = reqwest::get(lost.url("/readiness")).await.unwrap();
        let text = answer.text().await.unwrap();
        text.contains("KEY_ENCRYPTION_KEY_FILE") && lost.logs.text().contains("a signing key cannot be used")
    })
    .await;
}
