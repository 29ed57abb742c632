use auth_service::store::{KeyChange, KeySet, KeyState, SigningKey};

use super::*;

fn key(kid: &str) -> SigningKey {
    SigningKey {
        kid: kid.to_owned(),
        algorithm: "ES256".to_owned(),
        public_jwk: json!({"kty": "EC", "crv": "P-256", "kid": kid}),
        sealed_private: vec![1, 2, 3],
        state: KeyState::Next,
        created_at: noon(),
        activated_at: None,
        retired_at: None,
    }
}

fn activate(kid: &str) -> KeyChange {
    KeyChange::Activate { kid: kid.to_owned() }
}

fn retire(kid: &str) -> KeyChange {
    KeyChange::Retire { kid: kid.to_owned() }
}

fn remove(kid: &str) -> KeyChange {
    KeyChange::Remove { kid: kid.to_owned() }
}

async fn step(scene: &Scene, steps: Vec<KeyChange>, seconds: i64) -> Result<KeySet, DatabaseError> {
    scene
        .store
        .keys
        .transition(after(seconds), |_| steps.clone())
        .await
}

#[tokio::test]
async fn a_key_is_next_then_active_then_retired_then_gone() {
    let scene = Scene::new().await;
    let keys = &scene.store.keys;
    assert_eq!(
        keys.changed_since(-1).await,
        Ok(Some(KeySet {
            version: 0,
            keys: vec![]
        }))
    );
    assert_eq!(keys.changed_since(0).await, Ok(None));
    let added = step(&scene, vec![KeyChange::Add(key("a"))], 0).await.unwrap();
    assert_eq!(
        added,
        KeySet {
            version: 1,
            keys: vec![key("a")]
        }
    );
    let active = SigningKey {
        state: KeyState::Active,
        activated_at: Some(after(1)),
        ..key("a")
    };
    let second = SigningKey {
        created_at: after(1),
        ..key("b")
    };
    let set = step(&scene, vec![activate("a"), KeyChange::Add(key("b"))], 1)
        .await
        .unwrap();
    assert_eq!(
        set,
        KeySet {
            version: 2,
            keys: vec![active.clone(), second]
        }
    );
    assert_eq!(keys.changed_since(1).await, Ok(Some(set)));
    assert_eq!(keys.changed_since(2).await, Ok(None));
    let set = step(&scene, vec![retire("a"), activate("b")], 2).await.unwrap();
    let retired = SigningKey {
        state: KeyState::Retired,
        retired_at: Some(after(2)),
        ..active
    };
    assert_eq!(set.keys[0], retired);
    assert_eq!(set.keys[1].state, KeyState::Active);
    let set = step(&scene, vec![remove("a")], 3).await.unwrap();
    assert_eq!(set.keys.len(), 1);
    // A plan without steps changes nothing.
    assert_eq!(step(&scene, vec![], 4).await, Ok(set));
    assert_eq!(keys.changed_since(4).await, Ok(None));
}

#[tokio::test]
async fn steps_that_do_not_fit_change_nothing() {
    let scene = Scene::new().await;
    step(&scene, vec![KeyChange::Add(key("a"))], 0).await.unwrap();
    step(&scene, vec![activate("a"), KeyChange::Add(key("b"))], 1)
        .await
        .unwrap();
    let before = scene.store.keys.changed_since(-1).await.unwrap();
    for steps in [
        vec![activate("a")],
        vec![retire("b")],
        vec![remove("a")],
        vec![activate("unknown")],
        // The first step fits, the second does not.
        vec![retire("a"), activate("a")],
    ] {
        assert_eq!(step(&scene, steps, 2).await, Err(DatabaseError::NotFound));
    }
    let mut private = key("c");
    private.public_jwk["d"] = json!("secret");
    let mut misnamed = key("c");
    misnamed.public_jwk["kid"] = json!("d");
    let mut unsealed = key("c");
    unsealed.sealed_private.clear();
    let mut symmetric = key("c");
    symmetric.algorithm = "HS256".to_owned();
    for (steps, name) in [
        (vec![activate("b")], "signing_key_one_active"),
        (vec![KeyChange::Add(key("c"))], "signing_key_one_next"),
        (
            vec![retire("a"), activate("b"), KeyChange::Add(key("a"))],
            "signing_key_pkey",
        ),
        (vec![KeyChange::Add(private)], "signing_key_jwk_is_public"),
        (vec![KeyChange::Add(misnamed)], "signing_key_jwk_names_it"),
        (vec![KeyChange::Add(unsealed)], "signing_key_sealed_private_check"),
        (vec![KeyChange::Add(symmetric)], "signing_key_algorithm_check"),
    ] {
        assert_eq!(constraint(step(&scene, steps, 2).await), name);
    }
    assert_eq!(scene.store.keys.changed_since(-1).await.unwrap(), before);
    scene.refuses(
        "UPDATE signing_key SET retired_at = now()",
        "signing_key_times_fit_its_state",
    );
    scene.refuses(
        "INSERT INTO signing_key_version VALUES (true, 7)",
        "signing_key_version_pkey",
    );
    scene.refuses(
        "INSERT INTO signing_key_version VALUES (false, 7)",
        "signing_key_version_is_only_row_check",
    );
}

/// For fear that somebody else has them.
#[tokio::test]
async fn a_key_can_be_withdrawn_in_any_state() {
    let scene = Scene::new().await;
    step(
        &scene,
        vec![KeyChange::Add(key("a")), activate("a"), KeyChange::Add(key("b"))],
        0,
    )
    .await
    .unwrap();
    let set = step(&scene, vec![remove("b")], 0).await.unwrap();
    assert_eq!(set.keys.len(), 1);
    assert_eq!(
        step(&scene, vec![remove("a")], 0).await,
        Err(DatabaseError::NotFound)
    );
    let set = step(&scene, vec![retire("a"), remove("a")], 0).await.unwrap();
    assert_eq!((set.version, set.keys.len()), (3, 0));
}

/// Each algorithm has an active and a next key of its own.
#[tokio::test]
async fn algorithms_rotate_apart() {
    let scene = Scene::new().await;
    for (algorithm, kid) in [("ES256", "a"), ("EdDSA", "b"), ("RS256", "c")] {
        let key = SigningKey {
            algorithm: algorithm.to_owned(),
            ..key(kid)
        };
        step(&scene, vec![KeyChange::Add(key), activate(kid)], 0)
            .await
            .unwrap();
    }
    let set = scene.store.keys.changed_since(0).await.unwrap().unwrap();
    assert!(set.keys.iter().all(|key| key.state == KeyState::Active));
    assert_eq!((set.version, set.keys.len()), (3, 3));
}

/// What is due is done by one; for the others it is not due any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_replicas_one_rotates() {
    let scene = Scene::new().await;
    step(&scene, vec![KeyChange::Add(key("next-0"))], 0)
        .await
        .unwrap();
    for round in 1..=3 {
        let replicas = (0..20).map(|replica| {
            let store = scene.store.clone();
            let mine = key(&format!("next-{round}-{replica}"));
            tokio::spawn(async move {
                store
                    .keys
                    .transition(after(round), |set| rotation(set, &mine, round))
                    .await
            })
        });
        let sets = futures::future::join_all(replicas).await;
        let sets: Vec<_> = sets.into_iter().map(|set| set.unwrap().unwrap()).collect();
        assert!(sets.iter().all(|set| *set == sets[0]));
        assert_eq!(sets[0].version, 1 + round);
        let in_state = |state| sets[0].keys.iter().filter(|key| key.state == state).count();
        assert_eq!((in_state(KeyState::Active), in_state(KeyState::Next)), (1, 1));
        assert_eq!(sets[0].keys.len(), usize::try_from(round).unwrap() + 1);
    }
}

/// Retires the active key, activates the next and adds mine, if that was not done at `round` yet.
fn rotation(set: &KeySet, mine: &SigningKey, round: i64) -> Vec<KeyChange> {
    if set.keys.iter().any(|key| key.activated_at == Some(after(round))) {
        return vec![];
    }
    let of = |state| set.keys.iter().find(move |key| key.state == state);
    let retired = of(KeyState::Active).map(|key| retire(&key.kid));
    let activated = of(KeyState::Next).map(|key| activate(&key.kid));
    retired
        .into_iter()
        .chain(activated)
        .chain([KeyChange::Add(mine.clone())])
        .collect()
}

#[test]
fn debug_tells_nothing_of_the_private_half() {
    let mut key = key("a");
    key.sealed_private = b"CANARY-4711".to_vec();
    let text = format!("{key:?}");
    assert!(
        text.contains("ES256") && !text.contains("67, 65, 78") && !text.contains("sealed"),
        "{text}"
    );
}
