//! Token revocation (RFC 7009).

use jiff::Timestamp;
use service_kit::auth::{Claims, TokenKind};
use uuid::Uuid;

use super::client::Client;
use super::oauth_error::OAuthError;
use super::token_id::RefreshTokenId;

/// What a client takes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A refresh token: the login and all that came of it (section 2.1).
    Family(Uuid),
    /// One access token.
    AccessToken {
        /// `jti`.
        token_id: String,
        /// `exp`.
        expires_at: Timestamp,
    },
    /// Nothing that could be valid: the answer is 200 all the same (section 2.2).
    Nothing,
}

/// What the token of a request names, that is verified already, or `None`. A client may take back its own tokens alone
/// (section 2.1); for others the error is that of RFC 6749, section 5.2: "was issued to another client".
pub fn target(client: &Client, token: Option<(TokenKind, &Claims)>) -> Result<Target, OAuthError> {
    let Some((kind, claims)) = token else {
        return Ok(Target::Nothing);
    };
    if claims.client_id() != client.id {
        return Err(OAuthError::invalid_grant(
            "the token was issued to another client",
        ));
    }
    Ok(match kind {
        TokenKind::Access => Target::AccessToken {
            token_id: claims.token_id().to_owned(),
            expires_at: claims.expires_at(),
        },
        TokenKind::Refresh => claims
            .token_id()
            .parse()
            .map_or(Target::Nothing, |id: RefreshTokenId| Target::Family(id.family)),
    })
}

#[cfg(test)]
mod tests;
