//! The database goes away in the middle of group commits.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use auth_service::store::{AuditError, AuditLog};
use service_kit::testing::PostgresOptions;

use super::audit::{event, log, verified};
use super::*;

/// Places of acknowledged events, by their text.
type Acknowledged = Arc<Mutex<BTreeMap<String, i64>>>;

async fn until_acknowledged(acknowledged: &Acknowledged, number: usize) {
    for _ in 0..6000 {
        if acknowledged.lock().unwrap().len() >= number {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no {number} events were acknowledged");
}

/// Appends one event after the other; one that failed is given up, as its request would be.
async fn keep_appending(
    log: AuditLog,
    task: usize,
    acknowledged: Acknowledged,
    stop: Arc<AtomicBool>,
) -> usize {
    let mut failures = 0;
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let text = format!("task {task} event {number}");
        match log.append(event(&text)).await {
            Ok(place) => drop(acknowledged.lock().unwrap().insert(text, place)),
            Err(AuditError::Database(_)) => {
                failures += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(other) => panic!("{other}"),
        }
    }
    failures
}

async fn campaign(rounds: usize, fault: impl Fn(&Postgres)) {
    // As in production: what is acknowledged is in the kernel's hands, which survives the server.
    let settings = &["synchronous_commit=on"][..];
    let server = Postgres::start_with(PostgresOptions {
        settings,
        ..PostgresOptions::default()
    })
    .unwrap();
    let server = Arc::new(server);
    let url = server.database().unwrap();
    let scene = Scene::of(Arc::clone(&server), url, Duration::from_millis(500)).await;
    let chain = Uuid::new_v4();
    let log = log(&scene, chain);
    let (acknowledged, stop) = (Acknowledged::default(), Arc::new(AtomicBool::new(false)));
    let tasks: Vec<_> = (0..20)
        .map(|task| {
            tokio::spawn(keep_appending(
                log.clone(),
                task,
                Arc::clone(&acknowledged),
                Arc::clone(&stop),
            ))
        })
        .collect();
    for _ in 0..rounds {
        let so_far = acknowledged.lock().unwrap().len();
        until_acknowledged(&acknowledged, so_far + 100).await;
        fault(&server);
    }
    let so_far = acknowledged.lock().unwrap().len();
    until_acknowledged(&acknowledged, so_far + 100).await;
    stop.store(true, Ordering::Relaxed);
    let failures = futures::future::join_all(tasks).await;
    let failures: usize = failures.into_iter().map(Result::unwrap).sum();
    log.close().await;
    assert!(failures > 0, "the faults hit nobody");
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert_complete(&scene, chain, &acknowledged).await;
}

/// Every acknowledged event is in the chain, once and at its place; no other is there twice.
async fn assert_complete(scene: &Scene, chain: Uuid, acknowledged: &BTreeMap<String, i64>) {
    let entries = verified(&scene.store, chain).await;
    for (text, place) in acknowledged {
        let entry = &entries[usize::try_from(*place).unwrap() - 1];
        assert_eq!(entry.canonical, event(text).canonical);
    }
    let mut texts: Vec<_> = entries.iter().map(|entry| &entry.canonical).collect();
    let number = texts.len();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), number);
    println!("{number} entries, {} acknowledged", acknowledged.len());
}

/// Between the service and its database: once armed, it cuts the connection at the next commit of an INSERT, of which
/// the service then never hears.
struct Scissors {
    port: u16,
    armed: Arc<AtomicBool>,
}

impl Scissors {
    fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let armed = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&armed);
        std::thread::spawn(move || {
            for client in listener.incoming().map(Result::unwrap) {
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                let (armed, never) = (Arc::clone(&shared), Arc::new(AtomicBool::new(false)));
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || pass(back, &armed));
                std::thread::spawn(move || pass((client, server), &never));
            }
        });
        Self { port, armed }
    }
}

/// The server says `INSERT 0 <rows>` and what follows only when it has committed.
fn pass((mut from, mut to): (TcpStream, TcpStream), armed: &AtomicBool) {
    let mut bytes = [0; 8192];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        let said = &bytes[..length];
        let is_commit = said.windows(9).any(|tag| tag == b"INSERT 0 ");
        if is_commit && armed.swap(false, Ordering::SeqCst) || to.write_all(said).is_err() {
            break;
        }
    }
    let _closed = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

/// The writer cannot know that the event is in the log: it says so, and goes on behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_nobody_heard_of_is_not_made_twice() {
    let server = SERVER.get(Postgres::start).unwrap();
    let scissors = Scissors::before(server.port());
    let url = server.database().unwrap();
    let url = url.replace(&format!(":{}/", server.port()), &format!(":{}/", scissors.port));
    let scene = Scene::of(server, url, Duration::from_mins(1)).await;
    let chain = Uuid::new_v4();
    let log = log(&scene, chain);
    assert_eq!(log.append(event("first")).await, Ok(2));
    scissors.armed.store(true, Ordering::SeqCst);
    let lost = log.append(event("lost")).await;
    assert!(matches!(lost, Err(AuditError::Database(_))), "{lost:?}");
    assert_eq!(log.append(event("next")).await, Ok(4));
    let entries = verified(&scene.store, chain).await;
    let texts: Vec<_> = entries[1..].iter().map(|entry| entry.canonical.clone()).collect();
    assert_eq!(texts, ["first", "lost", "next"].map(|text| event(text).canonical));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_loses_no_acknowledged_entry() {
    campaign(5, |server| {
        server.kill().unwrap();
        server.restart().unwrap();
    })
    .await;
}

/// Frozen, it answers in no time; what it was asked for it may do later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_freezes_loses_no_acknowledged_entry() {
    campaign(2, |server| {
        server.pause().unwrap();
        tokio::task::block_in_place(|| std::thread::sleep(Duration::from_secs(3)));
        server.resume().unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_that_are_ended_lose_no_acknowledged_entry() {
    campaign(10, |server| {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'";
        server.admin("postgres", end).unwrap();
    })
    .await;
}
