//! What signs. The JWT library reads a private key again for each signature, which takes longer than an ECDSA signature and a good
//! part of one by RSA; here it is read once.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RsaEncoding, RsaKeyPair,
};

use crate::auth::keys::Algorithm;

/// A key that was read, with the only algorithm it signs by (RFC 7518, section 3.1; RFC 8037, section 3.1).
pub(super) enum PrivateKey {
    /// A secret.
    Hmac(Box<hmac::Key>),
    /// On a curve of NIST's.
    Ecdsa(EcdsaKeyPair),
    /// On Edwards25519.
    Ed25519(Ed25519KeyPair),
    /// With the hash of its signatures.
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

impl PrivateKey {
    /// For HS256.
    pub(super) fn secret(bytes: &[u8]) -> Self {
        Self::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    /// From PKCS#8 in DER; none when it is no key for this algorithm.
    pub(super) fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Option<Self> {
        let rsa = |encoding: &'static dyn RsaEncoding| {
            let key = RsaKeyPair::from_pkcs8(der).ok()?;
            Some(Self::Rsa(key, encoding))
        };
        let ecdsa = |curve| EcdsaKeyPair::from_pkcs8(curve, der).ok().map(Self::Ecdsa);
        match algorithm {
            Algorithm::Hs256 => None,
            Algorithm::Es256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::Es384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(der).ok().map(Self::Ed25519),
            Algorithm::Rs256 => rsa(&RSA_PKCS1_SHA256),
            Algorithm::Rs384 => rsa(&RSA_PKCS1_SHA384),
        }
    }

    /// The signature, as it stands in a JWT but for its encoding.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        Ok(match self {
            Self::Hmac(key) => hmac::sign(key, message).as_ref().to_vec(),
            Self::Ecdsa(key) => key.sign(&random, message)?.as_ref().to_vec(),
            Self::Ed25519(key) => key.sign(message).as_ref().to_vec(),
            Self::Rsa(key, encoding) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(*encoding, &random, message, &mut signature)?;
                signature
            }
        })
    }
}

#[cfg(test)]
mod tests;
