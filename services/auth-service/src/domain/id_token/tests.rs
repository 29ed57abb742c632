use serde_json::json;
use service_kit::auth::Algorithm;

use super::{IdToken, at_hash};
use crate::domain::refresh::Family;
use crate::domain::scope::ScopeSet;
use crate::domain::test_support::{ISSUER, after, noon, uuid};

/// OpenID Connect Core 1.0, appendix A.3.
const ACCESS_TOKEN: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
const AT_HASH: &str = "77QmUPtjPfzWtF2AnpK9RQ";

const TOKEN: IdToken<'_> = IdToken {
    issuer: ISSUER,
    nonce: Some("n-0S6_WzA2Mj"),
    fhir_user: Some("https://fhir.example.org/r4/Practitioner/1"),
    access_token: ACCESS_TOKEN,
    algorithm: Algorithm::Rs256,
};

fn family() -> Family {
    Family {
        id: uuid(1),
        client_id: "portal".to_owned(),
        subject: "user-1".to_owned(),
        scopes: ScopeSet::default(),
        roles: vec![],
        audience: vec![],
        auth_time: after(-60),
        generation: 0,
        rotated_at: noon(),
        expires_at: after(86_400),
        revoked_at: None,
    }
}

fn scopes(text: &str) -> ScopeSet {
    ScopeSet::parse(text).unwrap()
}

#[test]
fn an_id_token_says_who_logged_in_when_and_for_whom() {
    let claims = TOKEN
        .claims(&family(), &scopes("openid fhirUser"), noon())
        .unwrap();
    let expected = json!({
        "iss": ISSUER, "sub": "user-1", "aud": "portal", "exp": after(300).as_second(), "iat": noon().as_second(),
        "auth_time": after(-60).as_second(), "amr": ["pwd"], "nonce": "n-0S6_WzA2Mj", "at_hash": AT_HASH,
        "fhirUser": "https://fhir.example.org/r4/Practitioner/1",
    });
    assert_eq!(json!(claims), expected);
}

#[test]
fn what_was_not_asked_for_is_not_told() {
    assert_eq!(TOKEN.claims(&family(), &scopes("fhirUser"), noon()), None);
    let without = IdToken { nonce: None, ..TOKEN };
    let claims = without.claims(&family(), &scopes("openid"), noon()).unwrap();
    assert!(!claims.contains_key("fhirUser") && !claims.contains_key("nonce"));
}

#[test]
fn the_hash_of_the_access_token_is_that_of_the_signature() {
    for (algorithm, length) in [
        (Algorithm::Es256, 22),
        (Algorithm::Rs384, 32),
        (Algorithm::Es384, 32),
        (Algorithm::EdDsa, 43),
    ] {
        assert_eq!(at_hash(algorithm, ACCESS_TOKEN).len(), length, "{algorithm:?}");
    }
}
