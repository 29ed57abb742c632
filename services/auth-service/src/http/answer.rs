//! Answers of the OAuth endpoints. Their errors are those of the RFCs, not problems (RFC 6749, section 5.2).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::app::Failure;
use crate::domain::oauth_error::{OAuthError, OAuthErrorCode};

/// Seconds after which a caller refused with 503 may ask again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// A JSON object that no cache keeps (RFC 6749, section 5.1).
pub(super) struct Answer<T>(pub(super) T);

/// An error of an OAuth endpoint.
pub(super) struct Refusal(OAuthError);

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        Self(error)
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self(failure.tell())
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let headers = [
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::PRAGMA, HeaderValue::from_static("no-cache")),
        ];
        (headers, Json(self.0)).into_response()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.0.code.status(), Answer(self.0.to_json())).into_response();
        let headers = response.headers_mut();
        if let Some(challenge) = self.0.challenge() {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if self.0.code == OAuthErrorCode::TemporarilyUnavailable {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }
}

/// Says when to ask again, if the answer is 503.
pub(super) fn with_retry_after(mut response: Response) -> Response {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    response
}
