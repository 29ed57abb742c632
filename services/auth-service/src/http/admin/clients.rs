//! `/admin/clients`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use http::{HeaderMap, StatusCode, header};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service_kit::error::{ErrorCode, Problem};
use service_kit::extract::{Json, Query};
use utoipa::ToSchema;

use super::{Page, etag, missing, read_version};
use crate::app::App;
use crate::app::admin::{Admin, AdminError, NewSecret, secret};
use crate::domain::client::{Client, Credential, GrantType};
use crate::domain::digest::Digest;
use crate::store::Stored;

/// How a client proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Authentication {
    /// Not at all: apps that people have on their own machines.
    None,
    /// By a secret.
    ClientSecret,
    /// By assertions that it signs.
    PrivateKeyJwt,
}

/// What a client may do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientBody {
    /// For people.
    name: String,
    authentication: Authentication,
    /// Its public keys, with `private_key_jwt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jwks: Option<Value>,
    /// Of `authorization_code`, `client_credentials`, `refresh_token`.
    #[schema(value_type = Vec<String>)]
    grants: Vec<GrantType>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    /// Scopes that it may ask for.
    #[serde(default)]
    scopes: Vec<String>,
    /// Roles of its own.
    #[serde(default)]
    roles: Vec<String>,
    /// Services that its tokens may be for; the first is meant when it names none.
    #[serde(default)]
    audiences: Vec<String>,
    #[serde(default = "super::enabled")]
    is_enabled: bool,
}

/// A new client.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewClientBody {
    /// `client_id`.
    id: String,
    client: ClientBody,
}

/// A client.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientAnswer {
    /// `client_id`.
    id: String,
    /// Grows with every change; the `ETag`.
    version: i64,
    client: ClientBody,
    /// A new secret, which is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    client_secret: Option<String>,
}

/// Some clients.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClientsAnswer {
    clients: Vec<ClientAnswer>,
}

/// The clients, by id
#[utoipa::path(get, path = "", tag = "clients", operation_id = "list_clients", params(Page),
    responses((status = OK, description = "Some of them.", body = ClientsAnswer)))]
pub(crate) async fn list(
    State(app): State<App>,
    Query(page): Query<Page>,
) -> Result<Json<ClientsAnswer>, Problem> {
    let clients = app
        .store
        .clients
        .list(page.after.as_deref(), page.limit()?)
        .await?;
    Ok(Json(ClientsAnswer {
        clients: clients.into_iter().map(answer).collect(),
    }))
}

/// A client
#[utoipa::path(get, path = "", tag = "clients", operation_id = "find_client",
    responses((status = OK, description = "It, with its ETag.", body = ClientAnswer)))]
pub(crate) async fn find(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let found = app.store.clients.find(&id).await?;
    let client = found.ok_or_else(missing)?;
    Ok((etag(client.version), Json(answer(Arc::unwrap_or_clone(client)))))
}

/// Registers a client
///
/// With `client_secret` the answer has its secret, which nobody can be shown again.
#[utoipa::path(post, path = "", tag = "clients", operation_id = "create_client", request_body = NewClientBody, responses(
    (status = CREATED, description = "It, with its ETag.", body = ClientAnswer),
    (status = CONFLICT, description = "There is one with this id."),
))]
pub(crate) async fn create(
    State(app): State<App>,
    admin: Admin,
    Json(NewClientBody { id, client: body }): Json<NewClientBody>,
) -> Result<impl IntoResponse, Problem> {
    let secret = match body.authentication {
        Authentication::ClientSecret => Some(secret().map_err(AdminError::Failed)?),
        _ => None,
    };
    let digests = secret.iter().map(|secret| Digest::of(secret.expose_secret()));
    let kept = Credential::Secret {
        digests: digests.map(|digest| digest.as_bytes().to_vec()).collect(),
    };
    let client = client(id, body, &kept)?;
    let created = app.register_client(&admin, &client).await?;
    let location = [(
        header::LOCATION,
        format!("/admin/clients/{}", encoded(&created.value.id)),
    )];
    let etag = etag(created.version);
    let mut answer = answer(created);
    answer.client_secret = secret.map(|secret| secret.expose_secret().to_owned());
    Ok((StatusCode::CREATED, location, etag, Json(answer)))
}

/// Replaces a client
///
/// Its secrets stay as they are.
#[utoipa::path(put, path = "", tag = "clients", operation_id = "replace_client",
    params(("If-Match" = String, Header, description = "The ETag of what is to be replaced.")),
    request_body = ClientBody,
    responses(
        (status = OK, description = "It, with its ETag.", body = ClientAnswer),
        (status = PRECONDITION_FAILED, description = "It is not as it was read."),
        (status = PRECONDITION_REQUIRED, description = "If-Match is missing."),
    ),
)]
pub(crate) async fn replace(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<ClientBody>,
) -> Result<impl IntoResponse, Problem> {
    let version = read_version(&headers)?;
    let found = app.store.clients.find(&id).await?;
    let before = found.ok_or_else(missing)?;
    let client = client(id, body, &before.value.credential)?;
    let replaced = app.replace_client(&admin, &client, version).await?;
    Ok((etag(replaced.version), Json(answer(replaced))))
}

/// Disables a client, and ends all logins that came of it
#[utoipa::path(delete, path = "", tag = "clients", operation_id = "disable_client",
    responses((status = NO_CONTENT, description = "It gets no tokens any more.")))]
pub(crate) async fn disable(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    app.disable_client(&admin, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Another secret for a client
///
/// The one before it stays good until the next one is made.
#[utoipa::path(post, path = "", tag = "clients", operation_id = "add_client_secret", responses(
    (status = CREATED, description = "It, with its ETag and the secret.", body = ClientAnswer),
))]
pub(crate) async fn add_secret(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let NewSecret { client, secret } = app.add_client_secret(&admin, &id).await?;
    let etag = etag(client.version);
    let mut answer = answer(client);
    answer.client_secret = Some(secret.expose_secret().to_owned());
    Ok((StatusCode::CREATED, etag, Json(answer)))
}

/// The client that a body describes; its secrets are those that are `kept`.
fn client(id: String, body: ClientBody, kept: &Credential) -> Result<Client, Problem> {
    let credential = match (body.authentication, body.jwks, kept) {
        (Authentication::None, None, _) => Credential::Public,
        (Authentication::PrivateKeyJwt, Some(jwks), _) => Credential::PrivateKeyJwt { jwks },
        (Authentication::ClientSecret, None, kept @ Credential::Secret { .. }) => kept.clone(),
        (Authentication::ClientSecret, None, _) => {
            return Err(Problem::new(
                ErrorCode::Conflict,
                "The client has no secret; register another one.",
            ));
        }
        _ => {
            return Err(Problem::unprocessable(
                "jwks goes with private_key_jwt, and with nothing else.",
            ));
        }
    };
    Ok(Client {
        id,
        name: body.name,
        credential,
        grants: body.grants,
        redirect_uris: body.redirect_uris,
        scopes: body.scopes,
        roles: body.roles,
        audiences: body.audiences,
        is_enabled: body.is_enabled,
    })
}

fn answer(stored: Stored<Client>) -> ClientAnswer {
    let client = stored.value;
    let (authentication, jwks) = match client.credential {
        Credential::Public => (Authentication::None, None),
        Credential::Secret { .. } => (Authentication::ClientSecret, None),
        Credential::PrivateKeyJwt { jwks } => (Authentication::PrivateKeyJwt, Some(jwks)),
    };
    ClientAnswer {
        id: client.id,
        version: stored.version,
        client: ClientBody {
            name: client.name,
            authentication,
            jwks,
            grants: client.grants,
            redirect_uris: client.redirect_uris,
            scopes: client.scopes,
            roles: client.roles,
            audiences: client.audiences,
            is_enabled: client.is_enabled,
        },
        client_secret: None,
    }
}

/// An id as a segment of a path; an id may hold anything that is printable.
fn encoded(id: &str) -> String {
    form_urlencoded::byte_serialize(id.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}
