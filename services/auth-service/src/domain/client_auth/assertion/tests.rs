use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use service_kit::Clock;
use service_kit::auth::{Algorithm, Signer, SigningKey};

use super::{AssertionRules, UsedAssertion, unproved_subject};
use crate::domain::keys::generate::pkcs8;
use crate::domain::oauth_error::{OAuthError, OAuthErrorCode};
use crate::domain::test_support::{ISSUER, TOKEN_ENDPOINT, after, jwks, noon};

const RULES: AssertionRules<'_> = AssertionRules {
    audiences: &[ISSUER, TOKEN_ENDPOINT],
    leeway: Duration::from_secs(10),
};

/// Made once: keys for RSA are slow to find.
static KEYS: LazyLock<[SigningKey; 5]> = LazyLock::new(|| {
    [
        Algorithm::Es256,
        Algorithm::EdDsa,
        Algorithm::Es384,
        Algorithm::Rs256,
        Algorithm::Rs384,
    ]
    .map(key)
});

fn key(algorithm: Algorithm) -> SigningKey {
    use secrecy::ExposeSecret as _;
    SigningKey::from_pkcs8(algorithm, pkcs8(algorithm).unwrap().expose_secret()).unwrap()
}

fn claims() -> Value {
    json!({"iss": "portal", "sub": "portal", "aud": TOKEN_ENDPOINT, "exp": after(300).as_second(), "jti": "j-1"})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn sign(key: &SigningKey, claims: &Value) -> SecretString {
    let signer = Signer::new(ISSUER, key.clone(), Clock::fixed(noon()));
    signer.sign_claims(claims.as_object().unwrap()).unwrap()
}

fn verify(assertion: &SecretString, jwks: &Value) -> Result<UsedAssertion, OAuthError> {
    RULES.verify(assertion, "portal", jwks, noon())
}

fn verify_claims(claims: &Value) -> Result<UsedAssertion, OAuthError> {
    verify(&sign(&KEYS[0], claims), &jwks([&KEYS[0]]))
}

#[test]
fn every_algorithm_of_clients_is_taken() {
    for key in KEYS.iter() {
        let assertion = sign(key, &claims());
        let used = verify(&assertion, &jwks(KEYS.iter())).unwrap();
        assert_eq!((used.token_id.as_str(), used.remember_until), ("j-1", after(310)));
        assert_eq!(
            unproved_subject(assertion.expose_secret()).as_deref(),
            Some("portal")
        );
    }
}

#[test]
fn issuer_or_token_endpoint_is_the_audience() {
    for audience in [json!(ISSUER), json!(TOKEN_ENDPOINT), json!(["x", ISSUER])] {
        assert!(verify_claims(&with("aud", audience)).is_ok());
    }
}

#[test]
fn what_an_assertion_must_say_is_checked() {
    let now = noon().as_second();
    let refused = [
        ("iss", json!("other")),
        ("iss", json!(null)),
        ("sub", json!("other")),
        ("sub", json!(["portal"])),
        ("aud", json!("https://elsewhere.example.org")),
        ("aud", json!(format!("{ISSUER}/"))),
        ("aud", json!([])),
        ("aud", json!(null)),
        ("exp", json!(now - 10)),
        ("exp", json!(now + 311)),
        ("exp", json!(now * 1000)),
        ("exp", json!("soon")),
        ("exp", json!(null)),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("nbf", json!(now + 11)),
        ("nbf", json!("x")),
        ("iat", json!(now + 11)),
        ("jti", json!("")),
        ("jti", json!(1)),
        ("jti", json!(null)),
        ("jti", json!("a\u{0}")),
        ("jti", json!("a".repeat(257))),
    ];
    for (name, value) in refused {
        let answer = verify_claims(&with(name, value.clone()));
        assert_eq!(
            answer.map_err(|error| error.code),
            Err(OAuthErrorCode::InvalidClient),
            "{name} {value}"
        );
    }
    for (name, value) in [
        ("exp", json!(now - 9)),
        ("exp", json!(now + 310)),
        ("nbf", json!(now + 10)),
        ("iat", json!(now - 86_400)),
        ("jti", json!("a".repeat(256))),
    ] {
        assert!(
            verify_claims(&with(name, value.clone())).is_ok(),
            "{name} {value}"
        );
    }
}

#[test]
fn signatures_of_other_keys_are_refused() {
    let assertion = sign(&key(Algorithm::Es256), &claims());
    assert!(verify(&assertion, &jwks(KEYS.iter())).is_err());
    let parts: Vec<_> = assertion.expose_secret().split('.').collect();
    let header = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let kid = KEYS[0].id().unwrap();
    for forged in [
        format!("{}.{}.", header(r#"{"alg":"none"}"#), parts[1]),
        format!(
            "{}.{}.",
            header(&format!(r#"{{"alg":"none","kid":"{kid}"}}"#)),
            parts[1]
        ),
        format!("{}.{}.{}", header(r#"{"alg":"ES256"}"#), parts[1], parts[2]),
    ] {
        assert!(verify(&forged.into(), &jwks(KEYS.iter())).is_err());
    }
}

/// The public key as a secret for HMAC (RFC 8725, section 2.1).
#[test]
fn a_public_key_is_no_secret() {
    let public = serde_json::to_vec(KEYS[0].public().unwrap()).unwrap();
    let id = KEYS[0].id().map(str::to_owned);
    let confused = SigningKey::hs256(id, &public).unwrap();
    assert!(verify(&sign(&confused, &claims()), &jwks([&KEYS[0]])).is_err());
}

/// A client whose own JWK Set is one secret cannot use it either: the set is for public keys.
#[test]
fn a_secret_in_the_set_of_keys_is_not_used() {
    let secret = [7; 32];
    let key = SigningKey::hs256(Some("s".to_owned()), &secret).unwrap();
    let document =
        json!({"keys": [{"kty": "oct", "kid": "s", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(secret)}]});
    assert!(verify(&sign(&key, &claims()), &document).is_err());
}

/// RFC 8725, section 3.11: a token of another kind is no assertion, whoever signed it.
#[test]
fn an_access_token_is_no_assertion() {
    let grant = service_kit::auth::Grant {
        subject: "portal".to_owned(),
        client_id: "portal".to_owned(),
        audience: vec![TOKEN_ENDPOINT.to_owned()],
        ..Default::default()
    };
    let signer = Signer::new("portal", KEYS[0].clone(), Clock::fixed(noon()));
    let token = signer.sign(service_kit::auth::TokenKind::Access, &grant).unwrap();
    assert!(verify(&token.token, &jwks([&KEYS[0]])).is_err());
}

#[test]
fn keys_that_cannot_be_read_refuse_everything() {
    let assertion = sign(&KEYS[0], &claims());
    for document in [json!(null), json!({}), json!({"keys": []}), json!("keys")] {
        assert!(verify(&assertion, &document).is_err(), "{document}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// An assertion that passes is remembered for as long as it could pass again.
    #[test]
    fn what_may_pass_again_is_remembered(exp in -400i64..800, later in 0i64..1000) {
        let assertion = sign(&KEYS[1], &with("exp", json!(after(exp).as_second())));
        let document = jwks([&KEYS[1]]);
        let used = verify(&assertion, &document);
        prop_assert_eq!(used.is_ok(), (-9..=310).contains(&exp));
        if let Ok(used) = used {
            let again = RULES.verify(&assertion, "portal", &document, after(later));
            prop_assert_eq!(again.is_ok(), after(later) < used.remember_until);
        }
    }

    #[test]
    fn an_altered_assertion_is_refused(at in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_.-]") {
        let assertion = sign(&KEYS[1], &claims());
        let mut text = assertion.expose_secret().to_owned();
        let at = at.index(text.len());
        prop_assume!(text[at..=at] != letter);
        text.replace_range(at..=at, &letter);
        prop_assert!(verify(&text.into(), &jwks([&KEYS[1]])).is_err());
    }
}
