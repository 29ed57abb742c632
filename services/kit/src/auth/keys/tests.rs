use std::cell::Cell;

use serde_json::{Value, json};

use super::proven::CAPACITY;
use super::{Algorithm, KeyError, KeySet, MIN_SECRET_BYTES, Proven, VerificationKey};
use crate::auth::TokenKind;
use crate::auth::test_support::{eddsa_key, es256_key, jwks, token};

mod published;

fn set(keys: &[Value]) -> Result<KeySet, KeyError> {
    KeySet::from_jwks(json!({ "keys": keys }).to_string().as_bytes())
}

fn jwk(key: &crate::auth::SigningKey) -> Value {
    serde_json::to_value(key.public().unwrap()).unwrap()
}

fn changed(mut key: Value, name: &str, value: Value) -> Value {
    key[name] = value;
    key
}

#[test]
fn a_secret_has_at_least_the_size_of_the_hash() {
    let short = VerificationKey::hs256(None, &[7; MIN_SECRET_BYTES - 1]);
    assert_eq!(short.unwrap_err(), KeyError::ShortSecret(31));
    assert!(VerificationKey::hs256(None, &[7; MIN_SECRET_BYTES]).is_ok());
}

#[test]
fn the_type_of_a_key_decides_its_algorithm() {
    let (ec, ed) = (es256_key(), eddsa_key());
    let keys = KeySet::from_jwks(&jwks([&ec, &ed])).unwrap();
    let known: Vec<_> = keys.keys().map(|key| (key.id(), key.algorithm())).collect();
    assert_eq!(known, [(ec.id(), Algorithm::Es256), (ed.id(), Algorithm::EdDsa)]);
}

/// RFC 8037, appendix A.3: an Ed25519 public key and its thumbprint.
#[test]
fn the_thumbprint_is_that_of_the_rfc() {
    let seed = [
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44,
        0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
    ];
    let pkcs8 = [
        &[
            0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
        ][..],
        &seed,
    ]
    .concat();
    let key = crate::auth::SigningKey::from_pkcs8(Algorithm::EdDsa, &pkcs8).unwrap();
    assert_eq!(key.id(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    assert_eq!(jwk(&key)["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
}

#[test]
fn a_good_signature_is_remembered_and_nothing_else() {
    let proven = Proven::default();
    let count = Cell::new(0);
    let check = |message: &str, signature, is_good| {
        proven.or_check(message.as_bytes(), signature, || {
            count.set(count.get() + 1);
            is_good
        })
    };
    assert!(!check("message", "bad", false));
    assert!(check("message", "good", true));
    assert!(check("message", "good", false), "it was good");
    assert_eq!(count.get(), 2);
    for (message, signature) in [
        ("message", "bad"),
        ("messag", "egood"),
        ("messageg", "ood"),
        ("", "good"),
    ] {
        assert!(!check(message, signature, false), "{message} {signature}");
    }
    for number in 0..CAPACITY {
        assert!(check(&number.to_string(), "good", true));
    }
    assert!(!check("message", "good", false), "the latest only");
}

#[test]
fn what_a_key_remembers_goes_with_it() {
    let key = es256_key();
    let message = token(&key, TokenKind::Access);
    let (message, signature) = message.rsplit_once('.').unwrap();
    let mut other = jwk(&es256_key());
    other["kid"] = key.id().into();
    for (keys, is_good) in [(set(&[jwk(&key)]), true), (set(&[other]), false)] {
        let keys = keys.unwrap();
        for _ in 0..2 {
            let verified = keys
                .named(key.id())
                .any(|key| key.verifies(message.as_bytes(), signature));
            assert_eq!(verified, is_good);
        }
    }
}

#[test]
fn keys_that_are_not_for_our_signatures_are_left_out() {
    let (ec, ed) = (jwk(&es256_key()), jwk(&eddsa_key()));
    let secret = "A".repeat(43);
    let unusable = [
        json!({"kty": "oct", "k": secret, "kid": "s", "alg": "HS256"}),
        json!({"kty": "unheard of", "kid": "u"}),
        json!({}),
        json!("no key"),
        changed(ec.clone(), "use", json!("enc")),
        changed(ec.clone(), "key_ops", json!(["encrypt"])),
        changed(ec.clone(), "alg", json!("ES384")),
        changed(ec.clone(), "alg", json!("HS256")),
        changed(ec.clone(), "crv", json!("P-384")),
        changed(ec.clone(), "kid", json!("")),
        changed(ec.clone(), "kid", json!(null)),
        changed(ec.clone(), "x", json!("AA")),
        changed(ec.clone(), "x", json!("=".repeat(43))),
        changed(ec.clone(), "d", json!(secret)),
        changed(ed.clone(), "crv", json!("X25519")),
        changed(ed, "d", json!(secret)),
    ];
    for key in unusable {
        assert_eq!(
            set(std::slice::from_ref(&key)).unwrap_err(),
            KeyError::NoUsableKey,
            "{key}"
        );
        // Beside a good one they do no harm (RFC 7517, section 5).
        assert_eq!(
            set(&[key.clone(), ec.clone()]).unwrap().keys().count(),
            1,
            "{key}"
        );
    }
}

#[test]
fn a_set_that_can_be_read_two_ways_is_refused() {
    let (one, other) = (jwk(&es256_key()), jwk(&eddsa_key()));
    let same = changed(other.clone(), "kid", one["kid"].clone());
    assert_eq!(set(&[one.clone(), same]).unwrap_err(), KeyError::DuplicateKeyId);
    let twice = format!("{{\"keys\":[{one}],\"keys\":[{other}]}}");
    for document in [twice.as_str(), "", "[]", "{}", "{\"keys\":{}}", "<html>"] {
        let refused = KeySet::from_jwks(document.as_bytes()).unwrap_err();
        assert_eq!(refused, KeyError::NotAKeySet, "{document}");
    }
    assert_eq!(set(&[]).unwrap_err(), KeyError::NoUsableKey);
}

#[test]
fn algorithms_have_one_spelling() {
    for algorithm in Algorithm::ALL {
        assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
        assert_eq!(Algorithm::from_name(&algorithm.name().to_lowercase()), None);
    }
}
