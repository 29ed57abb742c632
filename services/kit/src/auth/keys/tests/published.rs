//! Signatures that others have published, with whether they are good: those of Project Wycheproof, and the examples of RFCs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wycheproof::{TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify};

use super::super::{Algorithm, KeySet, VerificationKey};
use crate::auth::{Reason, signed_claims};

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A number as a JWK writes it: that many bytes.
fn number(bytes: &[u8], length: usize) -> String {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let digits = &bytes[start..];
    encode(&[vec![0; length - digits.len()].as_slice(), digits].concat())
}

/// The key as an issuer would publish it.
fn key(mut jwk: Value, algorithm: Algorithm) -> VerificationKey {
    jwk["kid"] = "published".into();
    jwk["alg"] = algorithm.name().into();
    let found = VerificationKey::from_jwk(&jwk).unwrap_or_else(|| panic!("{jwk}"));
    assert_eq!(found.algorithm(), algorithm);
    found
}

/// Signatures that were looked at.
#[derive(Debug, Default)]
struct Count {
    good: usize,
    bad: usize,
}

impl Count {
    fn check(
        &mut self,
        key: &VerificationKey,
        message: &[u8],
        signature: &[u8],
        result: TestResult,
        name: &str,
    ) {
        let is_good = key.verifies(message, &encode(signature));
        match result {
            TestResult::Valid => assert!(is_good, "{name}"),
            TestResult::Invalid => assert!(!is_good, "{name}"),
            // Either would do.
            TestResult::Acceptable => {}
        }
        if is_good {
            self.good += 1;
        } else {
            self.bad += 1;
        }
    }
}

fn curve(name: ecdsa::TestName, algorithm: Algorithm, curve: &str, length: usize) {
    let mut count = Count::default();
    for group in ecdsa::TestSet::load(name).unwrap().test_groups {
        let (x, y) = (
            number(&group.key.affine_x, length),
            number(&group.key.affine_y, length),
        );
        let jwk = json!({"kty": "EC", "crv": curve, "x": x, "y": y});
        let key = key(jwk, algorithm);
        for test in group.tests {
            let name = format!("{name:?} {}: {}", test.tc_id, test.comment);
            count.check(&key, &test.msg, &test.sig, test.result, &name);
        }
    }
    assert!(count.good > 170 && count.bad > 80, "{count:?}");
}

/// Among the wrong ones: zeros (CVE-2022-21449), numbers beyond the order, other lengths.
#[test]
fn ecdsa_signatures_are_judged_as_published() {
    curve(
        ecdsa::TestName::EcdsaSecp256r1Sha256P1363,
        Algorithm::Es256,
        "P-256",
        32,
    );
    curve(
        ecdsa::TestName::EcdsaSecp384r1Sha384P1363,
        Algorithm::Es384,
        "P-384",
        48,
    );
}

/// JWS has `r` and `s` side by side (RFC 7518, section 3.4): in DER none is good.
#[test]
fn no_ecdsa_signature_in_der_is_good() {
    let mut count = Count::default();
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).unwrap();
    for group in set.test_groups {
        let (x, y) = (number(&group.key.affine_x, 32), number(&group.key.affine_y, 32));
        let key = key(
            json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}),
            Algorithm::Es256,
        );
        for test in group.tests {
            let name = format!("{}: {}", test.tc_id, test.comment);
            count.check(&key, &test.msg, &test.sig, TestResult::Invalid, &name);
        }
    }
    assert!(count.bad > 400, "{count:?}");
}

#[test]
fn ed25519_signatures_are_judged_as_published() {
    let mut count = Count::default();
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    for group in set.test_groups {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": encode(&group.key.pk)});
        let key = key(jwk, Algorithm::EdDsa);
        for test in group.tests {
            let name = format!("{}: {}", test.tc_id, test.comment);
            count.check(&key, &test.msg, &test.sig, test.result, &name);
        }
    }
    assert!(count.good > 80 && count.bad > 60, "{count:?}");
}

/// Among the wrong ones: padding that is too short or holds something (Bleichenbacher 2006), other hashes.
#[test]
fn rsa_signatures_are_judged_as_published() {
    use rsa_pkcs1_verify::{TestName, TestSet};
    let sets = [
        (TestName::Rsa2048Sha256, Algorithm::Rs256),
        (TestName::Rsa3072Sha256, Algorithm::Rs256),
        (TestName::Rsa4096Sha256, Algorithm::Rs256),
        (TestName::Rsa2048Sha384, Algorithm::Rs384),
        (TestName::Rsa3072Sha384, Algorithm::Rs384),
        (TestName::Rsa4096Sha384, Algorithm::Rs384),
    ];
    let mut count = Count::default();
    for (name, algorithm) in sets {
        for group in TestSet::load(name).unwrap().test_groups {
            let number = |bytes: &[u8]| {
                let start = bytes.iter().position(|byte| *byte != 0).unwrap();
                encode(&bytes[start..])
            };
            let jwk = json!({"kty": "RSA", "n": number(&group.key.n), "e": number(&group.key.e)});
            let key = key(jwk, algorithm);
            for test in group.tests {
                let name = format!("{name:?} {}: {}", test.tc_id, test.comment);
                count.check(&key, &test.msg, &test.sig, test.result, &name);
            }
        }
    }
    assert!(count.good >= 45 && count.bad > 1400, "{count:?}");
}

/// HS256 has the whole hash, and a secret of its size at least (RFC 7518, section 3.2): with less than that, what is good for HMAC
/// is not good for us.
#[test]
fn hmac_tags_are_judged_as_published() {
    let mut count = Count::default();
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    for group in set.test_groups {
        for test in group.tests {
            let name = format!("{}: {}", test.tc_id, test.comment);
            let Ok(key) = VerificationKey::hs256(None, &test.key) else {
                assert!(group.key_size < 256, "{name}");
                continue;
            };
            let result = if group.tag_size == 256 {
                test.result
            } else {
                TestResult::Invalid
            };
            count.check(&key, &test.msg, &test.tag, result, &name);
        }
    }
    assert!(count.good > 20 && count.bad > 50, "{count:?}");
}

/// The key of an example, which has a name only where its token says so.
fn of_example(jwk: &Value) -> Option<VerificationKey> {
    let id = jwk["kid"].as_str().map(str::to_owned);
    let key = if let Some(secret) = jwk["k"].as_str() {
        VerificationKey::hs256(None, &URL_SAFE_NO_PAD.decode(secret).unwrap()).unwrap()
    } else {
        let mut named = jwk.clone();
        named["kid"] = "named".into();
        VerificationKey::from_jwk(&named)?
    };
    Some(VerificationKey { id, ..key })
}

/// Whole tokens: RFC 7515, appendix A; RFC 7520, section 4; RFC 8037, appendix A.4. The payload of some is no JSON, which is
/// looked at after the signature. Algorithms we do not have are refused, `none` among them.
#[test]
fn tokens_of_rfcs_are_judged_as_published() {
    let examples: Vec<Value> = serde_json::from_str(include_str!("rfc.json")).unwrap();
    assert_eq!(examples.len(), 10);
    for example in examples {
        let (from, jws) = (&example["from"], example["jws"].as_str().unwrap());
        let keys: KeySet = of_example(&example["key"]).into_iter().collect();
        let found = signed_claims(jws, &keys, &["jwt"]);
        match example["says"].as_str().unwrap() {
            "claims" => assert_eq!(found.unwrap()["iss"], "joe", "{from}"),
            "text" => assert_eq!(found, Err(Reason::Malformed), "{from}"),
            _ => {
                assert_eq!(found, Err(Reason::Algorithm), "{from}");
                continue;
            }
        }
        let (signed, signature) = jws.rsplit_once('.').unwrap();
        let first = if signature.starts_with('A') { "B" } else { "A" };
        let forged = format!("{signed}.{first}{}", &signature[1..]);
        assert_eq!(
            signed_claims(&forged, &keys, &["jwt"]),
            Err(Reason::Signature),
            "{from}"
        );
    }
}
