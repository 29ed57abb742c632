use proptest::prelude::*;
use serde_json::json;

use super::{EntryHash, Head, hash};
use crate::domain::audit::tests::issued;
use crate::domain::test_support::uuid;

#[test]
fn entries_follow_one_another() {
    let beginning = Head::beginning(uuid(1));
    let one = beginning.follow(&issued()).unwrap();
    let two = one.head().follow(&issued()).unwrap();
    assert_eq!((one.seq, two.seq), (1, 2));
    assert_eq!(one.previous, EntryHash::default());
    assert_eq!(two.previous, one.hash);
    assert_ne!(one.hash, two.hash);
    assert_eq!(two.at, issued().at);
}

/// Of 32 zeros, seven zeros and a one, and "a"; by `sha256sum`.
#[test]
fn the_hash_is_over_previous_place_and_text() {
    let expected = "00f87f5348b32d1caf5e59cbfadc31d568b7b2d04679e0d52b5aad8c5d4dfeed";
    assert_eq!(hash(&EntryHash::default(), 1, "a").to_string(), expected);
}

#[test]
fn a_hash_is_read_in_one_spelling() {
    let text = "0123456789abcdef".repeat(4);
    let read = |text: &str| serde_json::from_value::<EntryHash>(json!(text));
    assert_eq!(read(&text).unwrap().to_string(), text);
    for other in [
        "",
        &text[1..],
        &text.to_uppercase(),
        &format!("{text}0"),
        &text.replace("01", "+1"),
        &text.replace('0', "ä"),
    ] {
        assert!(read(other).is_err(), "{other}");
    }
}

proptest! {
    #[test]
    fn hashes_come_back(bytes: [u8; 32]) {
        let text = serde_json::to_value(EntryHash(bytes)).unwrap();
        prop_assert_eq!(serde_json::from_value::<EntryHash>(text).unwrap(), EntryHash(bytes));
    }
}
