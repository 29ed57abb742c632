//! What is true of every algorithm, whenever requests come and whatever they cost.

use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// Nanoseconds; past the first moments of a process.
const START: u64 = 1_000_000_000_000;

/// Quotas small enough for limits to be met, with windows in which nothing divides evenly.
fn quotas() -> impl Strategy<Value = Quota> {
    (1_u32..30, 1_u64..5_000, 1_u32..30).prop_map(|(limit, millis, burst)| {
        let quota = Quota::new(limit, Duration::from_millis(millis) + Duration::from_micros(7)).unwrap();
        quota.with_burst(burst.min(limit)).unwrap()
    })
}

/// Pauses as parts of a window, mostly short, and costs, mostly 1.
fn requests() -> impl Strategy<Value = Vec<(f64, u32)>> {
    let pause = prop_oneof![5 => Just(0.0), 5 => 0.0..0.05_f64, 1 => 0.0..2.5_f64];
    let cost = prop_oneof![8 => Just(1_u32), 1 => 0_u32..5];
    proptest::collection::vec((pause, cost), 1..200)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "any time will do"
)]
fn times(quota: &Quota, requests: &[(f64, u32)]) -> Vec<(u64, u32)> {
    let window = quota.window().as_nanos() as f64;
    let mut now = START;
    requests
        .iter()
        .map(|(pause, cost)| {
            now += (pause * window) as u64;
            (now, *cost)
        })
        .collect()
}

/// Runs the requests of one key, and checks each decision for what must be true of it on its own.
fn admitted<A: Algorithm>(algorithm: &A, most: u32, requests: &[(u64, u32)]) -> Vec<(u64, u32)> {
    let mut state = None;
    let mut admitted = Vec::new();
    for &(now, cost) in requests {
        let (decision, after) = algorithm.decide(state, now, cost);
        is_honest(algorithm, state, after, (now, cost), decision, most);
        if decision.admitted {
            admitted.push((now, cost));
        }
        state = Some(after);
    }
    admitted
}

fn is_honest<A: Algorithm>(
    algorithm: &A,
    before: Option<A::State>,
    after: A::State,
    (now, cost): (u64, u32),
    decision: Decision,
    most: u32,
) {
    let passes = |state, at, cost| algorithm.decide(Some(state), at, cost).0.admitted;
    assert!(
        passes(after, now, decision.remaining),
        "what is told to remain passes: {decision:?}"
    );
    assert!(
        !passes(after, now, decision.remaining + 1),
        "and no more: {decision:?}"
    );
    let reset = u64::try_from(decision.reset_after.as_nanos()).unwrap();
    if decision.remaining < most {
        assert!(
            passes(after, now + reset, decision.remaining + 1),
            "one more after the time told: {decision:?}"
        );
        // Rounding is to a microsecond at most.
        assert!(
            reset < 2_000 || !passes(after, now + reset - 2_000, decision.remaining + 1),
            "and not before: {decision:?}"
        );
    }
    let retry = u64::try_from(decision.retry_after.as_nanos()).unwrap();
    if decision.admitted {
        assert_eq!(retry, 0);
    } else if cost <= most {
        assert!(
            passes(after, now + retry, cost),
            "passes after the time told: {decision:?}"
        );
        assert!(
            retry < 2_000 || !passes(after, now + retry - 2_000, cost),
            "and not before: {decision:?}"
        );
        let fresh = before.map_or(0, |before| algorithm.decide(Some(before), now, 0).0.remaining);
        assert_eq!(fresh, decision.remaining, "a refusal costs nothing");
    }
    if algorithm.spent(after, now) == 0 {
        let anew = algorithm.decide(None, now, 0).0.remaining;
        assert_eq!(decision.remaining, anew, "nothing spent is nothing to remember");
    }
}

/// The most that passed in any half-open span of the length.
fn most_within(admitted: &[(u64, u32)], span: Duration) -> u32 {
    let span = u64::try_from(span.as_nanos()).unwrap();
    let mut inside = VecDeque::new();
    let (mut sum, mut most) = (0, 0);
    for &(now, cost) in admitted {
        inside.push_back((now, cost));
        sum += cost;
        while let Some(&(first, cost)) = inside.front().filter(|(first, _)| now - first >= span) {
            let _ = first;
            sum -= cost;
            inside.pop_front();
        }
        most = most.max(sum);
    }
    most
}

proptest! {
    #[test]
    fn gcra_keeps_its_bounds(quota in quotas(), requests in requests()) {
        let passed = admitted(&Gcra::new(&quota), quota.burst(), &times(&quota, &requests));
        prop_assert!(most_within(&passed, Duration::from_nanos(1)) <= quota.burst());
        prop_assert!(most_within(&passed, quota.window()) < quota.limit() + quota.burst());
    }

    #[test]
    fn a_burst_of_one_makes_the_limit_a_bound_of_every_window(quota in quotas(), requests in requests()) {
        let quota = quota.with_burst(1).unwrap();
        let times = times(&quota, &requests);
        prop_assert!(most_within(&admitted(&Gcra::new(&quota), 1, &times), quota.window()) <= quota.limit());
        prop_assert!(most_within(&admitted(&TokenBucket::new(&quota), 1, &times), quota.window()) <= quota.limit());
    }

    #[test]
    fn a_token_bucket_keeps_its_bounds(quota in quotas(), requests in requests()) {
        let passed = admitted(&TokenBucket::new(&quota), quota.burst(), &times(&quota, &requests));
        prop_assert!(most_within(&passed, Duration::from_nanos(1)) <= quota.burst());
        prop_assert!(most_within(&passed, quota.window()) < quota.limit() + quota.burst());
    }

    #[test]
    fn a_fixed_window_keeps_its_bounds(quota in quotas(), requests in requests()) {
        let passed = admitted(&FixedWindow::new(&quota), quota.limit(), &times(&quota, &requests));
        prop_assert!(most_within(&passed, Duration::from_nanos(1)) <= quota.limit());
        prop_assert!(most_within(&passed, quota.window()) <= 2 * quota.limit());
    }

    #[test]
    fn two_counters_keep_their_bounds(quota in quotas(), requests in requests()) {
        let passed = admitted(&TwoCounter::new(&quota), quota.limit(), &times(&quota, &requests));
        prop_assert!(most_within(&passed, Duration::from_nanos(1)) <= quota.limit());
        prop_assert!(most_within(&passed, quota.window()) < 2 * quota.limit() || quota.limit() == 1);
    }

    /// Requests that come evenly, faster than the limit, are let through at the limit: nobody loses what is theirs.
    #[test]
    fn a_steady_caller_gets_the_limit(limit in 2_u32..30, millis in 1_u64..5_000, factor in 2_u64..5) {
        let quota = Quota::new(limit, Duration::from_millis(millis)).unwrap();
        let step = u64::try_from(quota.window().as_nanos()).unwrap() / (u64::from(quota.limit()) * factor);
        let steady: Vec<_> = (0..u64::from(quota.limit()) * factor * 10).map(|i| (START + i * step, 1)).collect();
        let limit = quota.limit() as usize;
        let fair = |passed: usize| passed >= 10 * limit - 10 && passed <= 11 * limit + 10;
        prop_assert!(fair(admitted(&Gcra::new(&quota), quota.burst(), &steady).len()));
        prop_assert!(fair(admitted(&TokenBucket::new(&quota), quota.burst(), &steady).len()));
        prop_assert!(fair(admitted(&FixedWindow::new(&quota), quota.limit(), &steady).len()));
    }
}

#[test]
fn a_limit_is_admitted_at_once_and_no_more() {
    let quota = Quota::new(100, Duration::from_mins(1)).unwrap();
    let crowd: Vec<_> = (0..2_000).map(|_| (START, 1)).collect();
    assert_eq!(admitted(&Gcra::new(&quota), 100, &crowd).len(), 100);
    assert_eq!(admitted(&TokenBucket::new(&quota), 100, &crowd).len(), 100);
    assert_eq!(admitted(&FixedWindow::new(&quota), 100, &crowd).len(), 100);
    assert_eq!(admitted(&TwoCounter::new(&quota), 100, &crowd).len(), 100);
}

#[test]
fn a_cost_above_what_may_come_at_once_never_passes() {
    let quota = Quota::new(10, Duration::from_secs(1)).unwrap();
    assert!(!Gcra::new(&quota).decide(None, START, 11).0.admitted);
    assert!(!TokenBucket::new(&quota).decide(None, START, 11).0.admitted);
    assert!(!FixedWindow::new(&quota).decide(None, START, u32::MAX).0.admitted);
    assert!(!TwoCounter::new(&quota).decide(None, START, u32::MAX).0.admitted);
}
