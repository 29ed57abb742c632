use super::*;

fn drawn(seed: u64, purpose: &str) -> Vec<usize> {
    let mut dice = Dice::of(seed, purpose);
    (0..20).map(|_| dice.below(1000)).collect()
}

#[test]
fn the_same_seed_and_purpose_give_the_same_choices() {
    assert_eq!(drawn(1, "faults"), drawn(1, "faults"));
    assert_ne!(drawn(1, "faults"), drawn(2, "faults"));
    assert_ne!(drawn(1, "faults"), drawn(1, "user"));
}

#[test]
fn bounds_hold() {
    let mut dice = Dice::of(7, "bounds");
    assert_eq!(dice.below(0), 0);
    let seen: std::collections::BTreeSet<_> = (0..200).map(|_| dice.between(3, 5)).collect();
    assert_eq!(seen, [3, 4, 5].into());
    assert!((0..50).all(|_| dice.happens(100) && !dice.happens(0)));
    assert_eq!(dice.pick::<u8>(&[]), None);
}

#[test]
fn shuffling_loses_nothing() {
    let mut items: Vec<_> = (0..50).collect();
    Dice::of(7, "shuffle").shuffle(&mut items);
    assert_ne!(items, (0..50).collect::<Vec<_>>());
    items.sort_unstable();
    assert_eq!(items, (0..50).collect::<Vec<_>>());
}
