//! ID tokens (OpenID Connect Core 1.0, sections 2 and 3.1.3.6). Signed with a key pair always: a client could not verify our
//! secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use service_kit::auth::Algorithm;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::refresh::Family;
use super::scope::{FHIR_USER, OPENID, ScopeSet};

/// How long a client may take to look at it.
pub const ID_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// What an ID token says beyond what is in the family.
#[derive(Clone, Copy)]
pub struct IdToken<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `nonce` of the authorization request; a token that comes with a refresh has none (section 12.2).
    pub nonce: Option<&'a str>,
    /// `fhirUser`, which is told if that scope was granted (SMART App Launch 2.2).
    pub fhir_user: Option<&'a str>,
    /// The text of the access token it comes with.
    pub access_token: &'a str,
    /// What it will be signed with.
    pub algorithm: Algorithm,
}

impl IdToken<'_> {
    /// The claims, for `Signer::sign_claims`; `None` where `openid` was not granted.
    pub fn claims(&self, family: &Family, granted: &ScopeSet, now: Timestamp) -> Option<Map<String, Value>> {
        if !granted.contains(OPENID) {
            return None;
        }
        let expires_at = now.checked_add(ID_TOKEN_LIFETIME).unwrap_or(Timestamp::MAX);
        let fhir_user = self.fhir_user.filter(|_| granted.contains(FHIR_USER));
        let claims = [
            ("iss", Some(json!(self.issuer))),
            ("sub", Some(json!(family.subject))),
            ("aud", Some(json!(family.client_id))),
            ("exp", Some(json!(expires_at.as_second()))),
            ("iat", Some(json!(now.as_second()))),
            ("auth_time", Some(json!(family.auth_time.as_second()))),
            // RFC 8176.
            ("amr", Some(json!(["pwd"]))),
            ("nonce", self.nonce.map(Value::from)),
            ("fhirUser", fhir_user.map(Value::from)),
            ("at_hash", Some(at_hash(self.algorithm, self.access_token).into())),
        ];
        let present = claims
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Some(present.collect())
    }
}

/// The left half of the hash of the access token, by the hash of the signature (section 3.1.3.6); SHA-512 is that of Ed25519.
fn at_hash(algorithm: Algorithm, access_token: &str) -> String {
    let hash = match algorithm {
        Algorithm::Hs256 | Algorithm::Es256 | Algorithm::Rs256 => Sha256::digest(access_token).to_vec(),
        Algorithm::Es384 | Algorithm::Rs384 => Sha384::digest(access_token).to_vec(),
        Algorithm::EdDsa => Sha512::digest(access_token).to_vec(),
    };
    let (left, _) = hash.split_at(hash.len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

#[cfg(test)]
mod tests;
