//! The fault campaign for about two minutes: every fault at least once. `make chaos` runs it for an hour.

use std::time::Duration;

use healthcare_tests::built;
use healthcare_tests::campaign::{self, Settings};

/// A number of one's own choosing, so that a failure can be had again: `CAMPAIGN_SEED=7 cargo test …`.
const SEED: &str = "CAMPAIGN_SEED";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_minutes_of_faults_break_no_rule() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test has no other way to take a setting"
    )]
    let seed = std::env::var(SEED)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(20_261_121);
    println!("{SEED}={seed}");
    let logs = tempfile::Builder::new().prefix("campaign-").tempdir().unwrap();
    let settings = Settings {
        seed,
        lasts: Duration::ZERO,
        services: 12,
        replicas: 2,
        faults: 5,
        span: Duration::from_secs(10),
        bound: Duration::from_secs(90),
        memory_mib: 300.0,
        binary: built::operator().unwrap(),
        logs: logs.path().to_owned(),
    };
    let result = campaign::run(&settings, &|line| println!("{line}")).await;
    let is_clean = result.as_ref().is_ok_and(|report| report.violations.is_empty());
    if !is_clean {
        println!("{SEED}={seed}, logs in {}", logs.keep().display());
    }
    let report = result.unwrap();
    println!("{}", report.table());
    assert!(is_clean, "{:#?}", report.violations);
    assert!(report.rounds >= 3, "{} rounds", report.rounds);
    for (fault, count) in &report.faults {
        assert!(count.injected > 0, "{fault} was never injected");
    }
    let idle = report.faults.values().filter(|count| count.hit == 0).count();
    assert!(idle <= 3, "{idle} faults hit nothing: what does this prove?");
    assert!(report.lease_transitions > 0, "nobody ever took the lease over");
}
