use std::collections::HashSet;

use super::*;

#[tokio::test]
async fn a_code_is_redeemed_once_and_the_second_time_names_the_family() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let code = code("app", "alice");
    scene.store.codes.save(&code).await.unwrap();
    let family = Uuid::new_v4();
    let redeem = async |family, now| scene.store.codes.redeem(&code.digest, family, now).await.unwrap();
    assert_eq!(
        redeem(family, after(59)).await,
        Redemption::First(code.contents.clone())
    );
    for seconds in [59, 60, 3600] {
        assert_eq!(
            redeem(Uuid::new_v4(), after(seconds)).await,
            Redemption::Again(family)
        );
    }
    let unknown = Digest::of(b"unknown");
    let unknown = scene.store.codes.redeem(&unknown, family, noon()).await;
    assert_eq!(unknown, Ok(Redemption::Unknown));
}

#[tokio::test]
async fn a_code_expires() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let code = code("app", "alice");
    scene.store.codes.save(&code).await.unwrap();
    let late = scene
        .store
        .codes
        .redeem(&code.digest, Uuid::new_v4(), after(60))
        .await;
    assert_eq!(late, Ok(Redemption::Expired));
    // By another replica's clock it has not: nothing was used up.
    let first = scene
        .store
        .codes
        .redeem(&code.digest, Uuid::new_v4(), after(59))
        .await;
    assert_eq!(first, Ok(Redemption::First(code.contents)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_redeems() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let code = code("app", "alice");
    scene.store.codes.save(&code).await.unwrap();
    let attempts = (0..32).map(|_| {
        let (store, digest, family) = (scene.store.clone(), code.digest, Uuid::new_v4());
        tokio::spawn(async move { (family, store.codes.redeem(&digest, family, noon()).await.unwrap()) })
    });
    let results = futures::future::join_all(attempts).await;
    let (mut first, mut again) = (Vec::new(), HashSet::new());
    for (family, redemption) in results.into_iter().map(Result::unwrap) {
        match redemption {
            Redemption::First(_) => first.push(family),
            Redemption::Again(family) => drop(again.insert(family)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(first.len(), 1);
    assert_eq!(again.into_iter().collect::<Vec<_>>(), first);
}

/// The second redemption comes between the first and the opening of its family.
#[tokio::test]
async fn a_code_that_was_redeemed_twice_opens_nothing() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let (code, family) = scene.redeemed("app", "alice").await;
    let again = scene.store.codes.redeem(&code, Uuid::new_v4(), noon()).await;
    assert_eq!(again, Ok(Redemption::Again(family.id)));
    assert_eq!(scene.store.families.open(&family, &code).await, Ok(false));
    assert_eq!(scene.store.families.find(family.id).await, Ok(None));
}

#[tokio::test]
async fn a_code_opens_only_its_own_family_and_only_once() {
    let scene = Scene::new().await;
    scene.client("app").await;
    scene.client("other").await;
    let (code, family) = scene.redeemed("app", "alice").await;
    let unknown = Digest::of(b"unknown");
    let open = async |family: &Family, code| scene.store.families.open(family, code).await;
    let with = |change: fn(&mut Family)| {
        let mut changed = family.clone();
        change(&mut changed);
        changed
    };
    for stranger in [
        with(|family| family.id = Uuid::new_v4()),
        with(|family| family.client_id = "other".to_owned()),
        with(|family| family.subject = "bob".to_owned()),
    ] {
        assert_eq!(open(&stranger, &code).await, Ok(false));
    }
    assert_eq!(open(&family, &unknown).await, Ok(false));
    assert_eq!(open(&family, &code).await, Ok(true));
    assert_eq!(constraint(open(&family, &code).await), "refresh_family_pkey");
}

#[tokio::test]
async fn what_a_code_cannot_be_is_refused() {
    let scene = Scene::new().await;
    scene.client("app").await;
    let mut stranger = code("nobody", "alice");
    let refused = scene.store.codes.save(&stranger).await;
    assert_eq!(constraint(refused), "authorization_code_client_id_fkey");
    stranger.client_id = "app".to_owned();
    scene.store.codes.save(&stranger).await.unwrap();
    assert_eq!(
        constraint(scene.store.codes.save(&stranger).await),
        "authorization_code_pkey"
    );
    for (change, constraint) in [
        ("digest = '\\x00'", "authorization_code_digest_check"),
        ("contents = '{'", "json"),
        ("redeemed_at = now()", "authorization_code_redeemed_for_a_family"),
        (
            "family = gen_random_uuid()",
            "authorization_code_redeemed_for_a_family",
        ),
    ] {
        scene.refuses(&format!("UPDATE authorization_code SET {change}"), constraint);
    }
}
