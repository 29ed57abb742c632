//! People's accounts.

use jiff::Timestamp;
use service_kit::postgres::{Connection, Database, DatabaseError};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row};
use uuid::Uuid;

use super::error::changed;
use super::records::Stored;
use super::time::{At, instant};
use super::{ChangeError, is_storable, page};
use crate::domain::user::User;

macro_rules! columns {
    () => {
        "id, login, password_hash, roles, fhir_user, is_enabled, version, changed_at"
    };
}

/// The accounts.
#[derive(Clone, Debug)]
pub struct Users(pub(super) Database);

impl Users {
    /// Adds an account. [`ChangeError::Exists`] when its id is taken, or its login in any case.
    pub async fn create(&self, user: &User, now: Timestamp) -> Result<Stored<User>, ChangeError> {
        const INSERT: &str = concat!(
            "INSERT INTO app_user (id, login, login_folded, password_hash, roles, fhir_user, is_enabled, version, \
             created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $8) RETURNING ",
            columns!()
        );
        let work = |mut connection: Connection| async move {
            let row = bind(INSERT, user, now).fetch_one(&mut *connection).await?;
            stored(&row)
        };
        Ok(self.0.run("create_user", work).await?)
    }

    /// Replaces an account that is still in the version that was read. Otherwise [`ChangeError::Changed`], or
    /// [`ChangeError::Missing`]; [`ChangeError::Exists`] when its new login is taken.
    pub async fn replace(
        &self,
        user: &User,
        read_version: i64,
        now: Timestamp,
    ) -> Result<Stored<User>, ChangeError> {
        const UPDATE: &str = concat!(
            "UPDATE app_user SET login = $2, login_folded = $3, password_hash = $4, roles = $5, fhir_user = $6, \
             is_enabled = $7, version = version + 1, changed_at = $8 WHERE id = $1 AND version = $9 RETURNING ",
            columns!()
        );
        let update = bind(UPDATE, user, now).bind(read_version);
        self.change("replace_user", user.id, update).await
    }

    /// Takes from a person the right to log in; what was granted before is for
    /// [`Families::kill_of_subject`](super::Families::kill_of_subject). [`ChangeError::Missing`] when there is none.
    pub async fn disable(&self, id: Uuid, now: Timestamp) -> Result<Stored<User>, ChangeError> {
        const UPDATE: &str = concat!(
            "UPDATE app_user SET is_enabled = false, version = version + 1, changed_at = $2 WHERE id = $1 RETURNING ",
            columns!()
        );
        let update = sqlx::query(UPDATE).bind(id).bind(At(now));
        self.change("disable_user", id, update).await
    }

    /// Changes the password hash, if it is still `read`: a hash that is renewed at login must not undo a change of
    /// password at the same time. Otherwise [`ChangeError::Changed`], or [`ChangeError::Missing`].
    pub async fn change_password_hash(
        &self,
        id: Uuid,
        read: &str,
        new: &str,
        now: Timestamp,
    ) -> Result<Stored<User>, ChangeError> {
        const UPDATE: &str = concat!(
            "UPDATE app_user SET password_hash = $3, version = version + 1, changed_at = $4 \
             WHERE id = $1 AND password_hash = $2 RETURNING ",
            columns!()
        );
        let (read, new) = (read.to_owned(), new.to_owned());
        let update = sqlx::query(UPDATE).bind(id).bind(read).bind(new).bind(At(now));
        self.change("change_password_hash", id, update).await
    }

    /// The account with this id.
    pub async fn find(&self, id: Uuid) -> Result<Option<Stored<User>>, DatabaseError> {
        const SELECT: &str = concat!("SELECT ", columns!(), " FROM app_user WHERE id = $1");
        self.find_one("find_user", sqlx::query(SELECT).bind(id)).await
    }

    /// The account with this login, in any case.
    pub async fn find_by_login(&self, login: &str) -> Result<Option<Stored<User>>, DatabaseError> {
        const SELECT: &str = concat!("SELECT ", columns!(), " FROM app_user WHERE login_folded = $1");
        if !is_storable(login) {
            return Ok(None);
        }
        let select = sqlx::query(SELECT).bind(folded(login));
        self.find_one("find_user_by_login", select).await
    }

    /// A page of accounts by id, after the one with id `after`; at most `limit`, and at most 1000.
    pub async fn list(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<Stored<User>>, DatabaseError> {
        const SELECT: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM app_user WHERE id > $1 ORDER BY id LIMIT $2"
        );
        let after = after.unwrap_or_default();
        let work = |mut connection: Connection| async move {
            let select = sqlx::query(SELECT).bind(after).bind(page(limit));
            let rows = select.fetch_all(&mut *connection).await?;
            rows.iter().map(stored).collect()
        };
        self.0.run("list_users", work).await
    }

    async fn find_one(
        &self,
        name: &'static str,
        select: Query<'static, Postgres, PgArguments>,
    ) -> Result<Option<Stored<User>>, DatabaseError> {
        let work = |mut connection: Connection| async move {
            let row = select.fetch_optional(&mut *connection).await?;
            row.as_ref().map(stored).transpose()
        };
        self.0.run(name, work).await
    }

    async fn change(
        &self,
        name: &'static str,
        id: Uuid,
        update: Query<'static, Postgres, PgArguments>,
    ) -> Result<Stored<User>, ChangeError> {
        let work = |mut connection: Connection| async move {
            let row = update.fetch_optional(&mut *connection).await?;
            let user = row.as_ref().map(stored).transpose()?;
            let exists = user.is_some() || exists(&mut connection, id).await?;
            Ok((user, exists))
        };
        let (user, exists) = self.0.run(name, work).await?;
        changed(user, exists)
    }
}

async fn exists(connection: &mut Connection, id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM app_user WHERE id = $1)")
        .bind(id)
        .fetch_one(&mut **connection)
        .await
}

/// `sql` with the account as its first eight parameters.
fn bind(sql: &'static str, user: &User, now: Timestamp) -> Query<'static, Postgres, PgArguments> {
    let User {
        id,
        login,
        password_hash,
        roles,
        fhir_user,
        is_enabled,
    } = user.clone();
    let folded = folded(&login);
    sqlx::query(sql)
        .bind(id)
        .bind(login)
        .bind(folded)
        .bind(password_hash)
        .bind(roles)
        .bind(fhir_user)
        .bind(is_enabled)
        .bind(At(now))
}

fn stored(row: &PgRow) -> Result<Stored<User>, sqlx::Error> {
    Ok(Stored {
        value: user(row)?,
        version: row.try_get("version")?,
        changed_at: instant(row, "changed_at")?,
    })
}

fn user(row: &PgRow) -> Result<User, sqlx::Error> {
    Ok(User {
        id: row.try_get("id")?,
        login: row.try_get("login")?,
        password_hash: row.try_get("password_hash")?,
        roles: row.try_get("roles")?,
        fhir_user: row.try_get("fhir_user")?,
        is_enabled: row.try_get("is_enabled")?,
    })
}

/// A login without its case: by way of capitals, since some letters (ß, ς) have capitals in common with others.
fn folded(login: &str) -> String {
    let lower = login.chars().flat_map(char::to_lowercase);
    let upper = lower.flat_map(char::to_uppercase);
    upper.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
