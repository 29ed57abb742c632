use super::*;

fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

#[test]
fn fixed_clock_stays() {
    let clock = Clock::fixed(noon());
    assert_eq!(clock.now(), noon());
    assert_eq!(clock.now(), clock.clone().now());
}

#[test]
fn manual_clock_moves_every_clone() {
    let (clock, hand) = Clock::manual(noon());
    let copy = clock.clone();
    hand.advance(SignedDuration::from_mins(90));
    assert_eq!(copy.now().to_string(), "2026-11-21T13:30:00Z");
    hand.advance(SignedDuration::from_hours(-2));
    assert_eq!(clock.now().to_string(), "2026-11-21T11:30:00Z");
}

#[test]
fn system_clock_is_not_before_this_was_written() {
    assert!(Clock::system().now() > "2026-01-01T00:00:00Z".parse().unwrap());
}
