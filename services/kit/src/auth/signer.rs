//! Issues tokens. Used by the service that logs people in, and by tests.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::jwk::{EllipticCurve, Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{DecodingKey, EncodingKey, Header};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::keys::{Algorithm, KeyError, MIN_SECRET_BYTES};
use super::policy::is_scope;
use super::token::TokenKind;
use crate::Clock;

mod private_key;

use private_key::PrivateKey;

/// A private key or secret, with the only algorithm it is for.
#[derive(Clone)]
pub struct SigningKey {
    id: Option<String>,
    algorithm: Algorithm,
    private: Arc<PrivateKey>,
    public: Option<Arc<Jwk>>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl SigningKey {
    /// An HS256 secret; `id` becomes `kid`.
    pub fn hs256(id: Option<String>, secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(KeyError::ShortSecret(secret.len()));
        }
        Ok(Self {
            id,
            algorithm: Algorithm::Hs256,
            private: Arc::new(PrivateKey::secret(secret)),
            public: None,
        })
    }

    /// A private key for any algorithm but HS256 as PKCS#8 in PEM. Its `kid` is the thumbprint of its public half (RFC 7638).
    pub fn from_pem(algorithm: Algorithm, pem: &[u8]) -> Result<Self, KeyError> {
        let refused = KeyError::NotAPrivateKey(algorithm.name());
        let pkcs8 = PrivatePkcs8KeyDer::from_pem_slice(pem).map_err(|_| refused)?;
        Self::from_pkcs8(algorithm, pkcs8.secret_pkcs8_der())
    }

    /// The same key as PKCS#8 in DER.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        let refused = KeyError::NotAPrivateKey(algorithm.name());
        let private = PrivateKey::from_pkcs8(algorithm, der).ok_or(refused)?;
        let key = match algorithm {
            Algorithm::Es256 | Algorithm::Es384 => EncodingKey::from_ec_der(der),
            Algorithm::EdDsa => EncodingKey::from_ed_der(der),
            Algorithm::Rs256 | Algorithm::Rs384 => {
                EncodingKey::from_rsa_der(rsa_private_key(der).ok_or(refused)?)
            }
            Algorithm::Hs256 => return Err(refused),
        };
        let mut public = public_half(&key, algorithm).map_err(|_| refused)?;
        let id = public.thumbprint(ThumbprintHash::SHA256).map_err(|_| refused)?;
        public.common.key_id = Some(id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self {
            id: Some(id),
            algorithm,
            private: Arc::new(private),
            public: Some(Arc::new(public)),
        })
    }

    /// The public half, for a JWK Set; a secret has none.
    pub fn public(&self) -> Option<&Jwk> {
        self.public.as_deref()
    }

    /// The `kid` of its tokens.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The algorithm it is for.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Header and payload with their signature (RFC 7515, section 7.1).
    pub(super) fn compact(&self, header: &str, payload: &str) -> Result<String, SignError> {
        let message = format!("{header}.{payload}");
        let signature = self.private.sign(message.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.map_err(|_| SignError::Failed)?);
        Ok(format!("{message}.{signature}"))
    }
}

/// The `RSAPrivateKey` in a PKCS#8 key of 2048 bits or more, which is what the library reads: everything behind the
/// header, whose form is fixed but for its lengths (RFC 5208, section 5; RFC 8017, appendix A.1.2).
fn rsa_private_key(pkcs8: &[u8]) -> Option<&[u8]> {
    const LENGTHS: usize = 4;
    const VERSION_AND_ALGORITHM: &[u8] = &[
        2, 1, 0, 0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0,
    ];
    pkcs8
        .get(LENGTHS..)?
        .strip_prefix(VERSION_AND_ALGORITHM)?
        .get(LENGTHS..)
}

/// The library reads public halves of Ed25519 keys from PKCS#8 version 1 only; keys of version 2 carry theirs along
/// (RFC 8410, section 7), so it is derived first.
fn public_half(key: &EncodingKey, algorithm: Algorithm) -> jsonwebtoken::errors::Result<Jwk> {
    if algorithm != Algorithm::EdDsa {
        return Jwk::from_encoding_key(key, algorithm.in_library());
    }
    let derive = DEFAULT_PROVIDER.key_utils.ed_pub_components_from_private_key;
    let public = derive(key.as_bytes(), &EllipticCurve::Ed25519)?;
    Jwk::from_decoding_key(&DecodingKey::from_ed_der(&public), Some(algorithm.in_library()))
}

/// What a token is to say about its holder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grant {
    /// `sub`: on whose behalf.
    pub subject: String,
    /// `client_id`: to which client.
    pub client_id: String,
    /// `aud`: for which services.
    pub audience: Vec<String>,
    /// `scope`.
    pub scopes: Vec<String>,
    /// `roles`.
    pub roles: Vec<String>,
    /// Further claims. A name of RFC 9068 in here is an error.
    pub other: Map<String, Value>,
}

/// Which token it is, and when it is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    /// `jti`.
    pub token_id: String,
    /// `iat` and `nbf`; fractions of a second are left off.
    pub issued_at: Timestamp,
    /// `exp`; no later than the lifetime of the token's kind allows.
    pub expires_at: Timestamp,
}

/// A signed token and what its issuer keeps of it.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The text, for its holder alone.
    pub token: SecretString,
    /// `jti`, by which it can be revoked.
    pub token_id: String,
    /// `exp`.
    pub expires_at: Timestamp,
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The grant would overwrite a claim of the token.
    #[error("a further claim has the name of a claim of RFC 9068")]
    ReservedClaim,
    /// A scope that would read as several.
    #[error(
        "a scope must be of the characters of RFC 6749, section 3.3: visible ASCII without space, quote and backslash"
    )]
    InvalidScope,
    /// A claim without which the token would be refused.
    #[error("a token needs a subject, a client and an audience")]
    Incomplete,
    /// The library refused.
    #[error("the token could not be signed")]
    Failed,
}

/// Signs tokens of one issuer with one key.
#[derive(Clone, Debug)]
pub struct Signer {
    issuer: String,
    key: SigningKey,
    clock: Clock,
}

#[derive(Serialize)]
struct Payload<'a> {
    iss: &'a str,
    aud: &'a [String],
    sub: &'a str,
    client_id: &'a str,
    jti: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    scope: String,
    roles: &'a [String],
    #[serde(flatten)]
    other: &'a Map<String, Value>,
}

/// The names [`Payload`] writes itself.
const RESERVED: [&str; 10] = [
    "iss",
    "aud",
    "sub",
    "client_id",
    "jti",
    "iat",
    "nbf",
    "exp",
    "scope",
    "roles",
];

impl Signer {
    /// A signer for `issuer`. Access and refresh tokens need a key each where the key is a secret.
    pub fn new(issuer: impl Into<String>, key: SigningKey, clock: Clock) -> Self {
        Self {
            issuer: issuer.into(),
            key,
            clock,
        }
    }

    /// A token that is valid from now on for the lifetime of its kind.
    pub fn sign(&self, kind: TokenKind, grant: &Grant) -> Result<IssuedToken, SignError> {
        let issued_at = self.clock.now();
        let validity = Validity {
            token_id: Uuid::new_v4().to_string(),
            issued_at,
            expires_at: issued_at
                .checked_add(kind.lifetime())
                .map_err(|_| SignError::Failed)?,
        };
        self.sign_as(kind, grant, validity)
    }

    /// A token with this id and validity, whatever the clock says. With a key for HS256 its text is a function of the
    /// arguments alone, so that it can be given again without having been kept.
    pub fn sign_as(
        &self,
        kind: TokenKind,
        grant: &Grant,
        validity: Validity,
    ) -> Result<IssuedToken, SignError> {
        check(grant)?;
        let iat = validity.issued_at.as_second();
        let lifetime = i64::try_from(kind.lifetime().as_secs()).map_err(|_| SignError::Failed)?;
        let exp = validity.expires_at.as_second().min(iat.saturating_add(lifetime));
        let payload = Payload {
            iss: &self.issuer,
            aud: &grant.audience,
            sub: &grant.subject,
            client_id: &grant.client_id,
            jti: &validity.token_id,
            iat,
            nbf: iat,
            exp,
            scope: grant.scopes.join(" "),
            roles: &grant.roles,
            other: &grant.other,
        };
        Ok(IssuedToken {
            token: self.encode(kind.media_type(), &payload)?,
            token_id: validity.token_id,
            expires_at: Timestamp::from_second(exp).map_err(|_| SignError::Failed)?,
        })
    }

    /// A JWT of another kind, with these claims and no others: an ID token (OpenID Connect Core 1.0, section 2). Its `typ` is
    /// `JWT`, so that nobody takes it for an access or a refresh token.
    pub fn sign_claims(&self, claims: &Map<String, Value>) -> Result<SecretString, SignError> {
        self.encode("JWT", claims)
    }

    fn encode(&self, media_type: &str, payload: &impl Serialize) -> Result<SecretString, SignError> {
        let mut header = Header::new(self.key.algorithm.in_library());
        header.typ = Some(media_type.to_owned());
        header.kid.clone_from(&self.key.id);
        let compact = self.key.compact(&encoded(&header)?, &encoded(payload)?)?;
        Ok(compact.into())
    }
}

impl IssuedToken {
    /// The text of the token, to be sent to its holder and nowhere else.
    pub fn expose(&self) -> &str {
        self.token.expose_secret()
    }
}

/// A part of a JWT (RFC 7515, section 7.1).
fn encoded(part: &impl Serialize) -> Result<String, SignError> {
    let json = serde_json::to_vec(part).map_err(|_| SignError::Failed)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

fn check(grant: &Grant) -> Result<(), SignError> {
    let audience_is_complete =
        !grant.audience.is_empty() && grant.audience.iter().all(|name| !name.is_empty());
    if grant.subject.is_empty() || grant.client_id.is_empty() || !audience_is_complete {
        return Err(SignError::Incomplete);
    }
    if RESERVED.iter().any(|name| grant.other.contains_key(*name)) {
        return Err(SignError::ReservedClaim);
    }
    if grant.scopes.iter().all(|scope| is_scope(scope)) {
        Ok(())
    } else {
        Err(SignError::InvalidScope)
    }
}

#[cfg(test)]
mod tests;
