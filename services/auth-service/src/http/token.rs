//! `POST /oauth2/token`.

use axum::extract::State;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{Answer, Refusal};
use super::form::FromClient;
use crate::app::{App, Issued};

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
#[derive(Serialize, ToSchema)]
pub(super) struct TokenAnswer {
    access_token: String,
    #[schema(value_type = String)]
    token_type: &'static str,
    expires_in: i64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
}

impl TokenAnswer {
    fn of(issued: &Issued, now: Timestamp) -> Self {
        let exposed =
            |token: &Option<SecretString>| token.as_ref().map(|token| token.expose_secret().to_owned());
        Self {
            access_token: issued.access.expose().to_owned(),
            token_type: "Bearer",
            expires_in: issued.access.expires_at.duration_since(now).as_secs(),
            scope: issued.scopes.to_string(),
            refresh_token: exposed(&issued.refresh),
            id_token: exposed(&issued.id_token),
        }
    }
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
pub(super) async fn issue(
    State(app): State<App>,
    client: FromClient,
) -> Result<Answer<TokenAnswer>, Refusal> {
    let issued = app.issue_token(client.request()).await?;
    Ok(Answer(TokenAnswer::of(&issued, app.now())))
}
