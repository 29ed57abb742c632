//! Answers of the authorization endpoint (RFC 6749, sections 4.1.2 and 4.1.2.1), each with `iss` (RFC 9207), so that a client of
//! several servers cannot be made to take one for the other.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::domain::oauth_error::OAuthError;

/// Where an answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationResponse {
    /// A redirect URI of the client.
    pub redirect_uri: String,
    /// `state`, given back as it came.
    pub state: Option<String>,
}

/// The value of `Location`. May hold a code, which `Debug` does not show.
pub struct Location(SecretString);

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Location(..)")
    }
}

impl Location {
    /// The URI, to be sent to the person's browser and nowhere else.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl AuthorizationResponse {
    /// The client gets a code.
    pub fn with_code(&self, issuer: &str, code: &SecretString) -> Location {
        self.location(issuer, &[("code", code.expose_secret())])
    }

    /// The client gets none.
    pub fn with_error(&self, issuer: &str, error: OAuthError) -> Location {
        self.location(issuer, &error.to_query())
    }

    /// A query of the redirect URI's own is kept (RFC 6749, section 3.1.2).
    fn location(&self, issuer: &str, pairs: &[(&str, &str)]) -> Location {
        let separator = match self.redirect_uri.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        let start = format!("{}{separator}", self.redirect_uri);
        let length = start.len();
        let mut query = form_urlencoded::Serializer::for_suffix(start, length);
        query.extend_pairs(pairs);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", issuer);
        Location(query.finish().into())
    }
}

#[cfg(test)]
mod tests;
