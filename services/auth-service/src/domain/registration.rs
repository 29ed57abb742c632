//! Which clients may be registered (RFC 6749, section 2): one that could never get a token, or get somebody else's, is a mistake.

use serde_json::Value;
use service_kit::auth::{KeyError, KeySet};
use uuid::Uuid;

use super::client::{Client, Credential, GrantType};
use super::client_auth::is_client_id;
use super::redirect_uri::{self, RedirectUriError};
use super::scope::{ScopeError, ScopeSet};

/// Length of a SHA-256, bytes.
const DIGEST_BYTES: usize = 32;

/// Why a client cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// RFC 6749, appendix A.1.
    #[error("client_id is 1 to 255 characters of printable ASCII (RFC 6749, appendix A.1)")]
    ClientId,
    /// Its own tokens, whose `sub` it is, would be those of a person (RFC 9700, section 4.15).
    #[error("client_id is a UUID, as are people: choose another (RFC 9700, section 4.15)")]
    LooksLikeAPerson,
    /// It could not be told from others.
    #[error("the client has no name")]
    Name,
    /// RFC 6749, section 3.1.2.2.
    #[error("redirect URI number {number}: {error}")]
    RedirectUri {
        /// Which, from 1.
        number: usize,
        /// What is wrong with it.
        error: RedirectUriError,
    },
    /// Codes would have nowhere to go.
    #[error("authorization_code needs a redirect URI")]
    NoRedirectUri,
    /// RFC 6749, section 4.4.
    #[error("client_credentials is for clients that prove who they are")]
    PublicClientCredentials,
    /// Nothing begins with a refresh token.
    #[error("refresh_token is of no use without authorization_code")]
    RefreshAlone,
    /// RFC 6749, section 3.3.
    #[error("a scope is wrong: {0}")]
    Scope(#[from] ScopeError),
    /// RFC 9068, section 2.2: `aud` is required.
    #[error("the client needs the name of a service in audiences, and no empty one")]
    Audience,
    /// Nothing could be compared with it.
    #[error("the digest of a secret is a SHA-256, and there is one at least")]
    Secret,
    /// No assertion could be verified.
    #[error("the keys of the client: {0}")]
    Keys(#[from] KeyError),
}

/// Everything that is wrong with a client.
pub fn check(client: &Client) -> Vec<RegistrationError> {
    let uris = client.redirect_uris.iter().zip(1..);
    let uris = uris.filter_map(|(uri, number)| {
        let error = redirect_uri::check(uri).err()?;
        Some(RegistrationError::RedirectUri { number, error })
    });
    let others = [
        id(&client.id),
        client.name.trim().is_empty().then_some(RegistrationError::Name),
        grants(client),
        scopes(client),
        audiences(client),
        credential(&client.credential),
    ];
    uris.chain(others.into_iter().flatten()).collect()
}

fn id(client_id: &str) -> Option<RegistrationError> {
    if is_client_id(client_id) {
        Uuid::parse_str(client_id)
            .ok()
            .map(|_| RegistrationError::LooksLikeAPerson)
    } else {
        Some(RegistrationError::ClientId)
    }
}

fn grants(client: &Client) -> Option<RegistrationError> {
    let has = |grant| client.grants.contains(&grant);
    if has(GrantType::AuthorizationCode) && client.redirect_uris.is_empty() {
        Some(RegistrationError::NoRedirectUri)
    } else if has(GrantType::ClientCredentials) && client.credential == Credential::Public {
        Some(RegistrationError::PublicClientCredentials)
    } else if has(GrantType::RefreshToken) && !has(GrantType::AuthorizationCode) {
        Some(RegistrationError::RefreshAlone)
    } else {
        None
    }
}

fn scopes(client: &Client) -> Option<RegistrationError> {
    ScopeSet::from_tokens(client.scopes.iter().cloned())
        .err()
        .map(RegistrationError::Scope)
}

fn audiences(client: &Client) -> Option<RegistrationError> {
    let names = &client.audiences;
    let is_wrong = names.iter().any(String::is_empty) || names.is_empty() && !client.grants.is_empty();
    is_wrong.then_some(RegistrationError::Audience)
}

fn credential(credential: &Credential) -> Option<RegistrationError> {
    match credential {
        Credential::Public => None,
        Credential::Secret { digests } => {
            let is_right = !digests.is_empty() && digests.iter().all(|digest| digest.len() == DIGEST_BYTES);
            (!is_right).then_some(RegistrationError::Secret)
        }
        Credential::PrivateKeyJwt { jwks } => keys(jwks).err().map(RegistrationError::Keys),
    }
}

fn keys(jwks: &Value) -> Result<KeySet, KeyError> {
    let document = serde_json::to_vec(jwks).map_err(|_| KeyError::NotAKeySet)?;
    KeySet::from_jwks(&document)
}

#[cfg(test)]
mod tests;
