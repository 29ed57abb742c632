//! `POST /oauth2/revoke` (RFC 7009).

use axum::extract::State;
use http::StatusCode;

use super::answer::Refusal;
use super::form::FromClient;
use super::introspect::IntrospectionForm;
use super::token::OAuthErrorBody;
use crate::app::App;

/// Takes a token back
///
/// With a refresh token all that came of its login. A token that is not known, or not valid any more, is as good as taken back.
#[utoipa::path(post, path = "", tag = "oauth",
    request_body(content = IntrospectionForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = OK, description = "It is valid no more."),
        (status = BAD_REQUEST, description = "Refused.", body = OAuthErrorBody),
        (status = UNAUTHORIZED, description = "The client did not prove who it is.", body = OAuthErrorBody),
        (status = SERVICE_UNAVAILABLE, description = "It may still be valid: try again.", body = OAuthErrorBody),
    ),
)]
pub(super) async fn revoke(State(app): State<App>, client: FromClient) -> Result<StatusCode, Refusal> {
    app.revoke_token(client.request()).await?;
    Ok(StatusCode::OK)
}
