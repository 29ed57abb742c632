use std::convert::Infallible;

use auth_service::store::{Attempts, Purged, RevocationReason};

use super::*;

const DAY: i64 = 24 * 3600;

#[tokio::test]
async fn codes_assertions_and_attempts_go_when_they_are_over() {
    let scene = Scene::new().await;
    scene.client("app").await;
    scene.store.codes.save(&code("app", "alice")).await.unwrap();
    scene
        .store
        .assertions
        .use_once("app", "a", after(60))
        .await
        .unwrap();
    let (over, locked) = (Digest::of(b"over"), Digest::of(b"locked"));
    let attempts = &scene.store.attempts;
    let set = async |counter, locked_until| {
        let change = |old| {
            Ok::<_, Infallible>(Attempts {
                failures: 1,
                locked_until,
                ..old
            })
        };
        attempts.update(counter, noon(), change).await.unwrap().unwrap()
    };
    set(&over, None).await;
    set(&locked, Some(after(10 * DAY))).await;
    let purge = async |seconds| scene.store.purge(after(seconds)).await.unwrap();
    // Eleven minutes longer than they live: clocks differ.
    assert_eq!(purge(60 + 11 * 60 - 1).await, Purged::default());
    let first = Purged {
        codes: 1,
        assertions: 1,
        ..Purged::default()
    };
    assert_eq!(purge(60 + 11 * 60).await, first);
    assert_eq!(purge(DAY - 1).await, Purged::default());
    assert_eq!(
        purge(DAY).await,
        Purged {
            attempts: 1,
            ..Purged::default()
        }
    );
    assert_eq!(scene.store.attempts.find(&over).await, Ok(Attempts::default()));
    assert_eq!(purge(11 * DAY - 1).await, Purged::default());
    assert_eq!(
        purge(11 * DAY).await,
        Purged {
            attempts: 1,
            ..Purged::default()
        }
    );
    // What is forgotten is as new.
    assert_eq!(
        scene.store.assertions.use_once("app", "a", after(60)).await,
        Ok(true)
    );
}

/// As long as a family is remembered its code is, so that its second use is noticed.
#[tokio::test]
async fn families_go_a_week_after_their_end_and_their_codes_with_them() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let families = &scene.store.families;
    let (code, family) = scene.redeemed("app", "alice").await;
    families.open(&family, &code).await.unwrap();
    let killed = scene.opened("app", "bob").await;
    families
        .kill(killed.id, RevocationReason::Logout, after(8 * DAY))
        .await
        .unwrap();
    let purge = async |seconds| scene.store.purge(after(seconds)).await.unwrap();
    assert_eq!(purge(14 * DAY - 1).await, Purged::default());
    let again = scene
        .store
        .codes
        .redeem(&code, Uuid::new_v4(), after(13 * DAY))
        .await;
    assert_eq!(again, Ok(Redemption::Again(family.id)));
    let one = Purged {
        families: 1,
        codes: 1,
        ..Purged::default()
    };
    assert_eq!(purge(14 * DAY).await, one);
    assert_eq!(families.find(family.id).await, Ok(None));
    assert!(
        families.find(killed.id).await.unwrap().is_some(),
        "it was killed a day later"
    );
    assert_eq!(purge(15 * DAY).await, one);
    assert_eq!(
        scene.sql("SELECT count(*) FROM authorization_code").unwrap(),
        "0\n"
    );
}

#[tokio::test]
async fn many_go_in_batches_and_a_row_in_use_is_left_for_later() {
    let scene = Scene::new().await;
    scene.client("app").await;
    scene
        .sql(
            "INSERT INTO used_assertion SELECT 'app', sha256(int4send(number)), '2026-11-21 12:00:00Z' \
             FROM generate_series(1, 2500) AS number",
        )
        .unwrap();
    let held = "BEGIN; SELECT FROM used_assertion LIMIT 1 FOR UPDATE; SELECT pg_sleep(600)";
    let holder = hold(&scene, held).await;
    let purged = scene.store.purge(after(DAY)).await.unwrap();
    assert_eq!(purged.assertions, 2499);
    assert_eq!(scene.count_of("purge_assertions"), 3);
    holder.abort();
}

/// A session that holds what `sql` locks.
async fn hold(scene: &Scene, sql: &'static str) -> tokio::task::JoinHandle<()> {
    use sqlx::Connection as _;
    let mut other = sqlx::PgConnection::connect(&scene.url).await.unwrap();
    let holder = tokio::spawn(async move {
        let _ended = sqlx::raw_sql(sql).execute(&mut other).await;
    });
    let sleeping =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
    while scene.sql(sleeping).unwrap() != "1\n" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    holder
}

/// Revocations are kept eleven minutes longer than their tokens live.
#[tokio::test]
async fn revocations_are_pruned_by_the_kit() {
    use service_kit::auth::RevocationStore;
    let scene = Scene::new().await;
    let revocations = &scene.store.revocations;
    revocations.revoke("a", after(-11 * 60)).await.unwrap();
    assert_eq!(revocations.is_revoked("a").await, Ok(true));
    assert_eq!(revocations.forget_expired().await, Ok(1));
    assert_eq!(revocations.is_revoked("a").await, Ok(false));
}
