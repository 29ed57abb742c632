use std::convert::Infallible;

use auth_service::store::Attempts;

use super::*;

fn failed(old: Attempts) -> Attempts {
    Attempts {
        failures: old.failures + 1,
        first_at: old.first_at.or_else(|| Some(noon())),
        locked_until: (old.failures >= 9).then(|| after(1800)),
    }
}

async fn fail(store: &Store, counter: Digest) -> Attempts {
    let change = |old| Ok::<_, Infallible>(failed(old));
    let Ok(new) = store.attempts.update(&counter, noon(), change).await.unwrap();
    new
}

#[tokio::test]
async fn a_counter_starts_at_zero_and_keeps_its_state() {
    let scene = Scene::new().await;
    let attempts = &scene.store.attempts;
    let (account, source) = (Digest::of(b"account alice"), Digest::of(b"source 192.0.2.1"));
    assert_eq!(attempts.find(&account).await, Ok(Attempts::default()));
    let once = Attempts {
        failures: 1,
        first_at: Some(noon()),
        locked_until: None,
    };
    assert_eq!(fail(&scene.store, account).await, once);
    assert_eq!(attempts.find(&account).await, Ok(once));
    assert_eq!(attempts.find(&source).await, Ok(Attempts::default()));
    let refused = attempts.update(&account, after(1), |_| Err("locked")).await;
    assert_eq!(refused, Ok(Err("locked")));
    assert_eq!(attempts.find(&account).await, Ok(once));
    let clear = |_| Ok::<_, Infallible>(Attempts::default());
    let cleared = attempts.update(&account, after(1), clear).await;
    assert_eq!(cleared, Ok(Ok(Attempts::default())));
    assert_eq!(attempts.find(&account).await, Ok(Attempts::default()));
    let below_zero = |old| Ok::<_, Infallible>(Attempts { failures: -1, ..old });
    let negative = attempts.update(&account, after(1), below_zero).await;
    assert_eq!(constraint(negative), "login_attempts_failures_check");
}

async fn kept(scene: &Scene, at: Timestamp) -> Timestamp {
    let account = Digest::of(b"account alice");
    let change = |old| {
        Ok::<_, Infallible>(Attempts {
            locked_until: Some(at),
            ..old
        })
    };
    let updated = scene.store.attempts.update(&account, noon(), change).await;
    assert!(updated.is_ok(), "{at} {updated:?}");
    let found = scene.store.attempts.find(&account).await.unwrap();
    found.locked_until.unwrap()
}

/// Any instant comes back as it went, to the microsecond, and is the same for PostgreSQL.
#[tokio::test]
async fn instants_are_kept() {
    const SHOW: &str = "SET TIME ZONE 'UTC'; \
         SELECT to_char(locked_until, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM login_attempts";
    let scene = Scene::new().await;
    for at in [
        "2026-11-21T12:00:00.000001Z",
        "2000-01-01T00:00:00Z",
        "1999-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00Z",
        "9999-12-30T21:59:59.999999Z",
    ] {
        let at: Timestamp = at.parse().unwrap();
        assert_eq!(kept(&scene, at).await, at);
        let shown: Timestamp = scene.sql(SHOW).unwrap().trim().parse().unwrap();
        assert_eq!(shown, at);
    }
    assert_eq!(kept(&scene, Timestamp::MAX).await, Timestamp::MAX);
    let first = kept(&scene, Timestamp::MIN).await;
    assert_eq!(first, "-004713-11-24T00:00:00Z".parse().unwrap());
    scene
        .sql("UPDATE login_attempts SET locked_until = 'infinity'")
        .unwrap();
    let found = scene.store.attempts.find(&Digest::of(b"account alice")).await;
    assert_eq!(found.unwrap().locked_until, Some(Timestamp::MAX));
}

/// Guesses that come all at once are counted as well as those that come one after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_failure_is_lost() {
    let scene = Scene::new().await;
    let account = Digest::of(b"account alice");
    let guesses = (0..50).map(|_| {
        let store = scene.store.clone();
        tokio::spawn(async move { fail(&store, account).await.failures })
    });
    let results = futures::future::join_all(guesses).await;
    let mut counted: Vec<_> = results.into_iter().map(Result::unwrap).collect();
    counted.sort_unstable();
    assert_eq!(counted, (1..=50).collect::<Vec<_>>());
    let last = scene.store.attempts.find(&account).await.unwrap();
    assert_eq!((last.failures, last.locked_until), (50, Some(after(1800))));
}
