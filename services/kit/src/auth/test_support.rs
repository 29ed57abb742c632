//! Keys, tokens good and forged, and a service that takes them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Algorithm, Auth, Expectations, Grant, KeySet, Keys, Rules, Signer, SigningKey, TokenKind};
use super::{VerificationKey, Verifier};
use crate::Clock;

pub(super) const ISSUER: &str = "https://issuer.example";
pub(super) const AUDIENCE: &str = "records";

/// When the tests take place.
pub(super) fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// One key of each kind.
#[derive(Clone)]
pub(super) struct Signers {
    pub(super) hs256: SigningKey,
    pub(super) es256: SigningKey,
    pub(super) eddsa: SigningKey,
    pub(super) refresh: SigningKey,
    secret: Vec<u8>,
    refresh_secret: Vec<u8>,
}

pub(super) fn random_secret() -> Vec<u8> {
    let mut secret = vec![0; 32];
    aws_lc_rs::rand::fill(&mut secret).unwrap();
    secret
}

pub(super) fn es256_key() -> SigningKey {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    SigningKey::from_pkcs8(Algorithm::Es256, pkcs8.as_ref()).unwrap()
}

pub(super) fn eddsa_key() -> SigningKey {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    SigningKey::from_pkcs8(Algorithm::EdDsa, pkcs8.as_ref()).unwrap()
}

/// The JWK Set that publishes these keys.
pub(super) fn jwks<'a>(keys: impl IntoIterator<Item = &'a SigningKey>) -> Vec<u8> {
    let keys: Vec<_> = keys.into_iter().filter_map(SigningKey::public).collect();
    serde_json::to_vec(&json!({ "keys": keys })).unwrap()
}

impl Signers {
    pub(super) fn new() -> Self {
        let (secret, refresh_secret) = (random_secret(), random_secret());
        Self {
            hs256: SigningKey::hs256(None, &secret).unwrap(),
            refresh: SigningKey::hs256(None, &refresh_secret).unwrap(),
            es256: es256_key(),
            eddsa: eddsa_key(),
            secret,
            refresh_secret,
        }
    }

    /// All keys access tokens may be signed with.
    pub(super) fn keys(&self) -> KeySet {
        let public = KeySet::from_jwks(&jwks([&self.es256, &self.eddsa])).unwrap();
        let secret = VerificationKey::hs256(None, &self.secret).unwrap();
        public.keys().cloned().chain([secret]).collect()
    }

    pub(super) fn refresh_keys(&self) -> KeySet {
        KeySet::from_iter([VerificationKey::hs256(None, &self.refresh_secret).unwrap()])
    }

    pub(super) fn auth(&self, clock: &Clock) -> Auth {
        Auth {
            verifier: Verifier::new(
                expectations(TokenKind::Access),
                Keys::Fixed(self.keys()),
                clock.clone(),
            ),
            revocations: None,
            rules: Rules::default(),
        }
    }
}

pub(super) fn expectations(kind: TokenKind) -> Expectations {
    Expectations {
        kind,
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        leeway: std::time::Duration::from_secs(10),
    }
}

pub(super) fn grant() -> Grant {
    Grant {
        subject: "user-1".to_owned(),
        client_id: "portal".to_owned(),
        audience: vec![AUDIENCE.to_owned()],
        scopes: vec!["records.read".to_owned()],
        roles: vec!["clinician".to_owned()],
        other: serde_json::Map::new(),
    }
}

/// A valid token at [`noon`].
pub(super) fn token(key: &SigningKey, kind: TokenKind) -> String {
    let signer = Signer::new(ISSUER, key.clone(), Clock::fixed(noon()));
    signer.sign(kind, &grant()).unwrap().expose().to_owned()
}

/// The header of a valid access token.
pub(super) fn header(key: &SigningKey) -> Value {
    let mut header = json!({ "typ": "at+jwt", "alg": key.algorithm().name() });
    if let Some(id) = key.id() {
        header["kid"] = id.into();
    }
    header
}

/// The claims of a valid access token at [`noon`].
pub(super) fn claims() -> Value {
    let now = noon().as_second();
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "client_id": "portal", "jti": "token-1",
        "iat": now, "nbf": now, "exp": now + 900, "scope": "records.read", "roles": ["clinician"],
    })
}

/// `claims()` with another value for one, or without it.
pub(super) fn claims_with(name: &str, value: Option<Value>) -> Value {
    changed(claims(), name, value)
}

pub(super) fn changed(mut object: Value, name: &str, value: Option<Value>) -> Value {
    let members = object.as_object_mut().unwrap();
    match value {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
    object
}

/// A token of any header and payload, signed as `key` would.
pub(super) fn forge(header: &str, payload: &str, key: &SigningKey) -> String {
    sign_parts(&encode(header), &encode(payload), key)
}

/// The same from parts that are encoded already.
pub(super) fn sign_parts(header: &str, payload: &str, key: &SigningKey) -> String {
    key.compact(header, payload).unwrap()
}

pub(super) fn encode(text: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(text)
}
