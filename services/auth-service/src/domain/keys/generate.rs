//! New private keys. Not pure: the randomness is that of aws-lc. RSA keys take up to a second: for a blocking thread.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair,
};
use secrecy::SecretSlice;
use service_kit::auth::Algorithm;

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// HS256 has secrets, which are mounted.
    #[error("{0} has no private keys")]
    NoKeyPairs(&'static str),
    /// The library refused.
    #[error("no private key could be made")]
    Failed,
}

impl From<Unspecified> for GenerateError {
    fn from(_: Unspecified) -> Self {
        Self::Failed
    }
}

/// A new private key as PKCS#8 in DER. RSA keys have 2048 bits (RFC 7518, section 3.3; NIST SP 800-57 until 2030).
pub fn pkcs8(algorithm: Algorithm) -> Result<SecretSlice<u8>, GenerateError> {
    match algorithm {
        Algorithm::Es256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::Es384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::EdDsa => Ok(secret(
            Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())?.as_ref(),
        )),
        Algorithm::Rs256 | Algorithm::Rs384 => rsa(),
        Algorithm::Hs256 => Err(GenerateError::NoKeyPairs(algorithm.name())),
    }
}

fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm) -> Result<SecretSlice<u8>, GenerateError> {
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())?;
    Ok(secret(document.as_ref()))
}

fn rsa() -> Result<SecretSlice<u8>, GenerateError> {
    let key = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048)?;
    let der: Pkcs8V1Der<'_> = key.as_der()?;
    Ok(secret(der.as_ref()))
}

fn secret(bytes: &[u8]) -> SecretSlice<u8> {
    bytes.to_vec().into()
}

#[cfg(test)]
mod tests;
