use auth_service::store::{RevocationReason, Revoked, Rotation};

use super::*;

#[tokio::test]
async fn a_family_is_found_as_it_was_opened_and_rotates() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let families = &scene.store.families;
    let family = scene.opened("app", "alice").await;
    assert_eq!(families.find(family.id).await, Ok(Some(family.clone())));
    let rotated = Family {
        generation: 1,
        rotated_at: after(300),
        ..family.clone()
    };
    let rotate = async |presented, now| families.rotate(family.id, presented, now).await.unwrap();
    assert_eq!(rotate(0, after(300)).await, Rotation::Rotated(rotated.clone()));
    for presented in [-1, 0, 2, i64::MAX] {
        assert_eq!(
            rotate(presented, after(301)).await,
            Rotation::Unchanged(rotated.clone())
        );
    }
    assert_eq!(families.find(family.id).await, Ok(Some(rotated)));
    let nobody = families.rotate(Uuid::new_v4(), 0, noon()).await;
    assert_eq!(nobody, Ok(Rotation::Unknown));
}

/// The text of refresh tokens is made of these times.
#[tokio::test]
async fn times_are_kept_to_the_microsecond() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let family = scene.opened("app", "alice").await;
    let at: Timestamp = "2026-11-21T12:00:00.123456789Z".parse().unwrap();
    let kept: Timestamp = "2026-11-21T12:00:00.123456Z".parse().unwrap();
    let rotation = scene.store.families.rotate(family.id, 0, at).await.unwrap();
    let Rotation::Rotated(rotated) = rotation else {
        panic!("{rotation:?}")
    };
    assert_eq!(rotated.rotated_at, kept);
    let found = scene.store.families.find(family.id).await.unwrap().unwrap();
    assert_eq!(found, rotated);
}

#[tokio::test]
async fn an_expired_family_gives_nothing() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let family = scene.opened("app", "alice").await;
    let families = &scene.store.families;
    let rotation = families.rotate(family.id, 0, family.expires_at).await;
    assert_eq!(rotation, Ok(Rotation::Unchanged(family.clone())));
    let last = family.expires_at - SignedDuration::from_secs(1);
    let rotation = families.rotate(family.id, 0, last).await;
    assert!(matches!(rotation, Ok(Rotation::Rotated(_))), "{rotation:?}");
}

#[tokio::test]
async fn a_killed_family_stays_dead_and_its_tokens_are_revoked() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let families = &scene.store.families;
    let family = scene.opened("app", "alice").await;
    let other = scene.opened("app", "alice").await;
    families.rotate(family.id, 0, noon()).await.unwrap();
    let why = RevocationReason::RefreshTokenReused;
    assert_eq!(families.kill(family.id, why, after(20)).await, Ok(1));
    assert!(scene.is_revoked(family.id).await);
    let dead = families.find(family.id).await.unwrap().unwrap();
    assert_eq!(dead.revoked, Some(Revoked { at: after(20), why }));
    assert_eq!(
        families.rotate(family.id, 1, after(21)).await,
        Ok(Rotation::Unchanged(dead.clone()))
    );
    // Once more, for another reason: the first counts.
    assert_eq!(
        families
            .kill(family.id, RevocationReason::Logout, after(30))
            .await,
        Ok(0)
    );
    assert_eq!(families.find(family.id).await.unwrap(), Some(dead));
    assert!(!scene.is_revoked(other.id).await);
    assert_eq!(families.find(other.id).await.unwrap(), Some(other));
    assert_eq!(
        families
            .kill(Uuid::new_v4(), RevocationReason::Logout, noon())
            .await,
        Ok(0)
    );
    // No token of it can live so long.
    let end = scene
        .sql("SELECT expires - '2026-11-21 12:00:00Z' FROM revoked_token")
        .unwrap();
    assert_eq!(end, "8 days\n");
}

#[tokio::test]
async fn every_reason_is_known_to_the_schema() {
    let scene = Scene::new().await;
    scene.client("app").await;
    for why in RevocationReason::ALL {
        let family = scene.opened("app", "alice").await;
        scene.store.families.kill(family.id, why, noon()).await.unwrap();
        let found = scene.store.families.find(family.id).await.unwrap().unwrap();
        assert_eq!(found.revoked, Some(Revoked { at: noon(), why }));
    }
}

#[tokio::test]
async fn what_a_family_cannot_be_is_refused() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let (code, mut family) = scene.redeemed("app", "alice").await;
    family.expires_at = family.auth_time;
    let refused = scene.store.families.open(&family, &code).await;
    assert_eq!(constraint(refused), "refresh_family_expires_after_login");
    let family = scene.opened("app", "alice").await;
    for (change, constraint) in [
        ("generation = generation + 2", "generations follow"),
        ("generation = generation - 1", "generations follow"),
        ("revoked_at = now()", "refresh_family_revoked_for_a_reason"),
        ("revoked_why = 'logout'", "refresh_family_revoked_for_a_reason"),
        (
            "revoked_at = now(), revoked_why = 'whim'",
            "refresh_family_revoked_why_check",
        ),
    ] {
        scene.refuses(&format!("UPDATE refresh_family SET {change}"), constraint);
    }
    scene
        .store
        .families
        .kill(family.id, RevocationReason::Logout, noon())
        .await
        .unwrap();
    let revive = format!(
        "UPDATE refresh_family SET revoked_at = NULL, revoked_why = NULL WHERE id = '{}'",
        family.id
    );
    scene.refuses(&revive, "a revoked family does not change");
}
