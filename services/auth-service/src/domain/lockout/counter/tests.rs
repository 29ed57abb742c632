use std::collections::BTreeSet;

use secrecy::SecretSlice;

use super::LockoutKey;
use crate::domain::test_support::uuid;

fn key(byte: u8) -> LockoutKey {
    LockoutKey::new(&SecretSlice::from(vec![byte; 32]))
}

#[test]
fn each_counter_has_a_digest_of_its_own() {
    let one = key(1);
    let ip = |text: &str| text.parse().unwrap();
    let all = [
        one.account("alice"),
        one.account("bob"),
        one.device("alice", uuid(1)),
        one.device("alice", uuid(2)),
        one.device("bob", uuid(1)),
        one.source(ip("192.0.2.1")),
        one.source(ip("192.0.2.2")),
        one.source(ip("2001:db8::1")),
        one.source(ip("2001:db8:0:1::1")),
        key(2).account("alice"),
    ];
    let digests: BTreeSet<_> = all.iter().map(|digest| *digest.as_bytes()).collect();
    assert_eq!(digests.len(), all.len());
}

#[test]
fn case_and_the_rest_of_an_address_do_not_count() {
    let key = key(1);
    let ip = |text: &str| text.parse().unwrap();
    assert_eq!(key.account("Alice"), key.account("aLICE"));
    assert_eq!(key.device("STRASSE", uuid(1)), key.device("straße", uuid(1)));
    assert_eq!(key.source(ip("2001:db8::1")), key.source(ip("2001:db8::ffff:1")));
    assert_eq!(key.source(ip("192.0.2.1")), key.source(ip("::ffff:192.0.2.1")));
}

#[test]
fn debug_shows_nothing() {
    assert_eq!(format!("{:?}", key(1)), "LockoutKey(..)");
}
