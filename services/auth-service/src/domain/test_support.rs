//! A time, a client and requests for tests.

use jiff::Timestamp;
use serde_json::{Value, json};
use service_kit::Clock;
use service_kit::auth::{
    Claims, Expectations, Grant, KeySet, Signer, SigningKey, TokenKind, Validity, VerificationKey,
};
use uuid::Uuid;

use super::client::{Client, Credential, GrantType};
use super::digest::Digest;
use super::parameters::Parameters;

pub(super) const ISSUER: &str = "https://auth.example.org";
pub(super) const TOKEN_ENDPOINT: &str = "https://auth.example.org/oauth2/token";

/// When the tests take place.
pub(super) fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

pub(super) fn after(seconds: i64) -> Timestamp {
    noon() + jiff::SignedDuration::from_secs(seconds)
}

pub(super) fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A client that may do everything, with the secret `secret`.
pub(super) fn client() -> Client {
    Client {
        id: "portal".to_owned(),
        name: "Patient portal".to_owned(),
        credential: secret("secret"),
        grants: vec![
            GrantType::AuthorizationCode,
            GrantType::ClientCredentials,
            GrantType::RefreshToken,
        ],
        redirect_uris: vec!["https://portal.example.org/callback".to_owned()],
        scopes: [
            "openid",
            "fhirUser",
            "offline_access",
            "records.read",
            "system/*.rs",
            "user/*.rs",
        ]
        .map(str::to_owned)
        .to_vec(),
        roles: vec!["robot".to_owned()],
        audiences: vec!["records".to_owned(), "https://fhir.example.org/r4".to_owned()],
        is_enabled: true,
    }
}

pub(super) fn public_client() -> Client {
    Client {
        credential: Credential::Public,
        ..client()
    }
}

pub(super) fn secret(text: &str) -> Credential {
    Credential::Secret {
        digests: vec![Digest::of(text).as_bytes().to_vec()],
    }
}

pub(super) fn form(pairs: &[(&str, &str)]) -> Parameters {
    let text = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    Parameters::parse(text.as_bytes()).unwrap()
}

/// The JWK Set of these keys.
pub(super) fn jwks<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> Value {
    let keys: Vec<_> = keys.into_iter().filter_map(SigningKey::public).collect();
    json!({ "keys": keys })
}

/// What is read from a token of this grant, just issued.
pub(super) fn claims_of(kind: TokenKind, grant: &Grant, validity: Validity) -> Claims {
    const SECRET: [u8; 32] = [7; 32];
    let issued_at = validity.issued_at;
    let key = SigningKey::hs256(None, &SECRET).unwrap();
    let token = Signer::new(ISSUER, key, Clock::fixed(noon()))
        .sign_as(kind, grant, validity)
        .unwrap();
    let expectations = Expectations {
        kind,
        issuer: ISSUER.to_owned(),
        audience: ISSUER.to_owned(),
        leeway: std::time::Duration::ZERO,
    };
    let keys = KeySet::from_iter([VerificationKey::hs256(None, &SECRET).unwrap()]);
    expectations
        .verify_for_any_audience(token.expose(), &keys, issued_at)
        .unwrap()
}
