//! `POST /oauth2/revoke` (RFC 7009), seen by all replicas.

use std::time::{Duration, Instant};

use service_kit::redis::{RedisConfig, RedisSettings};
use service_kit::testing::Redis;

use super::*;

/// How soon all replicas must know.
const SOON: Duration = Duration::from_secs(1);

async fn logged_in(scene: &Scene) -> (String, Value) {
    let secret = scene.client("portal", json!({})).await;
    scene.user("alice").await;
    let tokens = scene
        .tokens(("portal", &secret), &query("portal", "records.read"), "alice")
        .await;
    (secret, tokens)
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

#[tokio::test]
async fn a_refresh_token_takes_all_of_its_login_with_it() {
    let scene = Scene::new().await;
    let (secret, tokens) = logged_in(&scene).await;
    let portal = ("portal", secret.as_str());
    let next = scene.refresh(portal, text(&tokens, "refresh_token")).await.json();
    let answer = scene
        .form(
            "/oauth2/revoke",
            portal,
            &[("token", text(&next, "refresh_token"))],
        )
        .await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    for tokens in [&tokens, &next] {
        let told = scene.introspect(portal, text(tokens, "access_token")).await;
        assert_eq!(told, json!({"active": false}));
        let told = scene.introspect(portal, text(tokens, "refresh_token")).await;
        assert_eq!(told, json!({"active": false}));
        assert_eq!(
            scene.refresh(portal, text(tokens, "refresh_token")).await.status,
            400
        );
    }
    assert_eq!(scene.audited("family_revoked"), 1);
    // Once more is no mistake (section 2.2).
    let again = scene
        .form(
            "/oauth2/revoke",
            portal,
            &[("token", text(&next, "refresh_token"))],
        )
        .await;
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn an_access_token_goes_alone() {
    let scene = Scene::new().await;
    let (secret, tokens) = logged_in(&scene).await;
    let portal = ("portal", secret.as_str());
    let pairs = [
        ("token", text(&tokens, "access_token")),
        ("token_type_hint", "access_token"),
    ];
    assert_eq!(scene.form("/oauth2/revoke", portal, &pairs).await.status, 200);
    let told = scene.introspect(portal, text(&tokens, "access_token")).await;
    assert_eq!(told, json!({"active": false}));
    assert_eq!(
        scene.refresh(portal, text(&tokens, "refresh_token")).await.status,
        200
    );
    assert_eq!(scene.audited("token_revoked"), 1);
}

#[tokio::test]
async fn what_is_not_known_is_gone_and_what_is_anothers_stays() {
    let scene = Scene::new().await;
    let (secret, tokens) = logged_in(&scene).await;
    let other = scene.client("other", json!({})).await;
    for token in ["nonsense", "a.b.c"] {
        let answer = scene
            .form("/oauth2/revoke", ("portal", &secret), &[("token", token)])
            .await;
        assert_eq!(answer.status, 200, "{token}");
    }
    let pairs = [("token", text(&tokens, "refresh_token"))];
    let answer = scene.form("/oauth2/revoke", ("other", &other), &pairs).await;
    assert_eq!(
        (answer.status, answer.member("error")),
        (400, "invalid_grant".to_owned())
    );
    let wrong = scene.form("/oauth2/revoke", ("portal", "wrong"), &pairs).await;
    assert_eq!(
        (wrong.status, wrong.member("error")),
        (401, "invalid_client".to_owned())
    );
    assert_eq!(
        scene
            .refresh(("portal", &secret), text(&tokens, "refresh_token"))
            .await
            .status,
        200
    );
}

/// Two replicas by the machine's clock: what one takes back the other refuses within a second.
async fn seen_by_another(options: impl Fn() -> Options) {
    let postgres = SERVER.get(Postgres::start).unwrap();
    let url = postgres.database().unwrap();
    let (_, hand) = Clock::manual(noon());
    let one = Scene::start(postgres, url, Clock::system(), hand, options()).await;
    let two = one.replica(Clock::system(), options()).await;
    let (secret, tokens) = logged_in(&one).await;
    let portal = ("portal", secret.as_str());
    let access = text(&tokens, "access_token");
    assert_eq!(two.introspect(portal, access).await["active"], true);
    let pairs = [("token", text(&tokens, "refresh_token"))];
    assert_eq!(one.form("/oauth2/revoke", portal, &pairs).await.status, 200);
    let revoked = Instant::now();
    assert_eq!(one.introspect(portal, access).await["active"], false);
    while two.introspect(portal, access).await["active"] == true {
        assert!(revoked.elapsed() < SOON, "not seen in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(
        two.refresh(portal, text(&tokens, "refresh_token")).await.status,
        400
    );
}

#[tokio::test]
async fn another_replica_sees_it_by_postgresql() {
    seen_by_another(Options::default).await;
}

fn with_redis(url: &str) -> Options {
    let mut options = Options::default();
    let settings = RedisSettings::new(url).unwrap();
    options.config.rate_limit.redis = RedisConfig {
        redis: Some(settings.with_deadline(Duration::from_millis(500))),
    };
    options
}

#[tokio::test]
async fn another_replica_sees_it_by_redis() {
    let redis = Redis::start().unwrap();
    let url = redis.database();
    seen_by_another(|| with_redis(&url)).await;
}

/// PostgreSQL knows all of it.
#[tokio::test]
async fn without_redis_nothing_is_lost() {
    let redis = Redis::start().unwrap();
    let url = redis.database();
    let scene = Scene::with(with_redis(&url)).await;
    let (secret, tokens) = logged_in(&scene).await;
    let portal = ("portal", secret.as_str());
    redis.kill().unwrap();
    let pairs = [("token", text(&tokens, "refresh_token"))];
    assert_eq!(scene.form("/oauth2/revoke", portal, &pairs).await.status, 200);
    let replica = scene.replica(Clock::fixed(noon()), with_redis(&url)).await;
    let told = replica.introspect(portal, text(&tokens, "access_token")).await;
    assert_eq!(told, json!({"active": false}));
}

/// By its clock the token is not valid yet, or not any more; by another replica's it is.
#[tokio::test]
async fn a_replica_whose_clock_is_wrong_revokes_all_the_same() {
    let scene = Scene::new().await;
    let secret = scene.client("portal", json!({})).await;
    let portal = ("portal", secret.as_str());
    for minutes in [-5, 16] {
        let token = scene.own_token(portal, &[]).await.member("access_token");
        let wrong = Clock::fixed(noon() + SignedDuration::from_mins(minutes));
        let replica = scene.replica(wrong, Options::default()).await;
        let answer = replica.form("/oauth2/revoke", portal, &[("token", &token)]).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let told = scene.introspect(portal, &token).await;
        assert_eq!(told, json!({"active": false}), "{minutes}");
    }
}
