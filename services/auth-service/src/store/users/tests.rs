use proptest::prelude::*;

use super::folded;

#[test]
fn letters_of_any_script_lose_their_case() {
    for (one, other) in [
        ("Alice", "aLICE"),
        ("STRASSE", "straße"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("ИВАН", "иван"),
        ("K", "k"),
    ] {
        assert_eq!(folded(one), folded(other), "{one} {other}");
    }
    assert_ne!(
        folded("alice"),
        folded("alicе"),
        "the second has a Cyrillic letter"
    );
}

/// Each character, its capital and its small letter are one; and folding twice is folding once.
#[test]
fn every_character_is_folded_alike_in_any_case() {
    for character in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
        let text = character.to_string();
        let once = folded(&text);
        assert_eq!(once, folded(&once), "{character:?}");
        assert_eq!(once, folded(&text.to_uppercase()), "{character:?}");
        assert_eq!(once, folded(&text.to_lowercase()), "{character:?}");
    }
}

proptest! {
    #[test]
    fn whole_logins_too(login in any::<String>()) {
        let once = folded(&login);
        prop_assert_eq!(&once, &folded(&once));
        prop_assert_eq!(&once, &folded(&login.to_uppercase()));
        prop_assert_eq!(&once, &folded(&login.to_lowercase()));
    }
}
