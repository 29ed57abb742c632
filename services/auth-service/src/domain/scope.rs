//! Scopes (RFC 6749, section 3.3), those of SMART App Launch 2.2 among them.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::client::GrantType;
use super::oauth_error::OAuthError;

pub mod smart;

use smart::{Context, SmartScope};

/// Asks for an ID token (OpenID Connect Core 1.0, section 3.1.2.1).
pub const OPENID: &str = "openid";
/// Asks for the claim `fhirUser` in it (SMART App Launch 2.2).
pub const FHIR_USER: &str = "fhirUser";
/// Asks for a refresh token that outlasts the session (OpenID Connect Core 1.0, section 11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// Scopes that only make sense for a person who logged in.
const OF_PERSONS: [&str; 6] = [
    OPENID,
    FHIR_USER,
    "profile",
    OFFLINE_ACCESS,
    "online_access",
    "launch",
];

/// Most scopes of a request.
const MAX_SCOPES: usize = 100;

/// A set of scopes; its order is that of the bytes, whatever the order they were asked for in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct ScopeSet(BTreeSet<String>);

/// Why text is not a set of scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// Not the grammar of RFC 6749, section 3.3.
    #[error(
        "scopes are visible ASCII without quote and backslash, with one space between two (RFC 6749, section 3.3)"
    )]
    Malformed,
    /// More than any client needs.
    #[error("there are more than {MAX_SCOPES} scopes")]
    TooMany,
}

impl From<ScopeError> for OAuthError {
    fn from(error: ScopeError) -> Self {
        Self::invalid_scope(match error {
            ScopeError::Malformed => "scopes are visible ASCII with one space between two",
            ScopeError::TooMany => "there are too many scopes",
        })
    }
}

impl TryFrom<Vec<String>> for ScopeSet {
    type Error = ScopeError;

    fn try_from(scopes: Vec<String>) -> Result<Self, ScopeError> {
        Self::from_tokens(scopes)
    }
}

impl From<ScopeSet> for Vec<String> {
    fn from(scopes: ScopeSet) -> Self {
        scopes.0.into_iter().collect()
    }
}

/// As in the parameter `scope`.
impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

impl ScopeSet {
    /// The value of the parameter `scope`: one scope at least.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        Self::from_tokens(text.split(' '))
    }

    /// These scopes; there may be none.
    pub fn from_tokens<S: Into<String>>(tokens: impl IntoIterator<Item = S>) -> Result<Self, ScopeError> {
        let scopes: BTreeSet<String> = tokens.into_iter().map(Into::into).take(MAX_SCOPES + 1).collect();
        if scopes.len() > MAX_SCOPES {
            return Err(ScopeError::TooMany);
        }
        if scopes.iter().all(|scope| is_scope_token(scope)) {
            Ok(Self(scopes))
        } else {
            Err(ScopeError::Malformed)
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this very scope is among them.
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether everything that these allow, `other` allows as well.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|scope| other.covers(scope))
    }

    /// Those of these that `other` allows.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let both = self.iter().filter(|scope| other.covers(scope));
        Self(both.map(str::to_owned).collect())
    }

    /// Whether one of these is `scope`, or a SMART scope that allows all that `scope` does.
    pub fn covers(&self, scope: &str) -> bool {
        if self.contains(scope) {
            return true;
        }
        let Some(wanted) = SmartScope::parse(scope) else {
            return false;
        };
        self.iter()
            .filter_map(SmartScope::parse)
            .any(|held| held.covers(&wanted))
    }

    /// Those that fit the grant: nobody is logged in where a client acts for itself, and only then does it act as a system.
    #[must_use]
    pub fn fitting(&self, grant: GrantType) -> Self {
        let fitting = self.iter().filter(|scope| fits(scope, grant));
        Self(fitting.map(str::to_owned).collect())
    }
}

/// What a client gets that asks for `requested` and may have `allowed`: all it asks for or an error, never silently less. One
/// that asks for nothing gets all that fits the grant (RFC 6749, section 3.3: a default of ours).
pub fn granted(
    requested: Option<&ScopeSet>,
    allowed: &ScopeSet,
    grant: GrantType,
) -> Result<ScopeSet, OAuthError> {
    let Some(requested) = requested else {
        return Ok(allowed.fitting(grant));
    };
    if requested.fitting(grant) != *requested {
        return Err(OAuthError::invalid_scope("a scope does not fit the grant type"));
    }
    if requested.is_subset(allowed) {
        Ok(requested.clone())
    } else {
        Err(OAuthError::invalid_scope(
            "a scope is not among those of the client",
        ))
    }
}

fn fits(scope: &str, grant: GrantType) -> bool {
    let context = SmartScope::parse(scope).map(|scope| scope.context());
    match grant {
        GrantType::ClientCredentials => {
            let is_of_persons = OF_PERSONS.contains(&scope) || scope.starts_with("launch/");
            !is_of_persons && !matches!(context, Some(Context::Patient | Context::User))
        }
        GrantType::AuthorizationCode | GrantType::RefreshToken => context != Some(Context::System),
    }
}

/// `scope-token` of RFC 6749, section 3.3.
fn is_scope_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    !text.is_empty() && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests;
