//! Clients: who may ask for tokens, and for which.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A way to get a token (RFC 6749, section 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749, section 4.1, with PKCE (RFC 7636).
    AuthorizationCode,
    /// RFC 6749, section 4.4.
    ClientCredentials,
    /// RFC 6749, section 6.
    RefreshToken,
}

impl GrantType {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::AuthorizationCode,
        Self::ClientCredentials,
        Self::RefreshToken,
    ];

    /// The name in `grant_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// How a client proves who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum Credential {
    /// Not at all: a public client (RFC 6749, section 2.1).
    Public,
    /// By a secret. SHA-256 of each that is accepted, so that one can follow another; they are random, so that a slow hash would
    /// protect nothing.
    Secret {
        /// 32 bytes each.
        digests: Vec<Vec<u8>>,
    },
    /// By a signed assertion (RFC 7523, section 2.2).
    PrivateKeyJwt {
        /// Its public keys, a JWK Set (RFC 7517, section 5).
        jwks: Value,
    },
}

/// A registered client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// `client_id`.
    pub id: String,
    /// For people.
    pub name: String,
    /// How it proves who it is.
    pub credential: Credential,
    /// Ways it may get tokens.
    pub grants: Vec<GrantType>,
    /// Compared as text, byte for byte (RFC 9700, section 2.1).
    pub redirect_uris: Vec<String>,
    /// Scopes that it may ask for.
    pub scopes: Vec<String>,
    /// Roles of its own, for the client credentials grant.
    pub roles: Vec<String>,
    /// Services that its tokens may be for (`aud`); the first is meant when it names none.
    pub audiences: Vec<String>,
    /// Whether it gets tokens at all.
    pub is_enabled: bool,
}

#[cfg(test)]
mod tests;
