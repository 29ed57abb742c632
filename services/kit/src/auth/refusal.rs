//! Why a request is refused, and the answer that says so (RFC 6750, section 3; RFC 9457).

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use super::policy::Denial;
use super::policy::is_scope;
use crate::error::{ErrorCode, Problem};

/// The protected space of the challenge: all services take the same tokens.
const REALM: &str = "api";

/// Seconds after which a caller refused with 503 may ask again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// Why a request is refused: the label of `http_server_auth_failures_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No bearer token.
    Missing,
    /// More than one `Authorization` header.
    Ambiguous,
    /// The header is not `Bearer <token>`.
    InvalidRequest,
    /// The token is longer than any of ours.
    TooLong,
    /// Not three parts of canonical base64url with JSON objects.
    Malformed,
    /// A name occurs twice in the header or the claims.
    DuplicateMember,
    /// The header asks for an extension (`crit`) or brings its own key.
    Header,
    /// The algorithm is not the one of the key.
    Algorithm,
    /// No such key.
    UnknownKey,
    /// Not the kind of token that is wanted here.
    Type,
    /// The signature is not the key's.
    Signature,
    /// A required claim is missing or of the wrong type.
    Claims,
    /// Not from our issuer.
    Issuer,
    /// Not for us.
    Audience,
    /// No longer valid.
    Expired,
    /// Not valid yet, or issued in the future.
    NotYetValid,
    /// Taken back by its issuer.
    Revoked,
    /// A valid token without the roles or scopes the route asks for.
    Forbidden,
    /// It cannot be told: the keys or the revocations are out of reach.
    Unavailable,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Missing,
        Self::Ambiguous,
        Self::InvalidRequest,
        Self::TooLong,
        Self::Malformed,
        Self::DuplicateMember,
        Self::Header,
        Self::Algorithm,
        Self::UnknownKey,
        Self::Type,
        Self::Signature,
        Self::Claims,
        Self::Issuer,
        Self::Audience,
        Self::Expired,
        Self::NotYetValid,
        Self::Revoked,
        Self::Forbidden,
        Self::Unavailable,
    ];

    /// The label value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Ambiguous => "ambiguous",
            Self::InvalidRequest => "invalid_request",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::DuplicateMember => "duplicate_member",
            Self::Header => "header",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::Type => "type",
            Self::Signature => "signature",
            Self::Claims => "claims",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Revoked => "revoked",
            Self::Forbidden => "forbidden",
            Self::Unavailable => "unavailable",
        }
    }

    /// What the caller is told. Which check a bad token failed is not: only its issuer needs to know.
    const fn answer(self) -> Answer {
        match self {
            Self::Missing => Answer::NoToken,
            Self::Ambiguous | Self::InvalidRequest => Answer::InvalidRequest,
            Self::Forbidden => Answer::InsufficientScope,
            Self::Unavailable => Answer::Unavailable,
            _ => Answer::InvalidToken,
        }
    }
}

/// The four errors of RFC 6750, section 3.1 (with "no token", which has no error code), and "ask again".
#[derive(Clone, Copy)]
enum Answer {
    NoToken,
    InvalidRequest,
    InvalidToken,
    InsufficientScope,
    Unavailable,
}

impl Answer {
    const fn error_code(self) -> Option<&'static str> {
        match self {
            Self::NoToken | Self::Unavailable => None,
            Self::InvalidRequest => Some("invalid_request"),
            Self::InvalidToken => Some("invalid_token"),
            Self::InsufficientScope => Some("insufficient_scope"),
        }
    }

    fn problem(self) -> Problem {
        let (code, detail) = match self {
            Self::NoToken => (
                ErrorCode::Unauthorized,
                "This needs an access token: send it as Authorization: Bearer.",
            ),
            Self::InvalidRequest => (
                ErrorCode::BadRequest,
                "The request must carry one Authorization header of the form Bearer, one space, token.",
            ),
            Self::InvalidToken => (
                ErrorCode::Unauthorized,
                "The access token is not valid here: it is malformed, expired, revoked or for another service.",
            ),
            Self::InsufficientScope => (
                ErrorCode::Forbidden,
                "The access token does not allow this; it lacks a role or a scope.",
            ),
            Self::Unavailable => (
                ErrorCode::Unavailable,
                "Access tokens cannot be verified at the moment; try again.",
            ),
        };
        Problem::new(code, detail)
    }
}

/// A refused request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// Scopes a token would need, when that is what it lacks.
    pub missing_scopes: Vec<String>,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            missing_scopes: Vec::new(),
        }
    }
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self {
            reason: Reason::Forbidden,
            missing_scopes: denial.missing_scopes,
        }
    }
}

impl Refusal {
    /// The challenge of `WWW-Authenticate`. The scheme never stands alone (RFC 6750, section 3).
    fn challenge(&self) -> String {
        let error = self.reason.answer().error_code();
        let error = error
            .map(|code| format!(", error=\"{code}\""))
            .unwrap_or_default();
        let scopes: Vec<_> = self
            .missing_scopes
            .iter()
            .map(String::as_str)
            .filter(|s| is_scope(s))
            .collect();
        let scope = if scopes.is_empty() {
            String::new()
        } else {
            format!(", scope=\"{}\"", scopes.join(" "))
        };
        format!("Bearer realm=\"{REALM}\"{error}{scope}")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.reason.answer().problem().into_response();
        let headers = response.headers_mut();
        if self.reason == Reason::Unavailable {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        } else if let Ok(challenge) = HeaderValue::from_str(&self.challenge()) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

#[cfg(test)]
mod tests;
