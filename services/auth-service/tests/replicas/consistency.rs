//! What one replica does the others know.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use auth_service::domain::keys::generate;
use futures::future::join_all;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use service_kit::Clock;
use service_kit::auth::{Algorithm, Signer, SigningKey};

use crate::api::{Answer, Api, Client, PASSWORD};
use crate::cluster::Cluster;
use crate::servers::{REPLICAS, cluster};

/// Requests at the same time.
const AT_ONCE: usize = 64;

/// The grace for a refresh token that was used: longer than the requests at the same time take on a slow machine.
const GRACE: Duration = Duration::from_secs(25);

/// How soon all replicas refuse what one has revoked.
const SOON: Duration = Duration::from_secs(1);

/// No replica calls any of the tokens active.
async fn inactive_everywhere(api: &Api, cluster: &Cluster, client: &Client, tokens: &[String]) {
    for number in 0..REPLICAS {
        for token in tokens {
            let is_active = api.replica(cluster, number).is_active(client, token).await;
            assert_eq!(is_active, Some(false), "at replica {number}");
        }
    }
}

fn all(answers: &[Option<Answer>], member: &str) -> BTreeSet<String> {
    let given = answers.iter().flatten().filter(|answer| answer.status == 200);
    given.map(|answer| answer.member(member)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_has_one_successor_and_using_it_later_ends_the_login() {
    let cluster = cluster(&[("AUTH_REFRESH_GRACE", format!("{}s", GRACE.as_secs()))]).await;
    let api = Api::of(&cluster);
    let portal = api.client("portal", json!({})).await;
    api.user("alice").await;
    let first = api.tokens(&portal, "alice").await;
    let token = first["refresh_token"].as_str().unwrap();
    let answers = join_all((0..AT_ONCE).map(|_| api.refresh(&portal, token))).await;
    let used = Instant::now();
    let statuses: Vec<_> = answers.iter().flatten().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200; AT_ONCE]);
    let successors = all(&answers, "refresh_token");
    assert_eq!(successors.len(), 1);
    // Nobody is logged out: the successor is good, at each replica.
    let mut current = successors.first().unwrap().clone();
    for number in 0..REPLICAS {
        let next = api
            .replica(&cluster, number)
            .refresh(&portal, &current)
            .await
            .unwrap();
        assert_eq!(next.status, 200, "{next:?}");
        current = next.member("refresh_token");
    }
    tokio::time::sleep(GRACE.saturating_sub(used.elapsed())).await;
    // Whoever brings it now stole it, or was stolen from.
    assert_eq!(api.refresh(&portal, token).await.unwrap().status, 400);
    for number in 0..REPLICAS {
        let refused = api
            .replica(&cluster, number)
            .refresh(&portal, &current)
            .await
            .unwrap();
        assert_eq!(
            (refused.status, refused.member("error")),
            (400, "invalid_grant".to_owned())
        );
    }
    tokio::time::sleep(SOON).await;
    let tokens: Vec<_> = all(&answers, "access_token").into_iter().take(5).collect();
    inactive_everywhere(&api, &cluster, &portal, &tokens).await;
    cluster.has_not_logged(api.seen());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_replica_revokes_all_refuse_within_a_second() {
    let cluster = cluster(&[]).await;
    let api = Api::of(&cluster);
    let portal = api.client("portal", json!({})).await;
    api.user("alice").await;
    for number in 0..REPLICAS {
        let login = api.tokens(&portal, "alice").await;
        let own = api.own_token(&portal).await.unwrap().member("access_token");
        let access = login["access_token"].as_str().unwrap().to_owned();
        let tokens = [access, own.clone()];
        // All replicas have looked at them, and remember that they were good.
        for other in 0..REPLICAS {
            for token in &tokens {
                let replica = api.replica(&cluster, other);
                assert_eq!(replica.is_active(&portal, token).await, Some(true));
            }
        }
        let revoking = api.replica(&cluster, number);
        for token in [login["refresh_token"].as_str().unwrap(), &own] {
            assert_eq!(revoking.revoke(&portal, token).await.unwrap().status, 200);
        }
        tokio::time::sleep(SOON).await;
        inactive_everywhere(&api, &cluster, &portal, &tokens).await;
    }
    cluster.has_not_logged(api.seen());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_and_an_assertion_are_good_for_one_use_at_one_replica() {
    let cluster = cluster(&[]).await;
    let api = Api::of(&cluster);
    let portal = api.client("portal", json!({})).await;
    api.user("alice").await;
    let code = api.code(&portal, "records.read", "alice").await;
    let answers = join_all((0..AT_ONCE).map(|_| api.redeem(&portal, &code))).await;
    // None when another came before the first had its tokens: who redeems a code twice may have stolen it.
    assert!(all(&answers, "access_token").len() <= 1);
    // RFC 6749, section 4.1.2: what the first one got is revoked.
    tokio::time::sleep(SOON).await;
    let tokens: Vec<_> = all(&answers, "access_token").into_iter().collect();
    inactive_everywhere(&api, &cluster, &portal, &tokens).await;

    let key = Key::new();
    api.client(
        "robot",
        json!({"authentication": "private_key_jwt", "jwks": key.jwks()}),
    )
    .await;
    for _ in 0..5 {
        let assertion = key.assertion("robot", &cluster.issuer, 0);
        api.see(&assertion);
        let answers = join_all((0..AT_ONCE).map(|_| api.asserted(&assertion))).await;
        assert_eq!(all(&answers, "access_token").len(), 1);
        let others = answers.iter().flatten().filter(|answer| answer.status != 200);
        for answer in others {
            assert_eq!(
                (answer.status, answer.member("error")),
                (401, "invalid_client".to_owned())
            );
        }
    }
    cluster.has_not_logged(api.seen());
}

/// Guesses are counted together, wherever they come in.
#[tokio::test(flavor = "multi_thread")]
async fn attempts_at_all_replicas_lock_an_account() {
    const ATTEMPTS: usize = 3;
    let cluster = cluster(&[("AUTH_LOCKOUT_ATTEMPTS", ATTEMPTS.to_string())]).await;
    let api = Api::of(&cluster);
    let portal = api.client("portal", json!({})).await;
    for login in ["alice", "bob"] {
        api.user(login).await;
    }
    for number in 0..ATTEMPTS {
        let replica = api.replica(&cluster, number);
        let wrong = replica
            .log_in(&portal, "records.read", "alice", "a wrong password")
            .await;
        assert_eq!(wrong.status, 403, "{wrong:?}");
    }
    for number in 0..REPLICAS {
        let replica = api.replica(&cluster, number);
        let right = replica.log_in(&portal, "records.read", "alice", PASSWORD).await;
        assert_eq!(right.status, 429, "replica {number}");
        let other = replica.log_in(&portal, "records.read", "bob", PASSWORD).await;
        assert_eq!(other.status, 303, "replica {number}");
    }
    api.see("a wrong password");
    cluster.has_not_logged(api.seen());
}

/// As many requests pass as the limit says, not as many at each replica.
#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_for_all_replicas_together() {
    const LIMIT: usize = 30;
    let limits = [
        ("RATE_LIMIT_REQUESTS", LIMIT.to_string()),
        ("RATE_LIMIT_WINDOW", "1h".to_owned()),
    ];
    let cluster = cluster(&limits).await;
    let api = Api::of(&cluster);
    let path = "/.well-known/jwks.json";
    let answers = join_all((0..3 * LIMIT).map(|_| api.send(api.get(path)))).await;
    let passed = answers
        .iter()
        .flatten()
        .filter(|answer| answer.status == 200)
        .count();
    let refused = answers
        .iter()
        .flatten()
        .filter(|answer| answer.status == 429 && answer.has_retry_after)
        .count();
    // One more comes every two minutes.
    assert!((LIMIT..=LIMIT + 1).contains(&passed), "{passed} passed");
    assert_eq!(passed + refused, 3 * LIMIT);
}

/// The key of a client that signs assertions.
pub(crate) struct Key {
    signer: Signer,
    public: Value,
}

impl Key {
    pub(crate) fn new() -> Self {
        let der = generate::pkcs8(Algorithm::Es256).unwrap();
        let key = SigningKey::from_pkcs8(Algorithm::Es256, der.expose_secret()).unwrap();
        Self {
            public: serde_json::to_value(key.public().unwrap()).unwrap(),
            signer: Signer::new("unused", key, Clock::system()),
        }
    }

    pub(crate) fn jwks(&self) -> Value {
        json!({"keys": [self.public]})
    }

    /// An assertion (RFC 7523, section 3) by a client whose clock is ahead by some seconds.
    pub(crate) fn assertion(&self, client: &str, issuer: &str, ahead: i64) -> String {
        let now = Clock::system().now().as_second() + ahead;
        let claims = json!({
            "iss": client, "sub": client, "aud": issuer, "jti": uuid::Uuid::new_v4().to_string(),
            "iat": now, "exp": now + 60,
        });
        let claims: Map<String, Value> = claims.as_object().unwrap().clone();
        self.signer
            .sign_claims(&claims)
            .unwrap()
            .expose_secret()
            .to_owned()
    }
}

impl Api {
    /// A token for whoever signed the assertion.
    pub(crate) async fn asserted(&self, assertion: &str) -> Option<Answer> {
        let pairs = [
            ("grant_type", "client_credentials"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion),
        ];
        self.send(self.post("/oauth2/token").form(&pairs)).await
    }
}
