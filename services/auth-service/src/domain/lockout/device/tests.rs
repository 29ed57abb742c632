use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretSlice};
use uuid::Uuid;

use crate::domain::lockout::counter::LockoutKey;
use crate::domain::test_support::{after, noon, uuid};

const HALF_A_YEAR: i64 = 180 * 86_400;

fn key(byte: u8) -> LockoutKey {
    LockoutKey::new(&SecretSlice::from(vec![byte; 32]))
}

fn cookie() -> String {
    key(1)
        .device_cookie("alice", uuid(7), noon())
        .expose_secret()
        .to_owned()
}

fn known(login: &str, cookie: &str, second: i64) -> Option<Uuid> {
    key(1).known_device(login, cookie, after(second))
}

#[test]
fn a_device_is_known_for_its_login_and_half_a_year() {
    assert_eq!(known("Alice", &cookie(), 0), Some(uuid(7)));
    assert_eq!(known("alice", &cookie(), HALF_A_YEAR - 1), Some(uuid(7)));
    assert_eq!(known("alice", &cookie(), HALF_A_YEAR), None);
    assert_eq!(known("alice", &cookie(), -60), Some(uuid(7)));
    assert_eq!(known("alice", &cookie(), -61), None);
    assert_eq!(known("bob", &cookie(), 0), None);
    assert_eq!(key(2).known_device("alice", &cookie(), noon()), None);
}

#[test]
fn what_was_not_made_here_is_unknown() {
    let cookie = cookie();
    let parts: Vec<_> = cookie.split('.').collect();
    let younger = format!("{}.{}.{}", parts[0], noon().as_second() + 1, parts[2]);
    let other = format!("{}.{}.{}", uuid(8), parts[1], parts[2]);
    for text in [
        "",
        ".",
        "..",
        "a.b.c",
        &cookie[1..],
        &younger,
        &other,
        &format!("{cookie}A"),
    ] {
        assert_eq!(known("alice", text, 0), None, "{text}");
    }
}

proptest! {
    #[test]
    fn a_changed_letter_makes_it_unknown(at in any::<prop::sample::Index>(), letter in "[ -~]") {
        let cookie = cookie();
        let at = at.index(cookie.len());
        let mut changed = cookie.clone();
        changed.replace_range(at..=at, &letter);
        // A UUID has letters in either case; the device stays the same.
        let is_known = known("alice", &changed, 0).is_some();
        prop_assert_eq!(is_known, changed.eq_ignore_ascii_case(&cookie) && (at < 36 || changed == cookie));
    }

    #[test]
    fn no_cookie_is_too_strange(text in "\\PC{0,60}") {
        prop_assert_eq!(known("alice", &text, 0), None);
    }
}
