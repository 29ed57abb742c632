//! `/.well-known`: what the service tells about itself.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::Value;
use service_kit::error::{ErrorCode, Problem};

use crate::app::App;

/// How long documents may be kept, in seconds: they change with the settings.
const MAX_AGE: i64 = 300;

/// The public keys of access and ID tokens
///
/// Empty where access tokens are signed with a secret (HS256) and there are no ID tokens.
#[utoipa::path(get, path = "", tag = "discovery", responses(
    (status = OK, description = "A JWK Set.", body = Value, content_type = "application/jwk-set+json"),
))]
pub(super) async fn jwks(State(app): State<App>) -> Response {
    cached(
        "application/jwk-set+json",
        &app.keys.jwks(),
        app.keys.jwks_max_age(),
    )
}

/// What the service can do (RFC 8414)
#[utoipa::path(get, path = "", tag = "discovery", responses((status = OK, description = "The document.", body = Value)))]
pub(super) async fn authorization_server(State(app): State<App>) -> Response {
    cached("application/json", &app.metadata.authorization_server(), MAX_AGE)
}

/// The same for clients of OpenID Connect
#[utoipa::path(get, path = "", tag = "discovery", responses(
    (status = OK, description = "The document.", body = Value),
    (status = NOT_FOUND, description = "There are no ID tokens."),
))]
pub(super) async fn openid(State(app): State<App>) -> Result<Response, Problem> {
    if app.keys.id_token_algorithm().is_none() {
        return Err(Problem::new(
            ErrorCode::NotFound,
            "This server has no keys to sign ID tokens with.",
        ));
    }
    Ok(cached(
        "application/json",
        &app.metadata.openid_configuration(),
        MAX_AGE,
    ))
}

/// The same for SMART apps
#[utoipa::path(get, path = "", tag = "discovery", responses((status = OK, description = "The document.", body = Value)))]
pub(super) async fn smart(State(app): State<App>) -> Response {
    cached("application/json", &app.metadata.smart_configuration(), MAX_AGE)
}

fn cached(media_type: &'static str, document: &Value, max_age: i64) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CACHE_CONTROL, format!("public, max-age={max_age}")),
    ];
    (StatusCode::OK, headers, document.to_string()).into_response()
}
