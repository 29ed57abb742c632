//! What events name things by.

use serde::{Deserialize, Serialize};
use service_kit::auth::{Claims, IssuedToken, Validity};

/// `jti` of a token. Made from tokens that were issued or verified, never from text, so that no token's text gets here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenName(String);

impl From<&Claims> for TokenName {
    fn from(claims: &Claims) -> Self {
        Self(claims.token_id().to_owned())
    }
}

impl From<&IssuedToken> for TokenName {
    fn from(token: &IssuedToken) -> Self {
        Self(token.token_id.clone())
    }
}

impl From<&Validity> for TokenName {
    fn from(validity: &Validity) -> Self {
        Self(validity.token_id.clone())
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Actor {
    /// The service itself.
    Service,
    /// A caller with an access token.
    Caller {
        /// `sub` of it.
        subject: String,
        /// `client_id` of it.
        client_id: String,
    },
}

/// How a client or an account was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// There was none before.
    Created,
    /// Something in it.
    Updated,
    /// Its secret, keys or password.
    CredentialChanged,
    /// It may do nothing any more.
    Disabled,
    /// It may again.
    Enabled,
    /// There is none any more.
    Deleted,
}

/// A step in the life of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyChange {
    /// Published.
    Added,
    /// Signs from now on.
    Activated,
    /// Signs no more.
    Retired,
    /// Forgotten.
    Removed,
    /// Forgotten at once, for fear that somebody else has it.
    Withdrawn,
}

/// Why a family died: a closed list, which the schema knows as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// Its client asked for it (RFC 7009).
    TokenRevoked,
    /// A refresh token came again after its grace (RFC 9700, section 4.14.2).
    RefreshTokenReused,
    /// Its authorization code came again (RFC 6749, section 4.1.2).
    CodeReused,
    /// The person logged out.
    Logout,
    /// The client may not have tokens any more.
    ClientDisabled,
    /// The person may not log in any more.
    UserDisabled,
    /// The person has another password.
    PasswordChanged,
    /// An administrator asked for it.
    Administrator,
}

impl RevocationReason {
    /// All there are.
    pub const ALL: [Self; 8] = [
        Self::TokenRevoked,
        Self::RefreshTokenReused,
        Self::CodeReused,
        Self::Logout,
        Self::ClientDisabled,
        Self::UserDisabled,
        Self::PasswordChanged,
        Self::Administrator,
    ];

    /// As it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenRevoked => "token_revoked",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::CodeReused => "code_reused",
            Self::Logout => "logout",
            Self::ClientDisabled => "client_disabled",
            Self::UserDisabled => "user_disabled",
            Self::PasswordChanged => "password_changed",
            Self::Administrator => "administrator",
        }
    }

    /// The reverse of [`as_str`](Self::as_str).
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.as_str() == text)
    }
}

/// Where a request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// RFC 6749, section 3.2.
    Token,
    /// RFC 6749, section 3.1.
    Authorization,
    /// RFC 7662.
    Introspection,
    /// RFC 7009.
    Revocation,
}

/// By what failed logins are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Strangers at one login.
    Account,
    /// A known device at one login.
    Device,
    /// All from one address.
    Source,
}
