use std::time::Duration;

use proptest::prelude::*;

use super::*;

#[test]
fn a_host_that_fails_for_everybody_gets_a_fraction_of_retries() {
    let now = Instant::now();
    let mut budget = RetryBudget::new(BudgetLimits::default(), now);
    let retries = (0..1000).filter(|_| {
        budget.deposit(now);
        budget.withdraw(now)
    });
    // Ten saved up and one for five requests.
    assert!((205..=211).contains(&retries.count()));
}

#[test]
fn a_quiet_host_gets_its_retries_back_with_time() {
    let start = Instant::now();
    let mut budget = RetryBudget::new(BudgetLimits::default(), start);
    assert_eq!((0..20).filter(|_| budget.withdraw(start)).count(), 10);
    let later = start + Duration::from_secs(3);
    assert_eq!((0..20).filter(|_| budget.withdraw(later)).count(), 3);
    assert_eq!(
        (0..20)
            .filter(|_| budget.withdraw(start + Duration::from_hours(1)))
            .count(),
        10
    );
}

proptest! {
    /// Whatever the order of first tries, retries and time: never more retries than what was saved, earned and given.
    #[test]
    fn retries_are_bounded(
        steps in prop::collection::vec((0..3_u8, 0..2000_u64), 1..300),
        ratio in 0.0..1.0_f64, per_second in 0.0..5.0_f64, most in 0.0..20.0_f64,
    ) {
        let limits = BudgetLimits { ratio, per_second, most };
        let start = Instant::now();
        let (mut now, mut first_tries, mut retries) = (start, 0.0, 0.0);
        let mut budget = RetryBudget::new(limits, now);
        for (kind, millis) in steps {
            match kind {
                0 => { budget.deposit(now); first_tries += 1.0; }
                1 => if budget.withdraw(now) { retries += 1.0; },
                _ => now += Duration::from_millis(millis),
            }
            let bound = most + first_tries * ratio + (now - start).as_secs_f64() * per_second;
            prop_assert!(retries <= bound + 1e-6, "{retries} > {bound}");
        }
    }

    /// Time that seems to go back changes nothing.
    #[test]
    fn earlier_times_bring_nothing(back in 0..10_000_u64) {
        let before = Instant::now();
        let now = before + Duration::from_millis(back);
        let mut budget = RetryBudget::new(BudgetLimits::default(), now);
        while budget.withdraw(now) {}
        prop_assert!(!budget.withdraw(before));
        prop_assert!(!budget.withdraw(now));
    }
}
