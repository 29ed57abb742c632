use super::{MAX_PASSWORD_BYTES, NOBODYS, PasswordError, SALT_BYTES, check, hash, needs_rehash, verify};

fn made() -> String {
    hash(&"correct horse battery".into(), [1; SALT_BYTES]).unwrap()
}

#[test]
fn a_password_is_verified_by_its_string_alone() {
    let kept = made();
    assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
    assert!(verify(&"correct horse battery".into(), Some(&kept)));
    for wrong in [
        "correct horse batterz",
        "correct horse battery ",
        "",
        "Correct horse battery",
    ] {
        assert!(!verify(&wrong.into(), Some(&kept)), "{wrong}");
    }
    assert_ne!(
        kept,
        hash(&"correct horse battery".into(), [2; SALT_BYTES]).unwrap()
    );
    assert!(!needs_rehash(&kept));
}

/// A vector of the reference implementation (its `src/test.c`); its parameters are not ours.
#[test]
fn strings_of_others_are_verified_and_hashed_anew() {
    let kept = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    assert!(verify(&"password".into(), Some(kept)));
    assert!(!verify(&"sassword".into(), Some(kept)));
    assert!(needs_rehash(kept));
}

#[test]
fn nobody_has_the_password_of_unknown_logins() {
    assert!(!verify(&"correct horse battery".into(), None));
    assert!(!verify(&"".into(), None));
    // Not cheaper than a real one: it can be read, and its cost is ours.
    assert!(!needs_rehash(NOBODYS));
    assert!(!verify(&"correct horse battery".into(), Some(NOBODYS)));
}

#[test]
fn strings_that_are_none_verify_nothing() {
    for kept in ["", "$argon2id$", "password", "$2b$12$abcdefghijklmnopqrstuv"] {
        assert!(
            !verify(&"".into(), Some(kept)) && !verify(&kept.into(), Some(kept)),
            "{kept}"
        );
        assert!(needs_rehash(kept), "{kept}");
    }
}

#[test]
fn other_parameters_are_hashed_anew() {
    let kept = made();
    for (ours, other) in [
        ("m=19456", "m=9728"),
        ("t=2", "t=1"),
        ("argon2id", "argon2i"),
        ("v=19", "v=16"),
    ] {
        let other = kept.replace(ours, other);
        assert!(needs_rehash(&other), "{other}");
    }
}

#[test]
fn length_counts_characters_below_and_bytes_above() {
    let short = "é".repeat(11);
    assert_eq!(check(&short.into()), Err(PasswordError::TooShort));
    assert_eq!(check(&"é".repeat(12).into()), Ok(()));
    assert_eq!(check(&"🦀".repeat(64).into()), Ok(()));
    assert_eq!(
        check(&"a".repeat(MAX_PASSWORD_BYTES + 1).into()),
        Err(PasswordError::TooLong)
    );
    assert_eq!(
        hash(&"short".into(), [1; SALT_BYTES]),
        Err(PasswordError::TooShort)
    );
    assert!(!verify(&"a".repeat(MAX_PASSWORD_BYTES + 1).into(), Some(&made())));
}

/// NFC and NFD of the same letter are different passwords.
#[test]
fn nothing_is_normalised() {
    let kept = hash(&"caf\u{e9} caf\u{e9} caf\u{e9}".into(), [1; SALT_BYTES]).unwrap();
    assert!(!verify(
        &"cafe\u{301} cafe\u{301} cafe\u{301}".into(),
        Some(&kept)
    ));
}
