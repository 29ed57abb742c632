//! Private keys as they are kept: sealed with AES-256-GCM (NIST SP 800-38D) under a key that is mounted and never in the
//! database.
//!
//! Sealed bytes are `version (1) || nonce (12) || ciphertext || tag (16)`. The name of the key is associated data: a row whose
//! name or contents were exchanged for those of another cannot be opened.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use secrecy::{ExposeSecret, SecretSlice};

/// The form described above.
const VERSION: u8 = 1;

/// Length of the key that seals others, bytes.
pub const KEY_ENCRYPTION_KEY_BYTES: usize = 32;

/// Bytes of a nonce, which are random. By NIST SP 800-38D, section 8.3, one key may then seal 2³² times.
pub const NONCE_BYTES: usize = NONCE_LEN;

/// Why a key cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealingError {
    /// The mounted key has another length.
    #[error("the key-encryption key has {0} bytes; AES-256 needs {KEY_ENCRYPTION_KEY_BYTES}")]
    WrongLength(usize),
    /// Sealing failed.
    #[error("the private key could not be sealed")]
    NotSealed,
    /// Not sealed by this key under this name, or altered since.
    #[error(
        "the private key cannot be opened: it was sealed with another key-encryption key or for another kid, or altered"
    )]
    NotOpened,
}

/// The key that seals others.
pub struct KeyEncryptionKey(LessSafeKey);

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyEncryptionKey(..)")
    }
}

impl KeyEncryptionKey {
    /// From the 32 bytes of the mounted file.
    pub fn new(bytes: &[u8]) -> Result<Self, SealingError> {
        let key = UnboundKey::new(&AES_256_GCM, bytes);
        let key = key.map_err(|Unspecified| SealingError::WrongLength(bytes.len()))?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals the private key named `key_id`. The nonce must be random and is used once.
    pub fn seal(
        &self,
        key_id: &str,
        nonce: [u8; NONCE_BYTES],
        private_key: &SecretSlice<u8>,
    ) -> Result<Vec<u8>, SealingError> {
        let mut body = private_key.expose_secret().to_vec();
        let sealing = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(sealing, Aad::from(key_id), &mut body)
            .map_err(|Unspecified| SealingError::NotSealed)?;
        Ok([&[VERSION], &nonce[..], &body].concat())
    }

    /// Opens what [`KeyEncryptionKey::seal`] returned.
    pub fn open(&self, key_id: &str, sealed: &[u8]) -> Result<SecretSlice<u8>, SealingError> {
        let (nonce, body) = parts(sealed).ok_or(SealingError::NotOpened)?;
        let mut body = body.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = self
            .0
            .open_in_place(nonce, Aad::from(key_id), &mut body)
            .map_err(|Unspecified| SealingError::NotOpened)?;
        let length = opened.len();
        body.truncate(length);
        Ok(body.into())
    }
}

fn parts(sealed: &[u8]) -> Option<([u8; NONCE_BYTES], &[u8])> {
    let (nonce, body) = sealed.strip_prefix(&[VERSION])?.split_first_chunk()?;
    Some((*nonce, body))
}

#[cfg(test)]
mod tests;
