use proptest::prelude::*;

use super::{AccessTokenId, RefreshTokenId, TokenIdError, family_of};
use crate::domain::test_support::uuid;

#[test]
fn names_begin_with_their_family() {
    let of = RefreshTokenId {
        family: uuid(1),
        generation: 7,
    };
    let access = AccessTokenId { of, serial: 0xab };
    assert_eq!(of.to_string(), "00000000-0000-0000-0000-000000000001.7");
    assert_eq!(
        access.to_string(),
        "00000000-0000-0000-0000-000000000001.7.00000000000000ab"
    );
    assert_eq!(family_of(&of.to_string()), Some(uuid(1)));
    assert_eq!(family_of(&access.to_string()), Some(uuid(1)));
    for other in ["", "x", "x.7", "00000000-0000-0000-0000-000000000001"] {
        assert_eq!(family_of(other), None, "{other}");
    }
}

#[test]
fn there_is_one_spelling() {
    for text in [
        "",
        ".",
        "x.1",
        "00000000-0000-0000-0000-000000000001",
        "00000000-0000-0000-0000-000000000001.",
        "00000000-0000-0000-0000-000000000001.-1",
        "00000000-0000-0000-0000-000000000001.+1",
        "00000000-0000-0000-0000-000000000001.01",
        "00000000-0000-0000-0000-000000000001.1.00000000000000ab",
        "00000000-0000-0000-0000-00000000000A.1",
        "00000000000000000000000000000001.1",
        "00000000-0000-0000-0000-000000000001.9223372036854775808",
    ] {
        assert_eq!(text.parse::<RefreshTokenId>(), Err(TokenIdError), "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(family: u128, generation in 0..=i64::MAX) {
        let id = RefreshTokenId { family: uuid(family), generation };
        prop_assert_eq!(id.to_string().parse(), Ok(id));
    }
}
