//! Extractors whose refusals are problems, and never repeat the value they refuse.

use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::error::{ErrorCode, Problem};

/// A JSON body, read (415, 413, 400 or 422 when it cannot be) or written.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// The query string (400 when it does not fit).
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                ErrorCode::UnsupportedMediaType,
                "The body must be JSON, with Content-Type: application/json.",
            ));
        }
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|refused| unreadable(&refused))?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| malformed(&error))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query.map(|axum::extract::Query(value)| Self(value)).map_err(|_| {
            Problem::new(
                ErrorCode::BadRequest,
                "A parameter of the query string has the wrong form.",
            )
        })
    }
}

/// `application/json` or any `application/…+json` (RFC 6839), parameters ignored.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn unreadable(refused: &BytesRejection) -> Problem {
    if refused.status() == ErrorCode::BodyTooLarge.status() {
        Problem::new(
            ErrorCode::BodyTooLarge,
            "The body is larger than this service accepts.",
        )
    } else {
        Problem::new(ErrorCode::BadRequest, "The body could not be read to its end.")
    }
}

/// Only where it went wrong: serde's own text quotes the value.
fn malformed(error: &serde_json::Error) -> Problem {
    let place = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        Category::Data => Problem::unprocessable(format!(
            "The JSON does not fit this endpoint at {place}: a field is missing, unknown or of the wrong type."
        )),
        Category::Syntax | Category::Eof | Category::Io => Problem::new(
            ErrorCode::BadRequest,
            format!("The body is not valid JSON at {place}."),
        ),
    }
}

#[cfg(test)]
mod tests;
