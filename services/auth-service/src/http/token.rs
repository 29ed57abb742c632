//! `POST /oauth2/token`.

use axum::extract::State;
use utoipa::ToSchema;

use super::answer::{Answer, Refusal};
use super::form::FromClient;
use crate::app::App;

/// What a client asks for (RFC 6749, sections 4.1.3, 4.4.2 and 6), and how it proves who it is.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the OpenAPI document")]
pub(super) struct TokenForm {
    /// `authorization_code`, `client_credentials` or `refresh_token`.
    grant_type: String,
    code: Option<String>,
    redirect_uri: Option<String>,
    /// RFC 7636, section 4.5.
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    scope: Option<String>,
    /// RFC 8707; may be there several times.
    resource: Option<String>,
    audience: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_assertion_type: Option<String>,
    client_assertion: Option<String>,
}

/// RFC 6749, section 5.1.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the OpenAPI document")]
pub(super) struct TokenAnswer {
    access_token: String,
    token_type: String,
    expires_in: i64,
    scope: String,
    refresh_token: Option<String>,
    id_token: Option<String>,
}

/// RFC 6749, section 5.2.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the OpenAPI document")]
pub(super) struct OAuthErrorBody {
    error: String,
    error_description: String,
}

/// Tokens for a client
#[utoipa::path(post, path = "", tag = "oauth",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = OK, description = "The tokens.", body = TokenAnswer),
        (status = BAD_REQUEST, description = "Refused.", body = OAuthErrorBody),
        (status = UNAUTHORIZED, description = "The client did not prove who it is.", body = OAuthErrorBody),
        (status = SERVICE_UNAVAILABLE, description = "Not at the moment.", body = OAuthErrorBody),
    ),
)]
pub(super) async fn issue(State(app): State<App>, client: FromClient) -> Result<Answer, Refusal> {
    let issued = app.issue_token(client.request()).await?;
    Ok(Answer(issued.into_json(app.now())))
}
