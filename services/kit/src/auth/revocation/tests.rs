use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, join, join_all, pending};
use jiff::{SignedDuration, Timestamp};

use super::cache::{Answer, Cache};
use super::{MemoryRevocations, RevocationBounds, RevocationError, RevocationStore, Revocations};
use crate::Clock;
use crate::auth::test_support::{ISSUER, Signers, expectations, grant, noon, token};
use crate::auth::{Claims, Reason, Signer, TokenKind, Validity};
use crate::clock::ManualClock;

/// A store that answers, fails or hangs as the test tells it to.
#[derive(Debug)]
struct Store {
    inner: MemoryRevocations,
    mood: AtomicU8,
    asked: AtomicU64,
}

const ANSWERS: u8 = 0;
const FAILS: u8 = 1;
const HANGS: u8 = 2;
const TAKES_ITS_TIME: u8 = 3;

impl RevocationStore for Store {
    fn revoke<'a>(
        &'a self,
        token_id: &'a str,
        expires: Timestamp,
    ) -> BoxFuture<'a, Result<(), RevocationError>> {
        match self.mood.load(Ordering::SeqCst) {
            ANSWERS => self.inner.revoke(token_id, expires),
            _ => async { Err(RevocationError("down".to_owned())) }.boxed(),
        }
    }

    fn is_revoked<'a>(&'a self, token_id: &'a str) -> BoxFuture<'a, Result<bool, RevocationError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match self.mood.load(Ordering::SeqCst) {
            ANSWERS => self.inner.is_revoked(token_id),
            FAILS => async { Err(RevocationError("down".to_owned())) }.boxed(),
            TAKES_ITS_TIME => async {
                tokio::time::sleep(BOUNDS.timeout / 2).await;
                self.inner.is_revoked(token_id).await
            }
            .boxed(),
            _ => pending().boxed(),
        }
    }
}

struct Scene {
    store: Arc<Store>,
    revocations: Revocations,
    other_replica: Revocations,
    hand: ManualClock,
    signers: Signers,
}

const BOUNDS: RevocationBounds = RevocationBounds {
    fresh: Duration::from_millis(500),
    stale: Duration::from_secs(30),
    timeout: Duration::from_millis(20),
    pause: Duration::from_secs(1),
    capacity: 100,
};

impl Scene {
    fn new() -> Self {
        let (clock, hand) = Clock::manual(noon());
        let store = Arc::new(Store {
            inner: MemoryRevocations::new(clock.clone()),
            mood: AtomicU8::new(ANSWERS),
            asked: AtomicU64::new(0),
        });
        let revocations = || Revocations::new(store.clone(), BOUNDS, clock.clone());
        Self {
            revocations: revocations(),
            other_replica: revocations(),
            store,
            hand,
            signers: Signers::new(),
        }
    }

    fn claims(&self) -> Claims {
        let token = token(&self.signers.hs256, TokenKind::Access);
        expectations(TokenKind::Access)
            .verify(&token, &self.signers.keys(), noon())
            .unwrap()
    }

    fn is(&self, mood: u8) {
        self.store.mood.store(mood, Ordering::SeqCst);
    }

    fn asked(&self) -> u64 {
        self.store.asked.load(Ordering::SeqCst)
    }

    fn pass(&self, time: Duration) {
        self.hand.advance(SignedDuration::try_from(time).unwrap());
    }
}

/// A token whose `jti` names its family.
fn of_family(scene: &Scene, token_id: &str) -> Claims {
    let signer = Signer::new(ISSUER, scene.signers.hs256.clone(), Clock::fixed(noon()));
    let validity = Validity {
        token_id: token_id.to_owned(),
        issued_at: noon(),
        expires_at: noon() + SignedDuration::from_mins(15),
    };
    let token = signer.sign_as(TokenKind::Access, &grant(), validity).unwrap();
    expectations(TokenKind::Access)
        .verify(token.expose(), &scene.signers.keys(), noon())
        .unwrap()
}

#[tokio::test]
async fn a_revoked_family_takes_all_of_its_tokens_along() {
    let scene = Scene::new();
    let [asked_before, not_asked, other] =
        ["f-1.0.a", "f-1.1.b", "f-10.0.a"].map(|token_id| of_family(&scene, token_id));
    assert_eq!(scene.revocations.check(&asked_before).await, Ok(()));
    assert_eq!(scene.other_replica.check(&asked_before).await, Ok(()));
    scene
        .revocations
        .revoke("f-1", asked_before.expires_at())
        .await
        .unwrap();
    for claims in [&asked_before, &not_asked] {
        assert_eq!(scene.revocations.check(claims).await, Err(Reason::Revoked));
    }
    scene.pass(BOUNDS.fresh);
    for claims in [&asked_before, &not_asked] {
        assert_eq!(scene.other_replica.check(claims).await, Err(Reason::Revoked));
    }
    for replica in [&scene.revocations, &scene.other_replica] {
        assert_eq!(replica.check(&other).await, Ok(()));
    }
}

#[tokio::test]
async fn a_revoked_token_leaves_its_family_alone() {
    let scene = Scene::new();
    let [one, other] = ["f-1.0.a", "f-1.0.b"].map(|token_id| of_family(&scene, token_id));
    scene
        .revocations
        .revoke(one.token_id(), one.expires_at())
        .await
        .unwrap();
    assert_eq!(scene.revocations.check(&one).await, Err(Reason::Revoked));
    assert_eq!(scene.revocations.check(&other).await, Ok(()));
}

#[tokio::test]
async fn a_revoked_token_is_refused_here_at_once_and_elsewhere_within_the_bound() {
    let scene = Scene::new();
    let claims = scene.claims();
    assert_eq!(scene.revocations.check(&claims).await, Ok(()));
    assert_eq!(scene.other_replica.check(&claims).await, Ok(()));
    scene
        .revocations
        .revoke(claims.token_id(), claims.expires_at())
        .await
        .unwrap();
    assert_eq!(scene.revocations.check(&claims).await, Err(Reason::Revoked));
    // The other one relies on its answer, and no longer than it may.
    assert_eq!(scene.other_replica.check(&claims).await, Ok(()));
    scene.pass(BOUNDS.fresh);
    assert_eq!(scene.other_replica.check(&claims).await, Err(Reason::Revoked));
}

#[tokio::test]
async fn an_answer_is_asked_for_once_while_it_is_fresh() {
    let scene = Scene::new();
    let claims = scene.claims();
    for _ in 0..10 {
        assert_eq!(scene.revocations.check(&claims).await, Ok(()));
    }
    assert_eq!(scene.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn those_who_ask_at_the_same_time_are_all_told() {
    let scene = Scene::new();
    let (known, unknown) = (scene.claims(), scene.claims());
    let checks = |claims| join_all([claims; 8].map(|claims| scene.revocations.check(claims)));
    scene.is(TAKES_ITS_TIME);
    assert_eq!(checks(&known).await, [Ok(()); 8]);
    scene.is(HANGS);
    scene.pass(BOUNDS.fresh);
    let (known, unknown) = join(checks(&known), checks(&unknown)).await;
    assert_eq!(known, [Ok(()); 8]);
    assert_eq!(unknown, [Err(Reason::Unavailable); 8]);
}

/// The question was asked when the answer was not wrong yet.
#[tokio::test(start_paused = true)]
async fn an_answer_is_as_old_as_its_question() {
    let scene = Scene::new();
    let claims = scene.claims();
    scene.is(TAKES_ITS_TIME);
    let asked = scene.other_replica.check(&claims);
    let revoked_meanwhile = async {
        tokio::time::sleep(BOUNDS.timeout / 4).await;
        scene.pass(BOUNDS.fresh);
    };
    assert_eq!(join(asked, revoked_meanwhile).await.0, Ok(()));
    scene
        .store
        .inner
        .revoke(claims.token_id(), claims.expires_at())
        .await
        .unwrap();
    assert_eq!(scene.other_replica.check(&claims).await, Err(Reason::Revoked));
}

#[tokio::test]
async fn while_the_store_is_down_only_what_it_called_good_lately_passes() {
    for mood in [FAILS, HANGS] {
        let scene = Scene::new();
        let (known, unknown, revoked) = (scene.claims(), scene.claims(), scene.claims());
        assert_eq!(scene.revocations.check(&known).await, Ok(()));
        scene
            .revocations
            .revoke(revoked.token_id(), revoked.expires_at())
            .await
            .unwrap();
        scene.is(mood);
        scene.pass(BOUNDS.stale.saturating_sub(Duration::from_secs(1)));
        assert_eq!(scene.revocations.check(&known).await, Ok(()));
        assert_eq!(scene.revocations.check(&unknown).await, Err(Reason::Unavailable));
        assert_eq!(scene.revocations.check(&revoked).await, Err(Reason::Revoked));
        scene.pass(Duration::from_secs(1));
        assert_eq!(scene.revocations.check(&known).await, Err(Reason::Unavailable));
        // Revoked is final, however long ago the store said so.
        assert_eq!(scene.revocations.check(&revoked).await, Err(Reason::Revoked));
        scene.is(ANSWERS);
        scene.pass(BOUNDS.pause);
        assert_eq!(scene.revocations.check(&known).await, Ok(()));
        assert_eq!(scene.revocations.check(&unknown).await, Ok(()));
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_left_alone_for_a_while() {
    let scene = Scene::new();
    scene.is(HANGS);
    for _ in 0..20 {
        assert_eq!(
            scene.revocations.check(&scene.claims()).await,
            Err(Reason::Unavailable)
        );
    }
    assert_eq!(scene.asked(), 1);
    scene.pass(BOUNDS.pause);
    assert_eq!(
        scene.revocations.check(&scene.claims()).await,
        Err(Reason::Unavailable)
    );
    assert_eq!(scene.asked(), 2);
}

#[tokio::test]
async fn a_revocation_that_is_not_stored_is_an_error() {
    let scene = Scene::new();
    let claims = scene.claims();
    scene.is(FAILS);
    assert!(
        scene
            .revocations
            .revoke(claims.token_id(), claims.expires_at())
            .await
            .is_err()
    );
    scene.is(ANSWERS);
    assert_eq!(scene.revocations.check(&claims).await, Ok(()));
}

#[test]
fn memory_is_bounded_and_the_youngest_answers_are_kept() {
    let mut cache = Cache::new(100);
    let answer = Answer {
        revoked: false,
        at: noon(),
    };
    for n in 0..10_000 {
        cache.put(&n.to_string(), answer);
        assert!(cache.len() <= 100);
        assert_eq!(cache.get(&n.to_string()), Some(answer));
    }
    let kept = (9_950..10_000)
        .filter(|n| cache.get(&n.to_string()).is_some())
        .count();
    assert_eq!(kept, 50);
}

/// An answer that was asked for before the revocation may arrive after it.
#[test]
fn a_late_answer_does_not_undo_a_revocation() {
    let mut cache = Cache::new(100);
    cache.put(
        "a",
        Answer {
            revoked: true,
            at: noon(),
        },
    );
    cache.put(
        "a",
        Answer {
            revoked: false,
            at: noon(),
        },
    );
    assert!(cache.get("a").unwrap().revoked);
}

#[tokio::test]
async fn the_store_in_memory_forgets_tokens_that_are_expired_anyway() {
    let (clock, hand) = Clock::manual(noon());
    let store = MemoryRevocations::new(clock.clone());
    store
        .revoke("a", noon() + SignedDuration::from_mins(15))
        .await
        .unwrap();
    hand.advance(SignedDuration::from_mins(27));
    store
        .revoke("b", clock.now() + SignedDuration::from_mins(15))
        .await
        .unwrap();
    assert_eq!(store.is_revoked("a").await, Ok(false));
    assert_eq!(store.is_revoked("b").await, Ok(true));
}
