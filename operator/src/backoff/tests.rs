use super::*;

/// What the first failures in a row wait for at most.
const GROWTH: [u64; 12] = [
    500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000,
];

#[test]
fn pauses_double_up_to_five_minutes() {
    for (failures, milliseconds) in (1..).zip(GROWTH) {
        assert_eq!(
            pause(failures),
            Duration::from_millis(milliseconds),
            "after {failures} failures"
        );
    }
    assert_eq!(pause(u32::MAX), LONGEST);
    assert_eq!(pause(0), FIRST);
}

#[test]
fn jitter_takes_off_at_most_a_quarter() {
    let backoff = Backoff::default();
    for milliseconds in GROWTH {
        let longest = Duration::from_millis(milliseconds);
        let waited = backoff.failed("clinic", "records");
        assert!(
            waited <= longest && waited >= longest.mul_f64(0.75),
            "{waited:?} of {longest:?}"
        );
    }
}

#[test]
fn services_that_failed_together_come_back_apart() {
    let backoff = Backoff::default();
    let pauses: std::collections::HashSet<_> = (0..100)
        .map(|number| backoff.failed("clinic", &format!("service-{number}")))
        .collect();
    assert!(pauses.len() > 50, "only {} different pauses", pauses.len());
}

#[test]
fn each_service_has_its_own_count() {
    let backoff = Backoff::default();
    for _ in 0..5 {
        backoff.failed("clinic", "records");
    }
    assert!(backoff.failed("clinic", "other") <= FIRST);
    assert!(backoff.failed("other", "records") <= FIRST);
    assert!(backoff.failed("clinic", "records") > FIRST);
}

#[test]
fn success_starts_over() {
    let backoff = Backoff::default();
    for _ in 0..5 {
        backoff.failed("clinic", "records");
    }
    backoff.forget("clinic", "records");
    assert!(backoff.failed("clinic", "records") <= FIRST);
    assert_eq!(backoff.failures.lock().unwrap().len(), 1);
}
