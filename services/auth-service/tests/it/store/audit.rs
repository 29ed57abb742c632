use auth_service::store::{AuditEntry, AuditError, AuditLog, Head, Unchained};
use futures::TryStreamExt;
use sha2::{Digest as _, Sha256};

use super::*;

pub(super) fn event(text: &str) -> Unchained {
    Unchained {
        at: noon(),
        canonical: json!({"at": noon().to_string(), "event": text}).to_string(),
    }
}

/// The first entry of a chain: the heads of the others.
pub(super) fn opening(others: &[Head]) -> Unchained {
    let heads = others.iter().map(|head| format!("{}@{}", head.chain, head.seq));
    Unchained {
        at: noon(),
        canonical: json!({"heads": heads.collect::<Vec<_>>()}).to_string(),
    }
}

pub(super) fn log(scene: &Scene, chain: Uuid) -> AuditLog {
    AuditLog::start(scene.database.clone(), chain, opening)
}

pub(super) async fn entries(store: &Store, chain: Uuid, after: i64) -> Vec<AuditEntry> {
    store.audit.entries(chain, after).try_collect().await.unwrap()
}

/// The entries of a chain, which hang together from the first to the head.
pub(super) async fn verified(store: &Store, chain: Uuid) -> Vec<AuditEntry> {
    let heads = store.audit.heads().await.unwrap();
    let known = heads.into_iter().find(|head| head.chain == chain);
    let entries = entries(store, chain, 0).await;
    let mut head = Head {
        chain,
        seq: 0,
        hash: [0; 32],
    };
    for entry in &entries {
        assert_eq!(
            (entry.chain, entry.seq, entry.previous),
            (chain, head.seq + 1, head.hash)
        );
        let mut hash = Sha256::new();
        hash.update(entry.previous);
        hash.update(entry.seq.to_be_bytes());
        hash.update(&entry.canonical);
        let hash: [u8; 32] = hash.finalize().into();
        assert_eq!(entry.hash, hash);
        head = Head {
            chain,
            seq: entry.seq,
            hash,
        };
    }
    // Perhaps the log has grown since the head was read.
    let is_known =
        |entry: &AuditEntry| known.is_some_and(|head| (entry.seq, entry.hash) == (head.seq, head.hash));
    assert!(known.is_none() || entries.iter().any(is_known), "{known:?}");
    entries
}

#[tokio::test]
async fn events_are_chained_in_their_order() {
    let scene = Scene::new().await;
    let chain = Uuid::new_v4();
    let log = log(&scene, chain);
    assert_eq!(verified(&scene.store, chain).await, vec![]);
    for number in 0..3 {
        let place = log.append(event(&format!("e{number}"))).await;
        assert_eq!(place, Ok(number + 2), "the first is the opening");
    }
    let entries = verified(&scene.store, chain).await;
    let texts: Vec<_> = entries.iter().map(|entry| entry.canonical.as_str()).collect();
    let expected: Vec<_> = ["e0", "e1", "e2"].map(|text| event(text).canonical).into();
    assert_eq!(
        (texts[0], &texts[1..]),
        (
            r#"{"heads":[]}"#,
            &expected.iter().map(String::as_str).collect::<Vec<_>>()[..]
        )
    );
    assert!(entries.iter().all(|entry| entry.at == noon()));
    assert_eq!(super::audit::entries(&scene.store, chain, 2).await, entries[2..]);
}

/// A hundred and more at once cost a few statements.
#[tokio::test]
async fn those_who_wait_share_a_commit() {
    let scene = Scene::new().await;
    let chain = Uuid::new_v4();
    let log = log(&scene, chain);
    log.append(event("first")).await.unwrap();
    let before = scene.count_of("append_audit_entries");
    let appends = (0..600).map(|number| {
        let log = log.clone();
        async move { log.append(event(&format!("e{number}"))).await.unwrap() }
    });
    let places = futures::future::join_all(appends).await;
    let statements = scene.count_of("append_audit_entries") - before;
    assert!((1..=10).contains(&statements), "{statements}");
    let entries = verified(&scene.store, chain).await;
    assert_eq!(entries.len(), 602);
    for (number, place) in places.into_iter().enumerate() {
        let entry = &entries[usize::try_from(place).unwrap() - 1];
        assert_eq!(entry.canonical, event(&format!("e{number}")).canonical);
    }
}

/// More than one page of the reader.
#[tokio::test]
async fn a_chain_names_the_heads_of_those_before_it() {
    let scene = Scene::new().await;
    let [first, second, third] = [Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3)];
    for chain in [first, second, third] {
        let log = log(&scene, chain);
        log.append(event("a")).await.unwrap();
        log.append(event("b")).await.unwrap();
    }
    let opening = |entries: Vec<AuditEntry>| entries[0].canonical.clone();
    assert_eq!(opening(verified(&scene.store, first).await), r#"{"heads":[]}"#);
    assert_eq!(
        opening(verified(&scene.store, second).await),
        format!(r#"{{"heads":["{first}@3"]}}"#)
    );
    assert_eq!(
        opening(verified(&scene.store, third).await),
        format!(r#"{{"heads":["{first}@3","{second}@3"]}}"#)
    );
    assert_eq!(scene.store.audit.heads().await.unwrap().len(), 3);
}

/// The same chain again, as after a restart; and a commit of which the writer did not hear.
#[tokio::test]
async fn a_writer_finds_where_its_chain_is() {
    let scene = Scene::new().await;
    let chain = Uuid::new_v4();
    let (one, other) = (log(&scene, chain), log(&scene, chain));
    assert_eq!(one.append(event("a")).await, Ok(2));
    assert_eq!(other.append(event("b")).await, Ok(3));
    // `one` believes that 3 is free.
    assert_eq!(one.append(event("c")).await, Ok(4));
    assert_eq!(other.append(event("d")).await, Ok(5));
    assert_eq!(verified(&scene.store, chain).await.len(), 5);
}

#[tokio::test]
async fn what_cannot_be_stored_concerns_nobody_else() {
    let scene = Scene::new().await;
    let chain = Uuid::new_v4();
    let log = log(&scene, chain);
    for text in ["\0".to_owned(), "x".repeat(64 * 1024 + 1)] {
        let event = Unchained {
            at: noon(),
            canonical: text,
        };
        assert_eq!(log.append(event).await, Err(AuditError::Unstorable));
    }
    let longest = Unchained {
        at: noon(),
        canonical: "x".repeat(64 * 1024),
    };
    assert_eq!(log.append(longest).await, Ok(2));
}

#[tokio::test]
async fn a_log_that_is_closed_has_written_what_it_took() {
    let scene = Scene::new().await;
    let chain = Uuid::new_v4();
    let log = log(&scene, chain);
    let appends = (0..50).map(|number| {
        let log = log.clone();
        async move { log.append(event(&format!("e{number}"))).await }
    });
    let close = async {
        tokio::task::yield_now().await;
        log.close().await;
        verified(&scene.store, chain).await.len()
    };
    let (results, written) = tokio::join!(futures::future::join_all(appends), close);
    let taken = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(written, taken + usize::from(taken > 0));
    assert!(taken > 0, "nothing was taken before the log was closed");
    assert!(
        results
            .into_iter()
            .all(|result| result.is_ok() || result == Err(AuditError::Closed))
    );
    assert_eq!(log.append(event("late")).await, Err(AuditError::Closed));
    // Once more changes nothing.
    log.close().await;
}

/// Whoever appends and does not wait for the answer is written all the same, though nobody holds the log any more.
#[tokio::test]
async fn what_was_taken_is_written_though_the_log_is_dropped() {
    let scene = Scene::new().await;
    let chain = Uuid::new_v4();
    let log = log(&scene, chain);
    let append = log.append(event("abandoned"));
    assert!(futures::FutureExt::now_or_never(append).is_none());
    drop(log);
    for _ in 0..500 {
        if verified(&scene.store, chain).await.len() == 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it was not written");
}

#[tokio::test]
async fn the_log_only_grows() {
    let scene = Scene::new().await;
    let chain = Uuid::new_v4();
    let log = log(&scene, chain);
    log.append(event("a")).await.unwrap();
    for sql in [
        "UPDATE audit_entry SET canonical = 'x'",
        "UPDATE audit_entry SET at = now() WHERE false",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry, audit_head",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET seq = 1",
        "UPDATE audit_head SET chain = gen_random_uuid(), seq = 3",
    ] {
        scene.refuses(sql, "the audit log only grows");
    }
    assert_eq!(verified(&scene.store, chain).await.len(), 2);
}

#[tokio::test]
async fn an_entry_must_have_its_hash_and_follow_on_the_last() {
    let scene = Scene::new().await;
    let chain = Uuid::from_u128(7);
    let log = log(&scene, chain);
    log.append(event("a")).await.unwrap();
    let insert = |seq: u32, previous: &str, hash: &str| {
        format!(
            "WITH last AS (SELECT hash FROM audit_head), new AS (SELECT {previous} AS previous FROM last) \
             INSERT INTO audit_entry SELECT '{chain}', {seq}, now(), 'x', previous, {hash} FROM new"
        )
    };
    let right = |seq: u32| format!("sha256(previous || int8send({seq}) || 'x'::bytea)");
    let last = "hash";
    scene.refuses(&insert(3, last, "sha256('')"), "audit_entry_hash_is_right");
    scene.refuses(&insert(3, last, &right(4)), "audit_entry_hash_is_right");
    scene.refuses(&insert(4, last, &right(4)), "does not follow");
    scene.refuses(&insert(3, "sha256('')", &right(3)), "does not follow");
    scene.refuses(&insert(3, "''::bytea", &right(3)), "audit_entry_previous_check");
    scene.refuses(&insert(2, last, &right(2)), "audit_entry_pkey");
    scene.refuses(&insert(0, last, &right(0)), "audit_entry_seq_check");
    scene.sql(&insert(3, last, &right(3))).unwrap();
    assert_eq!(verified(&scene.store, chain).await.len(), 3);
    assert_eq!(log.append(event("b")).await, Ok(4));
    assert_eq!(verified(&scene.store, chain).await.len(), 4);
}

/// Neither the texts of the events nor the server's words are in errors and logs.
#[tokio::test]
async fn a_failure_tells_nothing_of_the_events() {
    let server = Arc::new(Postgres::start().unwrap());
    let url = server.database().unwrap();
    let scene = Scene::of(server, url, Duration::from_millis(300)).await;
    let log = log(&scene, Uuid::new_v4());
    scene.server.stop().unwrap();
    let error = log.append(event("CANARY-4711")).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(
        matches!(error, AuditError::Database(_)) && !text.contains("CANARY"),
        "{text}"
    );
}
