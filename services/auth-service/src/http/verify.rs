//! `/verify`: whether a request may pass, for proxies in front of services that do not look at tokens themselves (nginx's
//! `auth_request`, Envoy's `ext_authz`).
//!
//! The proxy hands on the `Authorization` header of the request. It must take `X-Auth-*` headers that callers send away, and
//! replace them by those of this answer.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use service_kit::auth::{Claims, Reason, Refusal};
use service_kit::extract::Query;
use utoipa::IntoParams;

use crate::app::App;

/// What the token has to be good for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Needed {
    /// Scopes that the token must have, with a space between two.
    scope: Option<String>,
    /// A service that the token must be for.
    audience: Option<String>,
}

/// Whether a request with this access token may pass
#[utoipa::path(get, path = "", tag = "forward-auth", params(Needed), responses(
    (status = OK, description = "It may.", headers(
        ("X-Auth-Subject" = String, description = "On whose behalf."),
        ("X-Auth-Client" = String, description = "By which client."),
        ("X-Auth-Scope" = String, description = "With which scopes."),
    )),
    (status = UNAUTHORIZED, description = "It brings no valid access token."),
    (status = FORBIDDEN, description = "Its access token is not good for that."),
))]
pub(super) async fn verify(
    State(app): State<App>,
    headers: HeaderMap,
    Query(needed): Query<Needed>,
) -> Result<Response, Refusal> {
    let scope = needed.scope.as_deref().unwrap_or_default();
    let scopes: Vec<_> = scope.split(' ').filter(|scope| !scope.is_empty()).collect();
    let claims = app
        .verify_request(&headers, needed.audience.as_deref(), &scopes)
        .await?;
    told(&claims).ok_or_else(|| Reason::Claims.into())
}

/// The answer that tells who is calling; none when a name is no header text.
fn told(claims: &Claims) -> Option<Response> {
    let scope = claims.scopes().join(" ");
    let headers = [
        ("x-auth-subject", claims.subject()),
        ("x-auth-client", claims.client_id()),
        ("x-auth-scope", &scope),
    ];
    let mut response = StatusCode::OK.into_response();
    for (name, text) in headers {
        let value = HeaderValue::from_str(text).ok()?;
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
    Some(response)
}
