use std::collections::BTreeSet;

use super::*;

const LEASE: Duration = Duration::from_secs(6);

fn rounds(seed: u64, count: usize) -> Vec<Vec<Planned>> {
    let mut deck = Deck::of(seed);
    (0..count)
        .map(|_| deck.round(5, Duration::from_secs(15), LEASE))
        .collect()
}

#[test]
fn three_rounds_of_five_see_every_fault() {
    for seed in 0..50 {
        let seen: BTreeSet<_> = rounds(seed, 3)
            .into_iter()
            .flatten()
            .map(|one| one.fault)
            .collect();
        assert_eq!(seen.len(), Fault::ALL.len());
    }
}

#[test]
fn a_seed_is_a_schedule() {
    assert_eq!(rounds(3, 4), rounds(3, 4));
    assert_ne!(rounds(3, 4), rounds(4, 4));
}

#[test]
fn faults_overlap_but_not_those_that_exclude_each_other() {
    let all: Vec<_> = (0..50).flat_map(|seed| rounds(seed, 4)).collect();
    let mut overlaps = 0;
    for round in &all {
        for (number, one) in round.iter().enumerate() {
            for other in round
                .iter()
                .skip(number + 1)
                .filter(|other| other.begins < one.ends())
            {
                assert_ne!(one.fault.group(), other.fault.group(), "{one:?} {other:?}");
                overlaps += 1;
            }
        }
    }
    assert!(
        overlaps > all.len(),
        "{overlaps} overlaps in {} rounds",
        all.len()
    );
}

#[test]
fn a_paused_leader_is_paused_for_longer_than_its_lease() {
    let paused = (0..50)
        .flat_map(|seed| rounds(seed, 4))
        .flatten()
        .filter(|one| matches!(one.fault, Fault::LeaderPaused | Fault::LeaderCutOff));
    assert!(
        paused
            .map(|one| one.lasts)
            .all(|lasts| lasts > LEASE + Duration::from_secs(3))
    );
}
