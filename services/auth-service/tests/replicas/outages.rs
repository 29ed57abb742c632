//! What callers are told while PostgreSQL or Redis is away, and for how long an answer of before is relied on.

use std::time::{Duration, Instant};

use serde_json::json;
use service_kit::testing::{Postgres, Redis};

use crate::api::{Answer, Api};
use crate::cluster::Cluster;
use crate::servers::REPLICAS;

/// Longest that a token is accepted because it was good before (`RevocationBounds::stale`).
const BOUND: Duration = Duration::from_secs(30);

async fn verify(api: &Api, token: &str) -> Answer {
    let request = api.get("/verify?audience=records").bearer_auth(token);
    api.send(request).await.unwrap()
}

/// Until the answer is 200; nothing else than that it is not available comes before.
async fn until_accepted<F: Future<Output = Answer>>(ask: impl Fn() -> F) {
    for _ in 0..100 {
        let answer = ask().await;
        if answer.status == 200 {
            return;
        }
        assert!(answer.is_unavailable(), "{answer:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("it does not recover");
}

/// Nobody is told anything that would have to be written down or looked up; a token that was just looked at is accepted for as
/// long as stated, another one not at all.
#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_no_unchecked_token_is_accepted() {
    let postgres = Postgres::start().unwrap();
    let settings = [("DATABASE_URL", postgres.database().unwrap())];
    let cluster = Cluster::start(&settings, vec![Vec::new(); REPLICAS]).await;
    let api = Api::of(&cluster);
    let portal = api.client("portal", json!({})).await;
    api.user("alice").await;
    let login = api.tokens(&portal, "alice").await;
    let known = login["access_token"].as_str().unwrap();
    let unknown = api.own_token(&portal).await.unwrap().member("access_token");
    let (first, second) = (api.replica(&cluster, 0), api.replica(&cluster, 1));
    assert_eq!(verify(&first, known).await.status, 200);
    let checked = Instant::now();
    postgres.stop().unwrap();

    assert_eq!(verify(&first, known).await.status, 200);
    for (replica, token) in [(&first, unknown.as_str()), (&second, known)] {
        let answer = verify(replica, token).await;
        assert!(answer.is_unavailable(), "{answer:?}");
    }
    let refresh = login["refresh_token"].as_str().unwrap();
    for answer in [
        first.own_token(&portal).await,
        first.refresh(&portal, refresh).await,
        first.revoke(&portal, refresh).await,
        first.form("/introspect", &portal, &[("token", known)]).await,
    ] {
        let answer = answer.unwrap();
        assert!(answer.is_unavailable(), "{answer:?}");
        assert_eq!(answer.member("error"), "temporarily_unavailable");
    }
    for path in [
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
    ] {
        assert_eq!(first.send(first.get(path)).await.unwrap().status, 200);
    }
    tokio::time::sleep((BOUND + Duration::from_secs(1)).saturating_sub(checked.elapsed())).await;
    let answer = verify(&first, known).await;
    assert!(answer.is_unavailable(), "{answer:?}");

    postgres.restart().unwrap();
    for number in 0..REPLICAS {
        cluster.until_ready(number).await;
        let replica = api.replica(&cluster, number);
        until_accepted(|| verify(&replica, known)).await;
    }
    until_accepted(|| async { api.refresh(&portal, refresh).await.unwrap() }).await;
    cluster.has_not_logged(api.seen());
}

/// Everything works without Redis, and what was revoked meanwhile stays revoked when it is back, empty.
#[tokio::test(flavor = "multi_thread")]
async fn without_redis_revocations_are_seen_all_the_same() {
    let (postgres, redis) = (Postgres::start().unwrap(), Redis::start().unwrap());
    let settings = [
        ("DATABASE_URL", postgres.database().unwrap()),
        ("REDIS_URL", redis.database()),
    ];
    let cluster = Cluster::start(&settings, vec![Vec::new(); REPLICAS]).await;
    let api = Api::of(&cluster);
    let portal = api.client("portal", json!({})).await;
    let mut revoked = Vec::new();
    for is_away in [false, true, false] {
        if is_away {
            redis.kill().unwrap();
        }
        let token = api.own_token(&portal).await.unwrap().member("access_token");
        for number in 0..REPLICAS {
            let replica = api.replica(&cluster, number);
            assert_eq!(
                replica.is_active(&portal, &token).await,
                Some(true),
                "{number} {is_away}"
            );
        }
        assert_eq!(api.revoke(&portal, &token).await.unwrap().status, 200);
        revoked.push(token);
        tokio::time::sleep(Duration::from_secs(1)).await;
        none_is_active(&cluster, &api, &portal, &revoked).await;
        if is_away {
            redis.restart().unwrap();
            none_is_active(&cluster, &api, &portal, &revoked).await;
            tokio::time::sleep(Duration::from_secs(2)).await;
            none_is_active(&cluster, &api, &portal, &revoked).await;
        }
    }
    cluster.has_not_logged(api.seen());
}

async fn none_is_active(cluster: &Cluster, api: &Api, client: &crate::api::Client, tokens: &[String]) {
    for number in 0..REPLICAS {
        for token in tokens {
            let replica = api.replica(cluster, number);
            assert_eq!(replica.is_active(client, token).await, Some(false), "{number}");
        }
    }
}
