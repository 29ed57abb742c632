//! Bodies of the OAuth endpoints.

use std::mem::take;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use service_kit::error::{ErrorCode, Problem};

use super::answer::Refusal;
use crate::app::{App, ClientRequest, Origin};
use crate::domain::oauth_error::OAuthError;
use crate::domain::parameters::Parameters;

/// A body of `application/x-www-form-urlencoded` (RFC 6749, appendix B).
pub(super) struct Form(pub(super) Parameters);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Response;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Response> {
        let headers = take(request.headers_mut());
        Self::read(&headers, request, state).await
    }
}

impl Form {
    /// The body of a request that had these headers.
    async fn read<S: Send + Sync>(
        headers: &HeaderMap,
        request: Request,
        state: &S,
    ) -> Result<Self, Response> {
        if !is_form(headers) {
            let error = OAuthError::invalid_request("the body is not application/x-www-form-urlencoded");
            return Err(Refusal::from(error).into_response());
        }
        let body = Bytes::from_request(request, state).await.map_err(|refused| {
            let is_too_large = refused.status() == StatusCode::PAYLOAD_TOO_LARGE;
            let code = if is_too_large {
                ErrorCode::BodyTooLarge
            } else {
                ErrorCode::BadRequest
            };
            Problem::new(code, "The body could not be read to its end.").into_response()
        })?;
        let parameters = Parameters::parse(&body).map_err(OAuthError::from);
        parameters
            .map(Self)
            .map_err(|error| Refusal::from(error).into_response())
    }
}

/// What a client sends where it proves who it is.
pub(super) struct FromClient {
    origin: Origin,
    headers: HeaderMap,
    form: Parameters,
}

impl FromRequest<App> for FromClient {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let Ok(origin) = Origin::from_request_parts(&mut parts, app).await;
        let headers = take(&mut parts.headers);
        let Form(form) = Form::read(&headers, Request::from_parts(parts, body), app).await?;
        Ok(Self {
            origin,
            headers,
            form,
        })
    }
}

impl FromClient {
    /// It, as the use cases take it.
    pub(super) const fn request(&self) -> ClientRequest<'_> {
        ClientRequest {
            origin: &self.origin,
            headers: &self.headers,
            form: &self.form,
        }
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next().unwrap_or_default();
    essence
        .trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
