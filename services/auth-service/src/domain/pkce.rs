//! Proof Key for Code Exchange (RFC 7636), by `S256` alone: `plain` shows the verifier to whom the request is shown (RFC 9700,
//! section 2.1.1).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::digest::Digest;

/// `code_challenge`: the SHA-256 of the verifier (RFC 7636, section 4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeChallenge(Digest);

/// Text that is no challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a code_challenge: that is the SHA-256 of the verifier in base64url (RFC 7636, section 4.2)")]
pub struct ChallengeError;

impl CodeChallenge {
    /// The value of `code_challenge`.
    pub fn parse(text: &str) -> Result<Self, ChallengeError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| ChallengeError)?;
        let digest: [u8; 32] = bytes.try_into().map_err(|_| ChallengeError)?;
        Ok(Self(digest.into()))
    }

    /// Whether it was made from this verifier; in constant time.
    pub fn is_of(&self, verifier: &CodeVerifier) -> bool {
        self.0 == verifier.0
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = ChallengeError;

    fn try_from(text: String) -> Result<Self, ChallengeError> {
        Self::parse(&text)
    }
}

impl From<CodeChallenge> for String {
    fn from(challenge: CodeChallenge) -> Self {
        URL_SAFE_NO_PAD.encode(challenge.0.as_bytes())
    }
}

/// `code_verifier`. Only its SHA-256 is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CodeVerifier(Digest);

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(..)")
    }
}

impl CodeVerifier {
    /// The value of `code_verifier`; `None` for text that RFC 7636, section 4.1, does not allow.
    pub fn parse(text: &str) -> Option<Self> {
        let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let is_verifier = (43..=128).contains(&text.len()) && text.bytes().all(is_unreserved);
        is_verifier.then(|| Self(Digest::of(text)))
    }
}

#[cfg(test)]
mod tests;
