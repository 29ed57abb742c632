use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use jiff::SignedDuration;
use prometheus::Registry;
use secrecy::SecretString;

use super::PostgresRevocations;
use crate::Clock;
use crate::auth::test_support::{ISSUER, Signers, expectations, grant, noon};
use crate::auth::{Claims, Reason, RevocationBounds, RevocationStore, Revocations, Signer, TokenKind};
use crate::clock::ManualClock;
use crate::postgres::{Database, DatabaseSettings, Migration};
use crate::testing::{self, Postgres};

const SCHEMA: &[Migration] = &[PostgresRevocations::migration(1)];

struct Scene {
    server: Postgres,
    store: PostgresRevocations,
    clock: Clock,
    hand: ManualClock,
}

impl Scene {
    async fn new() -> Self {
        let server = Postgres::start().unwrap();
        let settings = DatabaseSettings::of(&SecretString::from(server.database().unwrap())).unwrap();
        let (clock, hand) = Clock::manual(noon());
        let context = testing::context(clock.clone(), Registry::new()).unwrap();
        let database = Database::start(&settings, SCHEMA, &context).unwrap();
        let store = PostgresRevocations::new(database, clock.clone());
        let scene = Self {
            server,
            store,
            clock,
            hand,
        };
        scene.until_answering().await;
        scene
    }

    async fn until_answering(&self) {
        while self.store.is_revoked("anything").await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn claims(&self, signers: &Signers) -> Claims {
        let signer = Signer::new(ISSUER, signers.hs256.clone(), self.clock.clone());
        let token = signer.sign(TokenKind::Access, &grant()).unwrap();
        expectations(TokenKind::Access)
            .verify(token.expose(), &signers.keys(), self.clock.now())
            .unwrap()
    }
}

#[tokio::test]
async fn revocations_are_kept_until_their_tokens_expire() {
    let scene = Scene::new().await;
    let store = &scene.store;
    let (early, late) = (
        noon() + SignedDuration::from_mins(15),
        noon() + SignedDuration::from_hours(1),
    );
    store.revoke("a", early).await.unwrap();
    store.revoke("b", late).await.unwrap();
    // Again, with another end: the later one counts.
    store.revoke("b", early).await.unwrap();
    store
        .revoke("'; DROP TABLE revoked_token; --", late)
        .await
        .unwrap();
    assert_eq!(store.is_revoked("a").await, Ok(true));
    assert_eq!(store.is_revoked("b").await, Ok(true));
    assert_eq!(store.is_revoked("c").await, Ok(false));
    // By the name of the family.
    assert_eq!(store.is_revoked("a.1.x").await, Ok(true));
    assert_eq!(store.is_revoked("aa.1.x").await, Ok(false));
    assert_eq!(store.forget_expired().await, Ok(0));
    assert_eq!(store.unexpired().await.unwrap().len(), 3);
    // Expired, but perhaps not yet by the clock of whoever is asked.
    scene
        .hand
        .advance(SignedDuration::from_mins(15 + 11) - SignedDuration::from_secs(1));
    assert_eq!(store.forget_expired().await, Ok(0));
    scene.hand.advance(SignedDuration::from_secs(1));
    assert_eq!(store.forget_expired().await, Ok(1));
    assert_eq!(store.is_revoked("a").await, Ok(false));
    let mut left = store.unexpired().await.unwrap();
    left.sort();
    assert_eq!(left[1], ("b".to_owned(), late));
    assert_eq!(left.len(), 2);
}

/// What was revoked survives the server; while it is away good tokens pass until the bound, and then nothing does.
#[tokio::test]
async fn when_postgres_dies_tokens_pass_until_the_bound_and_no_longer() {
    let scene = Scene::new().await;
    let signers = Signers::new();
    let bounds = RevocationBounds {
        timeout: Duration::from_secs(30),
        ..RevocationBounds::default()
    };
    let revocations = || Revocations::new(Arc::new(scene.store.clone()), bounds, scene.clock.clone());
    let (here, elsewhere) = (revocations(), revocations());
    let (good, bad, unknown) = (
        scene.claims(&signers),
        scene.claims(&signers),
        scene.claims(&signers),
    );
    assert_eq!(here.check(&good).await, Ok(()));
    here.revoke(bad.token_id(), bad.expires_at()).await.unwrap();

    scene.server.stop().unwrap();
    scene.hand.advance(SignedDuration::from_secs(29));
    assert_eq!(here.check(&good).await, Ok(()));
    assert_eq!(here.check(&unknown).await, Err(Reason::Unavailable));
    assert!(
        here.revoke(unknown.token_id(), unknown.expires_at())
            .await
            .is_err()
    );
    scene.hand.advance(SignedDuration::from_secs(1));
    assert_eq!(here.check(&good).await, Err(Reason::Unavailable));
    assert_eq!(here.check(&bad).await, Err(Reason::Revoked));

    scene.server.restart().unwrap();
    scene.until_answering().await;
    scene.hand.advance(SignedDuration::from_secs(2));
    assert_eq!(here.check(&good).await, Ok(()));
    assert_eq!(elsewhere.check(&bad).await, Err(Reason::Revoked));
}

/// Those who ask at the same time share queries: each is told of their own token.
#[tokio::test]
async fn of_many_who_ask_each_gets_their_own_answer() {
    let scene = Scene::new().await;
    let late = noon() + SignedDuration::from_hours(1);
    scene.store.revoke("f-7", late).await.unwrap();
    scene.store.revoke("f-8.1", late).await.unwrap();
    let ids = (0..600).map(|n| format!("f-{}.{}", n % 10, n / 300));
    let ask = async |id: String| (scene.store.is_revoked(&id).await, id);
    for (answer, id) in join_all(ids.map(ask)).await {
        assert_eq!(answer, Ok(id.starts_with("f-7.") || id == "f-8.1"), "{id}");
    }
    // What cannot be in a table must not spoil the answers of others.
    let odd = ["f-7\0", "f-7.\0", "f-9.\0", "f-7"].map(|id| scene.store.is_revoked(id));
    assert_eq!(join_all(odd).await, [Ok(false), Ok(true), Ok(false), Ok(true)]);
}
