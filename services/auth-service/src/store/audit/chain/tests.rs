use proptest::prelude::*;

use super::*;

fn event(text: &str) -> Unchained {
    Unchained {
        at: "2026-11-21T12:00:00Z".parse().unwrap(),
        canonical: text.to_owned(),
    }
}

/// `(head -c 39 /dev/zero; printf '\x01{}') | sha256sum`
#[test]
fn hash_is_over_previous_place_and_text() {
    let entry = follow(&beginning(Uuid::nil()), &event("{}"));
    let sha256sum = "1bad765d926feacace97a8ddcd329a1f4254c208affc1ba86b3c7d59e8fba83e";
    let hash = (0..64)
        .step_by(2)
        .map(|at| u8::from_str_radix(&sha256sum[at..at + 2], 16).unwrap());
    assert!(entry.hash.into_iter().eq(hash));
}

proptest! {
    #[test]
    fn each_entry_follows_on_the_one_before(texts in prop::collection::vec(any::<String>(), 1..20), seq in 0..1000_i64) {
        let start = Head { seq, ..beginning(Uuid::nil()) };
        let events: Vec<_> = texts.iter().map(|text| event(text)).collect();
        let entries = chained(start, events.iter());
        prop_assert_eq!(entries.len(), events.len());
        let mut head = start;
        for (entry, event) in entries.iter().zip(&events) {
            prop_assert_eq!(entry, &follow(&head, event));
            prop_assert_eq!((entry.seq, entry.previous), (head.seq + 1, head.hash));
            head = head_of(entry);
        }
    }

    #[test]
    fn another_text_place_or_predecessor_is_another_hash(
        texts in (any::<String>(), any::<String>()),
        places in (any::<i64>(), any::<i64>()),
        bit in 0..256_usize,
    ) {
        let zeros = [0; 32];
        let mut other = zeros;
        other[bit / 8] ^= 1 << (bit % 8);
        let base = hash(&zeros, places.0, &texts.0);
        prop_assert_ne!(base, hash(&other, places.0, &texts.0));
        prop_assert_eq!(base == hash(&zeros, places.1, &texts.0), places.0 == places.1);
        prop_assert_eq!(base == hash(&zeros, places.0, &texts.1), texts.0 == texts.1);
    }
}
