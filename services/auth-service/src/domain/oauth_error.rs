//! Error answers of OAuth 2.0 (RFC 6749, sections 4.1.2.1 and 5.2).

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The challenge that goes with 401: the scheme by which most clients prove who they are (RFC 7617).
const CHALLENGE: &str = "Basic realm=\"oauth2\", charset=\"UTF-8\"";

/// `error`: a closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OAuthErrorCode {
    /// A parameter is missing, wrong or there twice.
    InvalidRequest,
    /// The client is not known, or did not prove who it is.
    InvalidClient,
    /// The code or refresh token is wrong, expired, revoked or another client's.
    InvalidGrant,
    /// The client may not get tokens in this way.
    UnauthorizedClient,
    /// There is no such grant.
    UnsupportedGrantType,
    /// A scope is malformed, unknown or not this client's.
    InvalidScope,
    /// A service the client may not ask tokens for (RFC 8707, section 2).
    InvalidTarget,
    /// The person or the server said no.
    AccessDenied,
    /// Only codes are given (RFC 6749, section 3.1.1).
    UnsupportedResponseType,
    /// A bug.
    ServerError,
    /// Something the service depends on is out of reach.
    TemporarilyUnavailable,
    /// Nobody is logged in and `prompt` forbids to ask (OpenID Connect Core 1.0, section 3.1.2.6).
    LoginRequired,
    /// `request` (the same).
    RequestNotSupported,
    /// `request_uri` (the same).
    RequestUriNotSupported,
    /// `registration` (the same).
    RegistrationNotSupported,
    /// Tokens of this kind cannot be revoked (RFC 7009, section 2.2.1).
    UnsupportedTokenType,
}

impl OAuthErrorCode {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
        Self::InvalidTarget,
        Self::AccessDenied,
        Self::UnsupportedResponseType,
        Self::ServerError,
        Self::TemporarilyUnavailable,
        Self::LoginRequired,
        Self::RequestNotSupported,
        Self::RequestUriNotSupported,
        Self::RegistrationNotSupported,
        Self::UnsupportedTokenType,
    ];

    /// The name in `error`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::UnsupportedTokenType => "unsupported_token_type",
        }
    }

    /// The status of an answer to a client; errors in a redirect have none.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient => StatusCode::UNAUTHORIZED,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// An error answer. Its texts are fixed, so that none repeats what the caller sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct OAuthError {
    /// `error`.
    pub code: OAuthErrorCode,
    /// `error_description`: what is wrong, for the client's developer.
    description: &'static str,
}

impl OAuthError {
    /// An error with a description of the characters of RFC 6749, section 5.2: printable ASCII without quote and backslash.
    pub const fn new(code: OAuthErrorCode, description: &'static str) -> Self {
        debug_assert!(
            is_description(description),
            "a character that RFC 6749, section 5.2, does not allow"
        );
        Self { code, description }
    }

    /// `error_description`.
    pub const fn description(&self) -> &'static str {
        self.description
    }

    /// `invalid_request`.
    pub const fn invalid_request(description: &'static str) -> Self {
        Self::new(OAuthErrorCode::InvalidRequest, description)
    }

    /// `invalid_client`. Which check failed is not told: it would help to guess.
    pub const fn invalid_client() -> Self {
        Self::new(OAuthErrorCode::InvalidClient, "client authentication failed")
    }

    /// `invalid_grant`.
    pub const fn invalid_grant(description: &'static str) -> Self {
        Self::new(OAuthErrorCode::InvalidGrant, description)
    }

    /// `invalid_scope`.
    pub const fn invalid_scope(description: &'static str) -> Self {
        Self::new(OAuthErrorCode::InvalidScope, description)
    }

    /// `unauthorized_client`.
    pub const fn unauthorized_client(description: &'static str) -> Self {
        Self::new(OAuthErrorCode::UnauthorizedClient, description)
    }

    /// `invalid_target`.
    pub const fn invalid_target(description: &'static str) -> Self {
        Self::new(OAuthErrorCode::InvalidTarget, description)
    }

    /// The body of the answer (RFC 6749, section 5.2).
    pub fn to_json(self) -> Value {
        json!({ "error": self.code.as_str(), "error_description": self.description })
    }

    /// The parameters of the redirect (RFC 6749, section 4.1.2.1), to which `state` and `iss` are added.
    pub const fn to_query(self) -> [(&'static str, &'static str); 2] {
        [
            ("error", self.code.as_str()),
            ("error_description", self.description),
        ]
    }

    /// The value of `WWW-Authenticate`, which an answer with 401 must have (RFC 6749, section 5.2; RFC 9110, section 15.5.2).
    pub const fn challenge(self) -> Option<&'static str> {
        match self.code {
            OAuthErrorCode::InvalidClient => Some(CHALLENGE),
            _ => None,
        }
    }
}

const fn is_description(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        if !matches!(first, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e) {
            return false;
        }
        rest = behind;
    }
    !text.is_empty()
}

#[cfg(test)]
mod tests;
