//! Errors as HTTP answers: RFC 9457 problem details.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

/// Media type of a problem (RFC 9457, section 3).
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What kind of thing went wrong: a closed list, stable for clients to branch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The request cannot be understood (400).
    BadRequest,
    /// The caller is not known: no token, or one that is not valid (401).
    Unauthorized,
    /// The caller is known and may not (403).
    Forbidden,
    /// There is nothing at this path (404).
    NotFound,
    /// The path exists, but not for this method (405).
    MethodNotAllowed,
    /// None of the media types the caller accepts is available (406).
    NotAcceptable,
    /// The request does not fit the present state of what it is about (409).
    Conflict,
    /// It is not as it was when the caller read it (412).
    PreconditionFailed,
    /// The body is larger than the service takes (413).
    BodyTooLarge,
    /// The body is of a kind the service does not read (415).
    UnsupportedMediaType,
    /// The request is understood, but its values are not acceptable (422).
    Unprocessable,
    /// The caller must say which state it read, with `If-Match` (428; RFC 6585, section 3).
    PreconditionRequired,
    /// More requests than a rate limit allows (429).
    TooManyRequests,
    /// A bug of the service (500).
    Internal,
    /// Something the service depends on is out of reach (503).
    Unavailable,
    /// The service did not finish in time (503).
    Timeout,
}

impl ErrorCode {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::Conflict,
        Self::PreconditionFailed,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::Unprocessable,
        Self::PreconditionRequired,
        Self::TooManyRequests,
        Self::Internal,
        Self::Unavailable,
        Self::Timeout,
    ];

    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::Conflict => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable | Self::Timeout => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The stable name in the answer's `code`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NotAcceptable => "not_acceptable",
            Self::Conflict => "conflict",
            Self::PreconditionFailed => "precondition_failed",
            Self::BodyTooLarge => "body_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Unprocessable => "unprocessable",
            Self::PreconditionRequired => "precondition_required",
            Self::TooManyRequests => "too_many_requests",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
        }
    }
}

/// An error answer. `detail` is read by the caller and must not repeat what the caller sent: that may be PHI,
/// and answers end up in other people's logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", code.as_str())]
pub struct Problem {
    /// What kind of error.
    pub code: ErrorCode,
    /// What happened and what to do, for people.
    pub detail: String,
}

/// A problem as it is sent (RFC 9457, section 3.1).
#[derive(Serialize)]
struct ProblemBody<'a> {
    /// `about:blank`: the status says what kind of problem this is.
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// Stable name of the problem, for programs.
    code: &'static str,
    /// What happened and what to do, for people.
    detail: &'a str,
}

impl Problem {
    /// A problem of the given kind.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }

    /// A value of the request is not acceptable (422).
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::Unprocessable, detail)
    }

    /// A bug or a failed part of the service (500). The cause belongs in the log, not in the answer.
    pub fn internal() -> Self {
        Self::new(
            ErrorCode::Internal,
            "The service failed to handle the request; tell its operators the x-request-id of this answer.",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.code.status();
        let body = ProblemBody {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            code: self.code.as_str(),
            detail: &self.detail,
        };
        let mut response = (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], axum::Json(body)).into_response();
        // For the metrics: which kind of refusal this was.
        response.extensions_mut().insert(self.code);
        response
    }
}

#[cfg(test)]
mod tests;
