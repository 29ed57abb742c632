//! Kills of all grants of a client or of a person, and kills that meet what they kill.

use auth_service::store::{RevocationReason, Rotation};
use sqlx::{Connection as _, PgConnection};

use super::*;

#[tokio::test]
async fn all_families_of_a_subject_die_and_no_others() {
    let scene = Scene::new().await;
    scene.client("app").await;
    scene.client("tablet").await;
    let families = &scene.store.families;
    let dying = [
        scene.opened("app", "alice").await,
        scene.opened("tablet", "alice").await,
    ];
    let dead = scene.opened("app", "alice").await;
    families
        .kill(dead.id, RevocationReason::TokenRevoked, noon())
        .await
        .unwrap();
    let other = scene.opened("app", "bob").await;
    let killed = families
        .kill_of_subject("alice", RevocationReason::Logout, after(1))
        .await;
    assert_eq!(killed, Ok(2));
    for family in dying {
        let why = families
            .find(family.id)
            .await
            .unwrap()
            .unwrap()
            .revoked
            .unwrap()
            .why;
        assert_eq!(why, RevocationReason::Logout);
    }
    assert_eq!(families.find(other.id).await, Ok(Some(other)));
    let again = families
        .kill_of_subject("alice", RevocationReason::Logout, after(2))
        .await;
    assert_eq!(again, Ok(0));
    // A new login is a new grant.
    scene.opened("app", "alice").await;
}

#[tokio::test]
async fn all_families_of_a_client_die_and_no_others() {
    let scene = Scene::new().await;
    scene.client("app").await;
    scene.client("tablet").await;
    let families = &scene.store.families;
    scene.opened("app", "alice").await;
    scene.opened("app", "bob").await;
    let other = scene.opened("tablet", "alice").await;
    let killed = families
        .kill_of_client("app", RevocationReason::ClientDisabled, after(1))
        .await;
    assert_eq!(killed, Ok(2));
    assert_eq!(families.find(other.id).await, Ok(Some(other)));
}

/// A login from before the kill opens nothing after it, however far it was.
#[tokio::test]
async fn codes_go_with_the_grants() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let families = &scene.store.families;
    for kill in ["client", "subject"] {
        let waiting = code("app", "alice");
        scene.store.codes.save(&waiting).await.unwrap();
        let (redeemed, family) = scene.redeemed("app", "alice").await;
        let killed = match kill {
            "client" => {
                families
                    .kill_of_client("app", RevocationReason::ClientDisabled, noon())
                    .await
            }
            _ => {
                families
                    .kill_of_subject("alice", RevocationReason::Logout, noon())
                    .await
            }
        };
        assert_eq!(killed, Ok(0));
        let late = scene
            .store
            .codes
            .redeem(&waiting.digest, Uuid::new_v4(), noon())
            .await;
        assert_eq!(late, Ok(Redemption::Unknown));
        assert_eq!(families.open(&family, &redeemed).await, Ok(false));
    }
}

/// A rotation holds the row when the kill comes: the kill waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_waits_for_the_rotation_that_is_under_way() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let id = scene.opened("app", "alice").await.id;
    let mut other = PgConnection::connect(&scene.url).await.unwrap();
    let under_way = format!("BEGIN; UPDATE refresh_family SET generation = 1 WHERE id = '{id}'");
    run(&mut other, under_way).await;
    let store = scene.store.clone();
    let kill = tokio::spawn(async move { store.families.kill(id, RevocationReason::Logout, noon()).await });
    until_waiting(&scene, 1).await;
    assert!(!kill.is_finished());
    run(&mut other, "COMMIT".to_owned()).await;
    assert_eq!(kill.await.unwrap(), Ok(1));
    let found = scene.store.families.find(id).await.unwrap().unwrap();
    assert!(found.generation == 1 && found.revoked.is_some(), "{found:?}");
    assert!(scene.is_revoked(id).await);
}

/// A kill holds the row when the rotation comes: the rotation waits, and finds the family dead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_during_a_kill_waits_and_gets_nothing() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let family = scene.opened("app", "alice").await;
    let mut other = PgConnection::connect(&scene.url).await.unwrap();
    let kill = format!(
        "BEGIN; UPDATE refresh_family SET revoked_at = now(), revoked_why = 'logout' WHERE id = '{}'",
        family.id
    );
    run(&mut other, kill).await;
    let (store, id) = (scene.store.clone(), family.id);
    let rotation = tokio::spawn(async move { store.families.rotate(id, 0, noon()).await });
    until_waiting(&scene, 1).await;
    run(&mut other, "COMMIT".to_owned()).await;
    let rotation = rotation.await.unwrap().unwrap();
    assert!(
        matches!(&rotation, Rotation::Unchanged(family) if family.revoked.is_some()),
        "{rotation:?}"
    );
}

/// A family is opened, not yet committed, when all grants of its client or subject are killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_of_all_waits_for_the_family_that_is_being_opened() {
    let scene = Scene::new().await;
    scene.client("app").await;
    for by_client in [true, false] {
        let (code, family) = scene.redeemed("app", "alice").await;
        // `open` stops here, with its code: the id is taken, perhaps.
        let mut other = PgConnection::connect(&scene.url).await.unwrap();
        let blocker = format!(
            "BEGIN; INSERT INTO refresh_family SELECT '{}', id, 'somebody', '{{}}', '{{}}', '{{}}', now(), 0, now(), \
             now() + interval '1 hour' FROM client",
            family.id
        );
        run(&mut other, blocker).await;
        let (store, opening) = (scene.store.clone(), family.clone());
        let open = tokio::spawn(async move { store.families.open(&opening, &code).await });
        until_waiting(&scene, 1).await;
        let store = scene.store.clone();
        let kill = tokio::spawn(async move {
            if by_client {
                let why = RevocationReason::ClientDisabled;
                store.families.kill_of_client("app", why, noon()).await
            } else {
                store
                    .families
                    .kill_of_subject("alice", RevocationReason::Logout, noon())
                    .await
            }
        });
        until_waiting(&scene, 2).await;
        run(&mut other, "ROLLBACK".to_owned()).await;
        assert_eq!(open.await.unwrap(), Ok(true));
        kill.await.unwrap().unwrap();
        let found = scene.store.families.find(family.id).await.unwrap().unwrap();
        assert!(found.revoked.is_some());
        assert!(scene.is_revoked(family.id).await);
    }
}

async fn run(connection: &mut PgConnection, sql: String) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(connection)
        .await
        .unwrap();
}

/// Waits until so many sessions of this database wait for a lock.
async fn until_waiting(scene: &Scene, sessions: usize) {
    let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND wait_event_type = 'Lock'";
    for _ in 0..1000 {
        if scene.sql(count).unwrap() == format!("{sessions}\n") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no {sessions} sessions wait for a lock");
}
