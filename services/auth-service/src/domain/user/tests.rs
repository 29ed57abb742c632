use proptest::prelude::*;

use super::folded;

#[test]
fn letters_of_any_script_lose_their_case() {
    for (one, other) in [
        ("Alice", "aLICE"),
        ("STRASSE", "straße"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("ИВАН", "иван"),
    ] {
        assert_eq!(folded(one), folded(other), "{one} {other}");
    }
    assert_ne!(
        folded("alice"),
        folded("alicе"),
        "the second has a Cyrillic letter"
    );
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
