//! Clients (RFC 6749, section 2).

use std::collections::HashMap;
use std::sync::Arc;

use futures::FutureExt;
use jiff::Timestamp;
use service_kit::postgres::{Connection, Database, DatabaseError, Lookup};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::types::Json;
use sqlx::{Postgres, Row};

use super::error::{changed, unreadable};
use super::records::Stored;
use super::time::{At, instant};
use super::{ChangeError, is_storable, page};
use crate::domain::client::{Client, Credential, GrantType};

macro_rules! columns {
    () => {
        "id, name, credential, grants, redirect_uris, scopes, roles, audiences, is_enabled, version, changed_at"
    };
}

/// The registered clients.
#[derive(Clone, Debug)]
pub struct Clients {
    database: Database,
    lookup: Lookup<String, Result<Arc<Stored<Client>>, DatabaseError>>,
}

impl Clients {
    pub(super) fn new(database: Database) -> Self {
        let read = |connection, ids| read(connection, ids).boxed();
        Self {
            lookup: Lookup::start(database.clone(), "find_client", read),
            database,
        }
    }

    /// Registers a client. [`ChangeError::Exists`] when its id is taken.
    pub async fn create(&self, client: &Client, now: Timestamp) -> Result<Stored<Client>, ChangeError> {
        const INSERT: &str = concat!(
            "INSERT INTO client (id, name, credential, grants, redirect_uris, scopes, roles, audiences, is_enabled, \
             version, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $10) RETURNING ",
            columns!()
        );
        let work = |mut connection: Connection| async move {
            let row = bind(INSERT, client, now).fetch_one(&mut *connection).await?;
            stored(&row)
        };
        Ok(self.database.run("create_client", work).await?)
    }

    /// Replaces a client that is still in the version that was read. Otherwise [`ChangeError::Changed`], or
    /// [`ChangeError::Missing`].
    pub async fn replace(
        &self,
        client: &Client,
        read_version: i64,
        now: Timestamp,
    ) -> Result<Stored<Client>, ChangeError> {
        const UPDATE: &str = concat!(
            "UPDATE client SET name = $2, credential = $3, grants = $4, redirect_uris = $5, scopes = $6, roles = $7, \
             audiences = $8, is_enabled = $9, version = version + 1, changed_at = $10 \
             WHERE id = $1 AND version = $11 RETURNING ",
            columns!()
        );
        let work = |mut connection: Connection| async move {
            let update = bind(UPDATE, client, now).bind(read_version);
            let row = update.fetch_optional(&mut *connection).await?;
            let replaced = row.as_ref().map(stored).transpose()?;
            let exists = replaced.is_some() || exists(&mut connection, &client.id).await?;
            Ok((replaced, exists))
        };
        let (replaced, exists) = self.database.run("replace_client", work).await?;
        changed(replaced, exists)
    }

    /// Takes from a client the right to get tokens; those it has are for
    /// [`Families::kill_of_client`](super::Families::kill_of_client). [`ChangeError::Missing`] when there is none.
    pub async fn disable(&self, id: &str, now: Timestamp) -> Result<Stored<Client>, ChangeError> {
        const UPDATE: &str = concat!(
            "UPDATE client SET is_enabled = false, version = version + 1, changed_at = $2 WHERE id = $1 RETURNING ",
            columns!()
        );
        if !is_storable(id) {
            return Err(ChangeError::Missing);
        }
        let work = |mut connection: Connection| async move {
            let update = sqlx::query(UPDATE).bind(id).bind(At(now));
            let row = update.fetch_optional(&mut *connection).await?;
            row.as_ref().map(stored).transpose()
        };
        changed(self.database.run("disable_client", work).await?, false)
    }

    /// The client with this id, as it is now. All who ask at the same time get the same.
    pub async fn find(&self, id: &str) -> Result<Option<Arc<Stored<Client>>>, DatabaseError> {
        if !is_storable(id) {
            return Ok(None);
        }
        self.lookup.find(id.to_owned()).await?.transpose()
    }

    /// A page of clients by id (byte order), after the one with id `after`; at most `limit`, and at most 1000.
    pub async fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<Stored<Client>>, DatabaseError> {
        const SELECT: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM client WHERE id > $1 ORDER BY id LIMIT $2"
        );
        // No id is empty, and none holds a U+0000.
        let after = after.filter(|id| is_storable(id)).unwrap_or_default();
        let work = |mut connection: Connection| async move {
            let select = sqlx::query(SELECT).bind(after).bind(page(limit));
            let rows = select.fetch_all(&mut *connection).await?;
            rows.iter().map(stored).collect()
        };
        self.database.run("list_clients", work).await
    }
}

/// The clients with these ids. One that cannot be read is nobody else's error.
async fn read(
    mut connection: Connection,
    ids: Vec<String>,
) -> Result<HashMap<String, Result<Arc<Stored<Client>>, DatabaseError>>, sqlx::Error> {
    const SELECT: &str = concat!("SELECT ", columns!(), " FROM client WHERE id = ANY ($1)");
    let rows = sqlx::query(SELECT).bind(ids).fetch_all(&mut *connection).await?;
    let read = |row| {
        let client = stored(row).map(Arc::new).map_err(DatabaseError::from);
        Ok((Row::try_get(row, "id")?, client))
    };
    rows.iter().map(read).collect()
}

async fn exists(connection: &mut Connection, id: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM client WHERE id = $1)")
        .bind(id)
        .fetch_one(&mut **connection)
        .await
}

/// `sql` with the client as its first ten parameters.
fn bind(sql: &'static str, client: &Client, now: Timestamp) -> Query<'static, Postgres, PgArguments> {
    let Client {
        id,
        name,
        credential,
        grants,
        redirect_uris,
        scopes,
        roles,
        audiences,
        is_enabled,
    } = client.clone();
    let grants: Vec<_> = grants.into_iter().map(grant_name).collect();
    sqlx::query(sql)
        .bind(id)
        .bind(name)
        .bind(Json(credential))
        .bind(grants)
        .bind(redirect_uris)
        .bind(scopes)
        .bind(roles)
        .bind(audiences)
        .bind(is_enabled)
        .bind(At(now))
}

fn stored(row: &PgRow) -> Result<Stored<Client>, sqlx::Error> {
    Ok(Stored {
        value: client(row)?,
        version: row.try_get("version")?,
        changed_at: instant(row, "changed_at")?,
    })
}

fn client(row: &PgRow) -> Result<Client, sqlx::Error> {
    let grants: Vec<String> = row.try_get("grants")?;
    Ok(Client {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        credential: row.try_get::<Json<Credential>, _>("credential")?.0,
        grants: grants
            .iter()
            .map(|name| grant_type(name))
            .collect::<Result<_, _>>()?,
        redirect_uris: row.try_get("redirect_uris")?,
        scopes: row.try_get("scopes")?,
        roles: row.try_get("roles")?,
        audiences: row.try_get("audiences")?,
        is_enabled: row.try_get("is_enabled")?,
    })
}

/// `grant_type` (RFC 6749).
const fn grant_name(grant: GrantType) -> &'static str {
    match grant {
        GrantType::AuthorizationCode => "authorization_code",
        GrantType::ClientCredentials => "client_credentials",
        GrantType::RefreshToken => "refresh_token",
    }
}

fn grant_type(name: &str) -> Result<GrantType, sqlx::Error> {
    match name {
        "authorization_code" => Ok(GrantType::AuthorizationCode),
        "client_credentials" => Ok(GrantType::ClientCredentials),
        "refresh_token" => Ok(GrantType::RefreshToken),
        _ => Err(unreadable("grants")),
    }
}
