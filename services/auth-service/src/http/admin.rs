//! `/admin`: clients, accounts and keys. Errors are problems (RFC 9457).

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use service_kit::auth::User;
use service_kit::error::{ErrorCode, Problem};
use utoipa::IntoParams;

use crate::app::admin::{Admin, AdminError};
use crate::app::{App, Origin, RotationError, caller};
use crate::domain::oauth_error::OAuthErrorCode;
use crate::store::ChangeError;

pub(super) mod clients;
pub(super) mod keys;
pub(super) mod users;

/// See clients.
pub(crate) const CLIENTS_READ: &str = "auth.clients.read";
/// Change them.
pub(crate) const CLIENTS_WRITE: &str = "auth.clients.write";
/// See accounts.
pub(crate) const USERS_READ: &str = "auth.users.read";
/// Change them.
pub(crate) const USERS_WRITE: &str = "auth.users.write";
/// Rotate keys.
pub(crate) const KEYS_WRITE: &str = "auth.keys.write";

/// All of them, for the first client.
pub(crate) const SCOPES: [&str; 5] = [CLIENTS_READ, CLIENTS_WRITE, USERS_READ, USERS_WRITE, KEYS_WRITE];

/// How many are listed at once, if the caller does not say.
const PAGE: u32 = 100;

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// The last id of the part before.
    after: Option<String>,
    /// How many, at most.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

impl Page {
    fn limit(&self) -> Result<u32, Problem> {
        match self.limit.unwrap_or(PAGE) {
            limit @ 1..=1000 => Ok(limit),
            _ => Err(Problem::unprocessable("limit is from 1 to 1000.")),
        }
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let user = <User as FromRequestParts<App>>::from_request_parts(parts, app)
            .await
            .map_err(IntoResponse::into_response)?;
        let Ok(origin) = Origin::from_request_parts(parts, app).await;
        Ok(Self {
            origin,
            by: caller(&user),
        })
    }
}

/// A version as `ETag` (RFC 9110, section 8.8.3).
fn etag(version: i64) -> [(header::HeaderName, HeaderValue); 1] {
    let text = format!("\"{version}\"");
    let value = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
    [(header::ETAG, value)]
}

/// The version the caller read (RFC 9110, section 13.1.1). Without one it could undo what it does not know of.
fn read_version(headers: &HeaderMap) -> Result<i64, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Err(Problem::new(
            ErrorCode::PreconditionRequired,
            "Send the ETag of what is to be replaced as If-Match.",
        ));
    };
    let text = value.to_str().unwrap_or_default();
    let version = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    version
        .and_then(|version| version.parse().ok())
        .ok_or_else(|| problem_of_change(&ChangeError::Changed))
}

fn missing() -> Problem {
    problem_of_change(&ChangeError::Missing)
}

/// What is not said to be disabled is not.
const fn enabled() -> bool {
    true
}

fn problem_of_change(error: &ChangeError) -> Problem {
    let code = match error {
        ChangeError::Exists => ErrorCode::Conflict,
        ChangeError::Missing => ErrorCode::NotFound,
        ChangeError::Changed => ErrorCode::PreconditionFailed,
        ChangeError::Database(_) => ErrorCode::Internal,
    };
    Problem::new(code, format!("{error}."))
}

impl From<AdminError> for Problem {
    fn from(error: AdminError) -> Self {
        match &error {
            AdminError::Client(mistakes) => {
                let texts: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
                Self::unprocessable(format!("{}.", texts.join("; ")))
            }
            AdminError::User(_) | AdminError::Password(_) | AdminError::NoSecret => {
                Self::unprocessable(format!("{error}."))
            }
            AdminError::Change(error) => problem_of_change(error),
            AdminError::Rotation(RotationError::NoKeys) => {
                Self::new(ErrorCode::Conflict, format!("{error}."))
            }
            AdminError::Rotation(RotationError::Database(error)) => error.clone().into(),
            AdminError::Rotation(RotationError::NotMade(_)) => {
                tracing::error!(%error, "keys");
                Self::internal()
            }
            AdminError::Failed(failure) => match failure.tell().code {
                OAuthErrorCode::TemporarilyUnavailable => Self::new(
                    ErrorCode::Unavailable,
                    "The service cannot do this at the moment; try again later.",
                ),
                _ => Self::internal(),
            },
        }
    }
}
