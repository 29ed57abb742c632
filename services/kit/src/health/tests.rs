use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;
use serde_json::{Value, json};

use super::*;

fn health(checks: Vec<Check>, ttl: Duration) -> (Health, CancellationToken) {
    let config = HealthConfig {
        check_timeout: Duration::from_millis(20),
        cache_ttl: ttl,
    };
    let clock = Clock::fixed("2026-11-21T12:00:00Z".parse().unwrap());
    let draining = CancellationToken::new();
    (
        Health::new(checks, config, clock, &Registry::new(), draining.clone()).unwrap(),
        draining,
    )
}

fn saying(name: &'static str, status: Status) -> Check {
    Check::new(name, move || std::future::ready(status.clone()))
}

fn written(body: &impl Serialize) -> Value {
    serde_json::to_value(body).unwrap()
}

#[tokio::test]
async fn overall_status_is_the_worst() {
    let ready = || saying("a", Status::Ready);
    let degraded = || saying("b", Status::Degraded("slow disk".to_owned()));
    let down = || saying("c", Status::NotReady("no database".to_owned()));
    let table = [
        (vec![], "UP", 200),
        (vec![ready()], "UP", 200),
        (vec![ready(), degraded()], "DEGRADED", 200),
        (vec![ready(), degraded(), down()], "DOWN", 503),
    ];
    for (checks, status, code) in table {
        let report = health(checks, Duration::ZERO).0.report().await;
        assert_eq!(written(&report.in_full())["status"], status);
        assert_eq!(report.http_status(), code);
    }
}

#[tokio::test]
async fn summary_names_each_check() {
    let checks = vec![
        saying("a", Status::Ready),
        saying("b", Status::NotReady("no database".to_owned())),
    ];
    let report = health(checks, Duration::ZERO).0.report().await;
    assert_eq!(
        written(&report.summary()),
        json!({"ready": false, "checks": {"a": "ready", "b": "not ready: no database"}})
    );
}

#[tokio::test]
async fn a_check_that_hangs_or_panics_is_not_ready_and_holds_nobody() {
    let checks = vec![
        Check::new("hangs", std::future::pending),
        Check::new("panics", || async { panic!("broken check") }),
        saying("works", Status::Ready),
    ];
    let summary = health(checks, Duration::ZERO).0.report().await.summary();
    assert_eq!(
        written(&summary)["checks"],
        json!({"hangs": "not ready: the check timed out", "panics": "not ready: the check panicked", "works": "ready"})
    );
}

#[tokio::test]
async fn answers_are_shared_for_their_time_to_live() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let check = Check::new("counted", move || {
        counted.fetch_add(1, Ordering::Relaxed);
        std::future::ready(Status::Ready)
    });
    let (health, _draining) = health(vec![check], Duration::from_hours(1));
    join_all((0..20).map(|_| health.report())).await;
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_draining_process_is_not_ready_at_once() {
    let (health, draining) = health(vec![saying("a", Status::Ready)], Duration::from_hours(1));
    assert!(health.report().await.is_ready());
    draining.cancel();
    let report = health.report().await;
    assert_eq!(report.http_status(), 503);
    assert_eq!(
        report.summary().checks["shutdown"],
        "not ready: the process is shutting down"
    );
}
