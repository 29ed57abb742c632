use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use prometheus::Registry;

use super::RedisRevocations;
use crate::Clock;
use crate::auth::test_support::{Signers, expectations, grant};
use crate::auth::{Claims, Reason, RevocationBounds, RevocationStore, Revocations, Signer, TokenKind};
use crate::redis::{Redis, RedisSettings};
use crate::testing;

struct Scene {
    server: testing::Redis,
    redis: Redis,
    store: RedisRevocations,
    /// Redis goes by the machine's clock.
    now: Timestamp,
}

impl Scene {
    fn new() -> Self {
        let server = testing::Redis::start().unwrap();
        let mut settings = RedisSettings::new(&server.database()).unwrap();
        // Other tests share the machine: a slow answer is not what is tested.
        settings.deadline = Duration::from_secs(2);
        let redis = Redis::connect(settings, &Registry::new()).unwrap();
        Self {
            store: RedisRevocations::new(redis.clone(), "test"),
            redis,
            server,
            now: Clock::system().now(),
        }
    }

    fn later(&self) -> Timestamp {
        self.now + SignedDuration::from_mins(15)
    }

    async fn until_connected(&self) {
        while self.store.has_lost_its_data().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn what_is_revoked_is_known_until_the_token_expires() {
    let scene = Scene::new();
    scene.store.restore(&[]).await.unwrap();
    scene.store.revoke("a", scene.later()).await.unwrap();
    // Expired beyond any leeway: Redis need not keep it.
    scene
        .store
        .revoke("b", scene.now - SignedDuration::from_mins(15))
        .await
        .unwrap();
    assert_eq!(scene.store.is_revoked("a").await, Ok(true));
    assert_eq!(scene.store.is_revoked("b").await, Ok(false));
    assert_eq!(scene.store.is_revoked("c").await, Ok(false));
    // By the name of the family.
    assert_eq!(scene.store.is_revoked("a.1.x").await, Ok(true));
    assert_eq!(scene.store.is_revoked("aa.1.x").await, Ok(false));
    // Another service in the same database.
    let other = RedisRevocations::new(scene.redis.clone(), "other");
    other.restore(&[]).await.unwrap();
    assert_eq!(other.is_revoked("a").await, Ok(false));
}

#[tokio::test]
async fn a_redis_that_lost_its_data_is_not_believed_until_it_is_restored() {
    let scene = Scene::new();
    let revoked: Vec<_> = (0..1200).map(|n| (format!("t{n}"), scene.later())).collect();
    assert!(scene.store.is_revoked("t1").await.is_err());
    scene.store.restore(&revoked).await.unwrap();
    assert_eq!(scene.store.is_revoked("t1199").await, Ok(true));
    scene.server.kill().unwrap();
    assert!(scene.store.is_revoked("t1").await.is_err());
    assert!(scene.store.has_lost_its_data().await.is_err());
    scene.server.restart().unwrap();
    scene.until_connected().await;
    assert_eq!(scene.store.has_lost_its_data().await, Ok(true));
    // Neither asked nor told: what is revoked now would look complete to nobody.
    assert!(scene.store.is_revoked("t1").await.is_err());
    assert!(scene.store.revoke("new", scene.later()).await.is_err());
    scene.store.restore(&revoked).await.unwrap();
    assert_eq!(scene.store.has_lost_its_data().await, Ok(false));
    for (token_id, _) in revoked.iter().step_by(97) {
        assert_eq!(scene.store.is_revoked(token_id).await, Ok(true), "{token_id}");
    }
    assert_eq!(scene.store.is_revoked("t1200").await, Ok(false));
}

fn claims(signers: &Signers, at: Timestamp) -> Claims {
    let clock = Clock::fixed(at);
    let signer = Signer::new(crate::auth::test_support::ISSUER, signers.hs256.clone(), clock);
    let token = signer.sign(TokenKind::Access, &grant()).unwrap();
    expectations(TokenKind::Access)
        .verify(token.expose(), &signers.keys(), at)
        .unwrap()
}

/// The bound, with a real Redis that dies: good tokens pass until it, and nothing passes after it.
#[tokio::test]
async fn when_redis_dies_tokens_pass_until_the_bound_and_no_longer() {
    let scene = Scene::new();
    let signers = Signers::new();
    let (clock, hand) = Clock::manual(scene.now);
    let bounds = RevocationBounds {
        timeout: Duration::from_secs(3),
        ..RevocationBounds::default()
    };
    let revocations = Revocations::new(Arc::new(scene.store.clone()), bounds, clock);
    let (known, unknown) = (claims(&signers, scene.now), claims(&signers, scene.now));
    scene.store.restore(&[]).await.unwrap();
    assert_eq!(revocations.check(&known).await, Ok(()));
    scene.server.kill().unwrap();
    hand.advance(SignedDuration::from_secs(29));
    assert_eq!(revocations.check(&known).await, Ok(()));
    assert_eq!(revocations.check(&unknown).await, Err(Reason::Unavailable));
    hand.advance(SignedDuration::from_secs(1));
    assert_eq!(revocations.check(&known).await, Err(Reason::Unavailable));
    // Back, but empty: still not believed.
    scene.server.restart().unwrap();
    scene.until_connected().await;
    hand.advance(SignedDuration::from_secs(2));
    assert_eq!(revocations.check(&known).await, Err(Reason::Unavailable));
    scene
        .store
        .restore(&[(known.token_id().to_owned(), known.expires_at())])
        .await
        .unwrap();
    hand.advance(SignedDuration::from_secs(2));
    assert_eq!(revocations.check(&known).await, Err(Reason::Revoked));
    assert_eq!(revocations.check(&unknown).await, Ok(()));
}

#[tokio::test]
async fn a_redis_that_hangs_counts_as_down() {
    let scene = Scene::new();
    scene.store.restore(&[]).await.unwrap();
    scene.server.pause().unwrap();
    let asked = tokio::time::timeout(Duration::from_secs(10), scene.store.is_revoked("a")).await;
    assert!(asked.expect("within the deadline").is_err());
    scene.server.resume().unwrap();
}
