use std::collections::HashSet;

use super::*;

/// What the first failures in a row wait for at most.
const LONGEST: [u64; 12] = [
    500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000,
];

fn assert_pause(failures: u32, milliseconds: u64) {
    let longest = Duration::from_millis(milliseconds);
    let pause = pause(failures, &Key::new("clinic", "records"), &RandomState::new());
    assert!(
        pause <= longest && pause >= longest.mul_f64(0.75),
        "{pause:?} of {longest:?} after {failures} failures"
    );
}

#[test]
fn pauses_double_up_to_five_minutes_less_a_quarter_at_most() {
    for (failures, milliseconds) in (1..).zip(LONGEST) {
        assert_pause(failures, milliseconds);
    }
    assert_pause(u32::MAX, 300_000);
    assert_pause(0, 500);
}

#[test]
fn services_that_failed_together_come_back_apart() {
    let random = RandomState::new();
    let pauses: HashSet<_> = (0..100)
        .map(|number| pause(1, &Key::new("clinic", &format!("service-{number}")), &random))
        .collect();
    assert!(pauses.len() > 50, "only {} different pauses", pauses.len());
}
