//! `POST /oauth2/introspect` (RFC 7662).

use axum::extract::State;
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::{Answer, Refusal};
use super::form::FromClient;
use super::token::OAuthErrorBody;
use crate::app::App;

/// RFC 7662, section 2.1; the caller proves who it is as at the token endpoint.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the OpenAPI document")]
pub(super) struct IntrospectionForm {
    token: String,
    token_type_hint: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_assertion_type: Option<String>,
    client_assertion: Option<String>,
}

/// RFC 7662, section 2.2. Without `active` there is nothing else.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the OpenAPI document")]
pub(super) struct IntrospectionAnswer {
    active: bool,
    client_id: Option<String>,
    sub: Option<String>,
    iss: Option<String>,
    aud: Option<Vec<String>>,
    jti: Option<String>,
    iat: Option<i64>,
    nbf: Option<i64>,
    exp: Option<i64>,
    token_type: Option<String>,
    scope: Option<String>,
    roles: Option<Vec<String>>,
    auth_time: Option<i64>,
}

/// What a token stands for
#[utoipa::path(post, path = "", tag = "oauth",
    request_body(content = IntrospectionForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = OK, description = "What it stands for, or that it is not active.", body = IntrospectionAnswer),
        (status = BAD_REQUEST, description = "Refused.", body = OAuthErrorBody),
        (status = UNAUTHORIZED, description = "The caller did not prove who it is.", body = OAuthErrorBody),
        (status = SERVICE_UNAVAILABLE, description = "Not at the moment.", body = OAuthErrorBody),
    ),
)]
pub(super) async fn introspect(State(app): State<App>, client: FromClient) -> Result<Answer<Value>, Refusal> {
    Ok(Answer(app.introspect_token(client.request()).await?))
}
