//! The limit: signatures by the library that everything here uses, with nothing around them.

use anyhow::{Context, anyhow};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
};
use service_kit::auth::Algorithm;

/// A key, what is signed with it, and the signature.
pub(crate) struct Bare {
    key: Key,
    message: String,
    signature: Vec<u8>,
}

enum Key {
    Hmac(Box<hmac::Key>),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl Bare {
    /// `key` is the secret, or PKCS#8 in DER.
    pub(crate) fn new(algorithm: Algorithm, key: &[u8], message: &str) -> anyhow::Result<Self> {
        let mut bare = Self {
            key: Key::read(algorithm, key)?,
            message: message.to_owned(),
            signature: Vec::new(),
        };
        bare.signature = bare.sign().context("the key signs")?;
        Ok(bare)
    }

    pub(crate) fn sign(&self) -> Option<Vec<u8>> {
        let (message, random) = (self.message.as_bytes(), SystemRandom::new());
        Some(match &self.key {
            Key::Hmac(key) => hmac::sign(key, message).as_ref().to_vec(),
            Key::Ecdsa(key) => key.sign(&random, message).ok()?.as_ref().to_vec(),
            Key::Ed25519(key) => key.sign(message).as_ref().to_vec(),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .ok()?;
                signature
            }
        })
    }

    pub(crate) fn verify(&self) -> bool {
        match &self.key {
            Key::Hmac(key) => hmac::verify(key, self.message.as_bytes(), &self.signature).is_ok(),
            Key::Ecdsa(key) => self.verify_with(&ECDSA_P256_SHA256_FIXED, key),
            Key::Ed25519(key) => self.verify_with(&ED25519, key),
            Key::Rsa(key) => self.verify_with(&RSA_PKCS1_2048_8192_SHA256, key),
        }
    }

    fn verify_with(&self, algorithm: &'static dyn VerificationAlgorithm, key: &impl KeyPair) -> bool {
        let public = UnparsedPublicKey::new(algorithm, key.public_key());
        public.verify(self.message.as_bytes(), &self.signature).is_ok()
    }
}

impl Key {
    fn read(algorithm: Algorithm, key: &[u8]) -> anyhow::Result<Self> {
        let refused = |error| anyhow!("{}: {error}", algorithm.name());
        Ok(match algorithm {
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key);
                Self::Ecdsa(pair.map_err(refused)?)
            }
            Algorithm::EdDsa => Self::Ed25519(Ed25519KeyPair::from_pkcs8(key).map_err(refused)?),
            Algorithm::Rs256 => Self::Rsa(RsaKeyPair::from_pkcs8(key).map_err(refused)?),
            _ => Self::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, key))),
        })
    }
}
