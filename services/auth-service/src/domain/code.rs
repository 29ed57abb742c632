//! Authorization codes: 32 random bytes of which only the SHA-256 is kept (RFC 6749, sections 4.1.2 and 10.5).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::oauth_error::OAuthError;
use super::pkce::CodeChallenge;
use super::scope::ScopeSet;
use super::token_request::CodeRedemption;

/// How long a code is valid: longer than a redirect takes, and shorter than the 10 minutes of RFC 6749, section 4.1.2.
pub const CODE_LIFETIME: SignedDuration = SignedDuration::from_secs(60);

/// Bytes of a code, which are random.
pub const CODE_BYTES: usize = 32;

/// What a code stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeGrant {
    /// Who asked for it.
    pub client_id: String,
    /// `redirect_uri` of the request, if it had one.
    pub redirect_uri: Option<String>,
    /// `code_challenge` of the request.
    pub code_challenge: CodeChallenge,
    /// `sub`: who logged in.
    pub subject: String,
    /// The roles of that person.
    pub roles: Vec<String>,
    /// What the client gets.
    pub scopes: ScopeSet,
    /// For which services.
    pub audience: Vec<String>,
    /// `nonce` of the request.
    pub nonce: Option<String>,
    /// When the person logged in.
    pub auth_time: Timestamp,
    /// When the code ends.
    pub expires_at: Timestamp,
}

/// A new code.
#[derive(Clone, Debug)]
pub struct IssuedCode {
    /// For the client alone.
    pub text: SecretString,
    /// What is kept of it.
    pub digest: Digest,
}

/// The code of these random bytes.
pub fn issue(random: [u8; CODE_BYTES]) -> IssuedCode {
    let text = URL_SAFE_NO_PAD.encode(random);
    IssuedCode {
        digest: Digest::of(&text),
        text: text.into(),
    }
}

/// When a code that is issued now ends.
pub fn expires_at(now: Timestamp) -> Timestamp {
    now.checked_add(CODE_LIFETIME).unwrap_or(Timestamp::MAX)
}

impl CodeGrant {
    /// Whether this client may redeem the code now (RFC 6749, section 4.1.3; RFC 7636, section 4.6). That it was not redeemed
    /// before is for the store to say.
    pub fn check(
        &self,
        client_id: &str,
        redemption: &CodeRedemption,
        now: Timestamp,
    ) -> Result<(), OAuthError> {
        if now >= self.expires_at {
            return Err(OAuthError::invalid_grant("the code has expired"));
        }
        if self.client_id != client_id {
            return Err(OAuthError::invalid_grant("the code was issued to another client"));
        }
        if self.redirect_uri.is_some() && self.redirect_uri != redemption.redirect_uri {
            return Err(OAuthError::invalid_grant(
                "redirect_uri is not that of the authorization request",
            ));
        }
        if self.code_challenge.is_of(&redemption.code_verifier) {
            Ok(())
        } else {
            Err(OAuthError::invalid_grant(
                "code_verifier does not fit code_challenge",
            ))
        }
    }
}

#[cfg(test)]
mod tests;
