//! `/admin/users`.

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use http::{HeaderMap, StatusCode, header};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use service_kit::error::Problem;
use service_kit::extract::{Json, Query};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Page, etag, missing, read_version};
use crate::app::App;
use crate::app::admin::Admin;
use crate::domain::user::User;
use crate::store::Stored;

/// An account, but for its password.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserBody {
    /// What is typed in; case does not count.
    login: String,
    /// Roles in tokens.
    #[serde(default)]
    roles: Vec<String>,
    /// The person as a FHIR resource: an absolute URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fhir_user: Option<String>,
    #[serde(default = "super::enabled")]
    is_enabled: bool,
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUserBody {
    user: UserBody,
    /// At least 12 characters.
    password: String,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    /// At least 12 characters.
    password: String,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserAnswer {
    /// `sub` of its tokens.
    #[schema(value_type = String, pattern = "^[0-9a-f-]{36}$")]
    id: Uuid,
    /// Grows with every change; the `ETag`.
    version: i64,
    user: UserBody,
}

/// Some accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsersAnswer {
    users: Vec<UserAnswer>,
}

/// The accounts, by id
#[utoipa::path(get, path = "", tag = "users", operation_id = "list_users", params(Page),
    responses((status = OK, description = "Some of them.", body = UsersAnswer)))]
pub(crate) async fn list(
    State(app): State<App>,
    Query(page): Query<Page>,
) -> Result<Json<UsersAnswer>, Problem> {
    let after = page.after.as_deref().map(str::parse).transpose();
    let after = after.map_err(|_| Problem::unprocessable("after is the id of an account."))?;
    let users = app.store.users.list(after, page.limit()?).await?;
    Ok(Json(UsersAnswer {
        users: users.into_iter().map(answer).collect(),
    }))
}

/// An account
#[utoipa::path(get, path = "", tag = "users", operation_id = "find_user",
    responses((status = OK, description = "It, with its ETag.", body = UserAnswer)))]
pub(crate) async fn find(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let user = app.store.users.find(uuid(&id)?).await?.ok_or_else(missing)?;
    Ok((etag(user.version), Json(answer(user))))
}

/// Adds an account
#[utoipa::path(post, path = "", tag = "users", operation_id = "create_user", request_body = NewUserBody, responses(
    (status = CREATED, description = "It, with its ETag.", body = UserAnswer),
    (status = CONFLICT, description = "The login is taken."),
))]
pub(crate) async fn create(
    State(app): State<App>,
    admin: Admin,
    Json(NewUserBody { user: body, password }): Json<NewUserBody>,
) -> Result<impl IntoResponse, Problem> {
    let user = user(Uuid::new_v4(), body);
    let created = app
        .create_user(&admin, user, SecretString::from(password))
        .await?;
    let location = [(header::LOCATION, format!("/admin/users/{}", created.value.id))];
    Ok((
        StatusCode::CREATED,
        location,
        etag(created.version),
        Json(answer(created)),
    ))
}

/// Replaces an account
///
/// Its password stays as it is.
#[utoipa::path(put, path = "", tag = "users", operation_id = "replace_user",
    params(("If-Match" = String, Header, description = "The ETag of what is to be replaced.")),
    request_body = UserBody,
    responses(
        (status = OK, description = "It, with its ETag.", body = UserAnswer),
        (status = CONFLICT, description = "The login is taken."),
        (status = PRECONDITION_FAILED, description = "It is not as it was read."),
        (status = PRECONDITION_REQUIRED, description = "If-Match is missing."),
    ),
)]
pub(crate) async fn replace(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<UserBody>,
) -> Result<impl IntoResponse, Problem> {
    let version = read_version(&headers)?;
    let replaced = app.replace_user(&admin, user(uuid(&id)?, body), version).await?;
    Ok((etag(replaced.version), Json(answer(replaced))))
}

/// Disables an account, and logs the person out everywhere
#[utoipa::path(delete, path = "", tag = "users", operation_id = "disable_user",
    responses((status = NO_CONTENT, description = "Nobody logs in with it any more.")))]
pub(crate) async fn disable(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    app.disable_user(&admin, uuid(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets a password, and logs the person out everywhere
#[utoipa::path(put, path = "", tag = "users", request_body = PasswordBody,
    responses((status = NO_CONTENT, description = "It is the password from now on.")))]
pub(crate) async fn set_password(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
    Json(body): Json<PasswordBody>,
) -> Result<StatusCode, Problem> {
    app.set_password(&admin, uuid(&id)?, SecretString::from(body.password))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Logs a person out everywhere
#[utoipa::path(post, path = "", tag = "users",
    responses((status = NO_CONTENT, description = "All tokens of their logins are good for nothing.")))]
pub(crate) async fn log_out(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    app.log_out(&admin, uuid(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is no id is the id of nobody.
fn uuid(text: &str) -> Result<Uuid, Problem> {
    text.parse().map_err(|_| missing())
}

fn user(id: Uuid, body: UserBody) -> User {
    User {
        id,
        login: body.login,
        password_hash: String::new(),
        roles: body.roles,
        fhir_user: body.fhir_user,
        is_enabled: body.is_enabled,
    }
}

fn answer(stored: Stored<User>) -> UserAnswer {
    let User {
        id,
        login,
        roles,
        fhir_user,
        is_enabled,
        password_hash: _,
    } = stored.value;
    UserAnswer {
        id,
        version: stored.version,
        user: UserBody {
            login,
            roles,
            fhir_user,
            is_enabled,
        },
    }
}
