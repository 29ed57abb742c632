use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Attempts, Locked, LockoutRules};
use crate::domain::test_support::{after, noon};

const RULES: LockoutRules = LockoutRules::of_account();

fn seconds(duration: SignedDuration) -> i64 {
    duration.as_secs()
}

/// One who tries again as soon as it is allowed: the waits.
fn waits(rules: &LockoutRules, attempts: usize) -> Vec<i64> {
    let (mut counter, mut now) = (Attempts::default(), noon());
    let mut waits = Vec::new();
    for _ in 0..attempts {
        counter = counter.attempt(rules, now).unwrap();
        let until = counter.locked_until.unwrap();
        waits.push(seconds(until.duration_since(now)));
        now = until;
    }
    waits
}

#[test]
fn waits_grow_and_the_tenth_attempt_locks_for_half_an_hour() {
    let expected = [
        0, 0, 0, 1, 2, 4, 8, 16, 32, 1800, 3600, 7200, 14_400, 14_400, 14_400,
    ];
    assert_eq!(waits(&RULES, 15), expected);
    assert_eq!(waits(&RULES, 200).last(), Some(&14_400));
    assert_eq!(&waits(&LockoutRules::of_source(), 101)[99..], [0, 1]);
}

#[test]
fn a_locked_counter_tells_until_when_and_does_not_grow() {
    let locked = Attempts {
        failures: 10,
        first_at: Some(noon()),
        locked_until: Some(after(1800)),
    };
    assert!(locked.has_locked(&RULES));
    for second in [0, 1, 1799] {
        assert_eq!(
            locked.attempt(&RULES, after(second)),
            Err(Locked { until: after(1800) })
        );
    }
    let next = locked.attempt(&RULES, after(1800)).unwrap();
    assert_eq!((next.failures, next.first_at), (11, Some(noon())));
}

/// Requests cross, and the clock of one replica is ahead of another's.
#[test]
fn attempts_that_are_free_may_come_in_any_order() {
    let ahead = Attempts::default().attempt(&RULES, after(300)).unwrap();
    let right = ahead.attempt(&RULES, noon()).unwrap();
    let last = right.attempt(&RULES, after(299)).unwrap();
    assert_eq!(last.failures, 3);
    // The fourth is the last that is not made to wait, the fifth is.
    let fourth = last.attempt(&RULES, after(10)).unwrap();
    assert_eq!(
        fourth.attempt(&RULES, after(10)),
        Err(Locked { until: after(11) })
    );
}

#[test]
fn attempts_are_forgotten_a_day_after_the_wait() {
    let locked = Attempts {
        failures: 10,
        first_at: Some(noon()),
        locked_until: Some(after(1800)),
    };
    let day = 86_400;
    assert_eq!(
        locked.attempt(&RULES, after(1800 + day - 1)).unwrap().failures,
        11
    );
    let fresh = locked.attempt(&RULES, after(1800 + day)).unwrap();
    assert_eq!((fresh.failures, fresh.first_at), (1, Some(after(1800 + day))));
    assert!(Attempts::default().is_forgotten(&RULES, noon()));
}

#[test]
fn the_right_password_clears_an_account_and_gives_a_source_its_attempt_back() {
    assert_eq!(Attempts::cleared(), Attempts::default());
    let rules = LockoutRules::of_source();
    let mut counter = Attempts::default();
    for second in 0..99 {
        counter = counter.attempt(&rules, after(second)).unwrap();
    }
    let before = counter;
    let right = counter.attempt(&rules, after(99)).unwrap().taken_back(after(99));
    assert_eq!(right.failures, before.failures);
    assert_eq!(right.first_at, before.first_at);
    assert!(right.attempt(&rules, after(99)).is_ok());
    let one = Attempts::default().attempt(&rules, noon()).unwrap();
    assert_eq!(one.taken_back(noon()), Attempts::default());
}

/// Strangers and the owner's device do not share a counter, so that the owner can log in while strangers are locked out.
#[test]
fn strangers_do_not_lock_the_owners_device() {
    let (mut strangers, device) = (Attempts::default(), Attempts::default());
    let mut now = noon();
    while strangers.failures < 10 {
        strangers = strangers.attempt(&RULES, now).unwrap();
        now = strangers.locked_until.unwrap();
    }
    assert!(strangers.attempt(&RULES, after(60)).is_err());
    assert!(device.attempt(&RULES, after(60)).is_ok());
}

/// The instants at which somebody got to guess, who tried at all of these.
fn admitted(gaps: &[i64]) -> Vec<Timestamp> {
    let (mut counter, mut now) = (Attempts::default(), noon());
    let mut admitted = Vec::new();
    for gap in gaps {
        now += SignedDuration::from_secs(*gap);
        if let Ok(next) = counter.attempt(&RULES, now) {
            counter = next;
            admitted.push(now);
        }
    }
    admitted
}

fn gaps() -> impl Strategy<Value = Vec<i64>> {
    let gap = prop_oneof![0i64..3, 0i64..60, 0i64..4000, 80_000i64..110_000];
    prop::collection::vec(gap, 0..120)
}

proptest! {
    /// PCI DSS 8.3.4: at most 10 attempts, then 30 minutes, whatever the pauses between them.
    #[test]
    fn no_more_than_ten_attempts_without_half_an_hour(gaps in gaps()) {
        let admitted = admitted(&gaps);
        for attempts in admitted.windows(11) {
            let longest = attempts.windows(2).map(|two| two[1].duration_since(two[0])).max();
            prop_assert!(longest >= Some(RULES.lock));
        }
    }

    /// Whoever tries, waits: an attempt that is refused tells how long, and then is admitted.
    #[test]
    fn a_wait_is_kept_to(failures in 0i64..40, since in 0i64..20_000) {
        let counter = Attempts { failures, first_at: Some(noon()), locked_until: Some(after(since)) };
        match counter.attempt(&RULES, noon()) {
            Err(Locked { until }) => prop_assert!(counter.attempt(&RULES, until).is_ok()),
            Ok(next) => {
                prop_assert!(since == 0 || failures <= i64::from(RULES.free));
                prop_assert_eq!(next.failures, failures + 1);
            }
        }
    }

    /// Attempts at one instant: counted before the password is looked at, all but the first few wait.
    #[test]
    fn guesses_in_parallel_do_not_slip_through(count in 1usize..100) {
        prop_assert_eq!(admitted(&vec![0; count]).len(), count.min(4));
    }

    #[test]
    fn no_state_is_too_strange(failures: i64, first in any::<i32>(), until in any::<i32>(), taken_back: bool) {
        let counter = Attempts { failures, first_at: Some(after(first.into())), locked_until: Some(after(until.into())) };
        if let Ok(next) = counter.attempt(&RULES, noon()) {
            prop_assert!(next.locked_until >= Some(noon()));
            prop_assert!(!taken_back || next.taken_back(noon()).failures <= next.failures);
        }
    }
}
