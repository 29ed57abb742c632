use std::hash::RandomState;
use std::net::IpAddr;

use super::*;

fn keys() -> Vec<Key<'static>> {
    let network = |text: &str| Key::network(text.parse::<IpAddr>().unwrap().into());
    vec![
        Key::user("ab"),
        Key::user("a"),
        Key::user("a").at("GET", "/b"),
        Key::user("a").at("GETb", "/"),
        Key::api_key(b"ab"),
        Key::named("ab"),
        Key::endpoint("GET", "/b"),
        Key::endpoint("POST", "/b"),
        Key::network(ClientNetwork::UNKNOWN),
        network("192.0.2.1"),
        network("192.0.2.2"),
        network("2001:db8::1"),
        network("2001:db8:0:1::1"),
        network("c000:201::"),
    ]
}

#[test]
fn no_two_keys_are_one() {
    let hasher = RandomState::new();
    let digests: std::collections::BTreeSet<_> = keys().iter().map(Key::digest).collect();
    let fingerprints: std::collections::BTreeSet<_> =
        keys().iter().map(|key| key.fingerprint(&hasher)).collect();
    assert_eq!((digests.len(), fingerprints.len()), (keys().len(), keys().len()));
}

#[test]
fn a_digest_is_the_same_in_every_process() {
    // Computed elsewhere.
    assert_eq!(
        Key::user("a").at("GET", "/b").digest(),
        "3dfa9c96691849d8610860d9d4444111"
    );
}

#[test]
fn nothing_of_a_key_is_shown() {
    let shown = format!("{:?} {:?}", Key::user("jane-roe"), Key::api_key(b"sk-live"));
    assert_eq!(shown, "Key(user) Key(API key)");
    let kept = Key::api_key(b"sk-live").digest();
    assert!(!kept.contains("sk") && kept.len() == 32 && kept.bytes().all(|c| c.is_ascii_hexdigit()));
}
