use std::collections::HashSet;

use super::*;

fn population(seed: u64) -> Population {
    Population::of(Seed::try_from(seed).unwrap())
}

/// All two million, for a few seeds: no two patients share a number.
#[test]
fn numbers_are_unique_within_a_seed() {
    for seed in [0, 42] {
        let population = population(seed);
        let mut ssns = vec![false; usize::try_from(Index::COUNT).unwrap()];
        let mut mrns = HashSet::with_capacity(ssns.len());
        for index in Index::FIRST.up_to(Index::COUNT) {
            let ssn = usize::try_from(population.ssn.apply(index)).unwrap();
            assert!(
                !std::mem::replace(&mut ssns[ssn], true),
                "seed {seed}, patient {index}"
            );
            assert!(
                mrns.insert(population.mrn.apply(index)),
                "seed {seed}, patient {index}"
            );
        }
    }
}

#[test]
fn numbers_fit_their_text() {
    let population = population(42);
    for index in Index::FIRST.up_to(10_000) {
        assert!(
            is_unassignable(&population.ssn(index)),
            "{}",
            population.ssn(index)
        );
        assert_eq!(population.mrn(index).len(), 12);
    }
}

#[test]
fn other_seeds_spread_otherwise() {
    assert_ne!(population(1).ssn(Index::FIRST), population(2).ssn(Index::FIRST));
    assert_ne!(population(1).mrn(Index::FIRST), population(2).mrn(Index::FIRST));
}
