//! Keys to verify with. Each knows its algorithm: what a token says about it can only agree or be refused.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, EllipticCurveKeyParameters, Jwk, KeyAlgorithm, KeyOperations,
    PublicKeyUse,
};
use serde_json::Value;

use super::strict_json;

mod proven;

use proven::Proven;

/// Shortest secret for HS256, bytes: the size of the hash (RFC 7518, section 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

/// Shortest RSA modulus, bytes: 2048 bits (RFC 7518, section 3.3).
const MIN_MODULUS_BYTES: usize = 256;

/// Length of 32 bytes in base64url: coordinates of P-256 (RFC 7518, section 6.2.1) and points of Ed25519.
const ENCODED_32_BYTES: usize = 43;

/// Length of 48 bytes in base64url: coordinates of P-384.
const ENCODED_48_BYTES: usize = 64;

/// The signature algorithms the platform uses. `none` is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC with SHA-256: one secret signs and verifies.
    Hs256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// ECDSA with P-384 and SHA-384; for clients that prove who they are with it (SMART App Launch 2.2).
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256; for issuers that offer nothing better.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384; as [`Algorithm::Es384`].
    Rs384,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Hs256,
        Self::Es256,
        Self::EdDsa,
        Self::Es384,
        Self::Rs256,
        Self::Rs384,
    ];

    /// The name in `alg` (RFC 7518, section 3.1; RFC 8037, section 3.1).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Es384 => "ES384",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
        }
    }

    /// The algorithm of this name, compared exactly.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    pub(super) const fn in_library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
            Self::Es384 => jsonwebtoken::Algorithm::ES384,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Rs384 => jsonwebtoken::Algorithm::RS384,
        }
    }
}

/// Why a key or a set of keys cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A secret that can be guessed.
    #[error("the secret has {0} bytes; HS256 needs at least {MIN_SECRET_BYTES} (RFC 7518, section 3.2)")]
    ShortSecret(usize),
    /// Not a JWK Set.
    #[error(
        "not a JWK Set: it must be a JSON object with an array \"keys\" and no name twice (RFC 7517, section 5)"
    )]
    NotAKeySet,
    /// Two keys under one name.
    #[error("two keys of the JWK Set have the same \"kid\"")]
    DuplicateKeyId,
    /// No key of the set can verify tokens.
    #[error(
        "no key of the JWK Set can be used: each needs \"kid\" and must be a public ES256, ES384, EdDSA, RS256 or RS384 key for signatures"
    )]
    NoUsableKey,
    /// The private key cannot be read.
    #[error("not a PKCS#8 private key for {0} in PEM")]
    NotAPrivateKey(&'static str),
}

/// One key, with the only algorithm it is for.
#[derive(Clone)]
pub struct VerificationKey {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
    /// Not of a secret: its check costs no more than looking here.
    proven: Option<Arc<Proven>>,
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl VerificationKey {
    /// An HS256 secret; with an `id`, only for tokens that name it in `kid`, otherwise only for tokens without.
    pub fn hs256(id: Option<String>, secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(KeyError::ShortSecret(secret.len()));
        }
        Ok(Self {
            id,
            algorithm: Algorithm::Hs256,
            key: DecodingKey::from_secret(secret),
            proven: None,
        })
    }

    /// A public key from a JWK; `None` when it is not for signatures we know, has no `kid`, or is secret.
    fn from_jwk(jwk: &Value) -> Option<Self> {
        // A document that others may read must hold public keys only.
        if jwk.get("d").is_some() || jwk.get("k").is_some() {
            return None;
        }
        let jwk: Jwk = serde_json::from_value(jwk.clone()).ok()?;
        let algorithm = algorithm_of(&jwk)?;
        Some(Self {
            id: Some(jwk.common.key_id.clone().filter(|id| !id.is_empty())?),
            algorithm,
            key: DecodingKey::from_jwk(&jwk).ok()?,
            proven: Some(Arc::default()),
        })
    }

    /// The algorithm this key is for.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `kid` of tokens signed with this key.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether `signature` (base64url) is this key's over `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &str) -> bool {
        let algorithm = self.algorithm.in_library();
        let check =
            || jsonwebtoken::crypto::verify(signature, message, &self.key, algorithm).unwrap_or(false);
        match &self.proven {
            Some(proven) => proven.or_check(message, signature, check),
            None => check(),
        }
    }
}

/// What the key is for, by its type and curve, which `use` and `key_ops` must not contradict. `alg` must not either, and
/// chooses between the algorithms of RSA; without it RS256 is meant.
fn algorithm_of(jwk: &Jwk) -> Option<Algorithm> {
    let common = &jwk.common;
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) => algorithm_of_curve(key)?,
        AlgorithmParameters::OctetKeyPair(key)
            if key.curve == EllipticCurve::Ed25519 && key.x.len() == ENCODED_32_BYTES =>
        {
            Algorithm::EdDsa
        }
        AlgorithmParameters::RSA(key) if key.n.len() < MIN_MODULUS_BYTES * 4 / 3 => return None,
        AlgorithmParameters::RSA(_) if common.key_algorithm == Some(KeyAlgorithm::RS384) => Algorithm::Rs384,
        AlgorithmParameters::RSA(_) => Algorithm::Rs256,
        _ => return None,
    };
    let named = common
        .key_algorithm
        .is_none_or(|name| name.to_string() == algorithm.name());
    let for_signatures = common
        .public_key_use
        .as_ref()
        .is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let for_verifying = common
        .key_operations
        .as_ref()
        .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    (named && for_signatures && for_verifying).then_some(algorithm)
}

fn algorithm_of_curve(key: &EllipticCurveKeyParameters) -> Option<Algorithm> {
    let (algorithm, encoded) = match key.curve {
        EllipticCurve::P256 => (Algorithm::Es256, ENCODED_32_BYTES),
        EllipticCurve::P384 => (Algorithm::Es384, ENCODED_48_BYTES),
        _ => return None,
    };
    (key.x.len() == encoded && key.y.len() == encoded).then_some(algorithm)
}

/// The keys of an issuer.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Arc<[VerificationKey]>);

impl FromIterator<VerificationKey> for KeySet {
    fn from_iter<I: IntoIterator<Item = VerificationKey>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}

impl KeySet {
    /// Reads a JWK Set. Keys of kinds we do not know are left out (RFC 7517, section 5), and so are private and
    /// symmetric ones: who could read the document could sign.
    pub fn from_jwks(document: &[u8]) -> Result<Self, KeyError> {
        let document = strict_json::object(document).map_err(|_| KeyError::NotAKeySet)?;
        let keys = document
            .get("keys")
            .and_then(Value::as_array)
            .ok_or(KeyError::NotAKeySet)?;
        let keys: Self = keys.iter().filter_map(VerificationKey::from_jwk).collect();
        let mut known = HashSet::new();
        if !keys.0.iter().all(|key| known.insert(&key.id)) {
            return Err(KeyError::DuplicateKeyId);
        }
        if keys.0.is_empty() {
            return Err(KeyError::NoUsableKey);
        }
        Ok(keys)
    }

    /// The keys for tokens with this `kid`; those without an id for tokens without. At most one in the first case.
    pub(super) fn named<'a>(&'a self, id: Option<&'a str>) -> impl Iterator<Item = &'a VerificationKey> {
        self.0.iter().filter(move |key| key.id() == id)
    }

    /// All of them.
    pub fn keys(&self) -> impl Iterator<Item = &VerificationKey> {
        self.0.iter()
    }

    /// Whether a token with this `kid` has a key here.
    pub(super) fn knows(&self, id: Option<&str>) -> bool {
        self.named(id).next().is_some()
    }
}

#[cfg(test)]
mod tests;
