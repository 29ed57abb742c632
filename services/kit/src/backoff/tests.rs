use proptest::prelude::*;

use super::*;

const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(100),
    longest: Duration::from_secs(2),
};

#[test]
fn ceilings_double_up_to_the_longest() {
    let millis: Vec<_> = (0..7).map(|n| BACKOFF.ceiling(n).as_millis()).collect();
    assert_eq!(millis, [100, 200, 400, 800, 1600, 2000, 2000]);
    assert_eq!(BACKOFF.ceiling(u32::MAX), BACKOFF.longest);
}

proptest! {
    #[test]
    fn a_pause_is_within_its_ceiling(failures: u32, chance in -1.0..2.0_f64, first in 0..10_000_u64, longest in 0..60_000_u64) {
        let backoff = Backoff { first: Duration::from_millis(first), longest: Duration::from_millis(longest) };
        let pause = backoff.pause(failures, chance);
        prop_assert!(pause <= backoff.ceiling(failures) && backoff.ceiling(failures) <= backoff.longest);
    }

    #[test]
    fn the_whole_range_is_used(failures in 0..10_u32) {
        prop_assert_eq!(BACKOFF.pause(failures, 0.0), Duration::ZERO);
        prop_assert_eq!(BACKOFF.pause(failures, 1.0), BACKOFF.ceiling(failures));
    }
}

#[test]
fn chance_is_spread_over_its_range() {
    let mut quarters = [0; 4];
    for _ in 0..4000 {
        let value = chance();
        assert!((0.0..1.0).contains(&value));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 3")]
        let quarter = (value * 4.0) as usize;
        quarters[quarter] += 1;
    }
    // 1000 each; eight standard deviations are 220.
    assert!(
        quarters.iter().all(|count| (780..1220).contains(count)),
        "{quarters:?}"
    );
}
