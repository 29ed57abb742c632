//! Refresh families (RFC 9700, section 4.14.2): one row each.
//!
//! **No token is valid that was minted after a kill returned.** The names (`jti`) of all tokens of a family begin with its id and
//! a dot, and the kit refuses tokens also by what stands before the first dot. The statement that kills a family revokes its
//! id with it, so that it does not matter when a token was signed, nor by whom: it is revoked from birth. And none is begun
//! any more: rotating writes the same row, and finds it dead.
//!
//! A kill of all families of a client or subject also meets those that are being opened, whose row it cannot see: `open` holds
//! the row of its code with a share lock. The kill first makes the codes void, and so waits for `open`; its next statement sees
//! the family. Whoever asks for a code later finds it void and opens nothing.

use jiff::Timestamp;
use service_kit::postgres::{Connection, Database, DatabaseError};
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::error::unreadable;
use super::records::{Digest, Family, RevocationReason, Revoked, Rotation};
use super::time::{At, instant, instant_if_any};

mod kill;

macro_rules! columns {
    () => {
        "id, client_id, subject, scopes, roles, audience, auth_time, generation, rotated_at, expires_at, revoked_at, \
         revoked_why"
    };
}

/// The refresh families.
#[derive(Clone, Debug)]
pub struct Families(pub(super) Database);

impl Families {
    /// Opens the family that `code` was redeemed for. False when it may not be opened: the
    /// code was redeemed again meanwhile, or all grants of its client or subject were revoked.
    ///
    /// # Errors
    /// A constraint when the family is open already, or has expired before it began.
    pub async fn open(&self, family: &Family, code: &Digest) -> Result<bool, DatabaseError> {
        let work = |mut connection: Connection| async move { insert(&mut connection, family, code).await };
        self.0.run("open_family", work).await
    }

    /// Makes the generation after `presented` the valid one, if `presented` is and the family lives. One statement: of any number
    /// of attempts with one generation, one rotates.
    pub async fn rotate(&self, id: Uuid, presented: i64, now: Timestamp) -> Result<Rotation, DatabaseError> {
        let work = |mut connection: Connection| async move {
            if let Some(family) = advance(&mut connection, id, presented, now).await? {
                return Ok(Rotation::Rotated(family));
            }
            let family = find(&mut connection, id).await?;
            Ok(family.map_or(Rotation::Unknown, Rotation::Unchanged))
        };
        self.0.run("rotate_family", work).await
    }

    /// The family with this id.
    pub async fn find(&self, id: Uuid) -> Result<Option<Family>, DatabaseError> {
        let work = |mut connection: Connection| async move { find(&mut connection, id).await };
        self.0.run("find_family", work).await
    }
}

/// Whether the family was added: only if the code still stands for it.
async fn insert(connection: &mut Connection, family: &Family, code: &Digest) -> Result<bool, sqlx::Error> {
    const INSERT: &str = "WITH code AS (SELECT client_id, subject FROM authorization_code WHERE digest = $1 \
         AND family = $2 AND client_id = $3 AND subject = $4 AND voided_at IS NULL FOR SHARE) \
         INSERT INTO refresh_family \
         (id, client_id, subject, scopes, roles, audience, auth_time, generation, rotated_at, expires_at) \
         SELECT $2, client_id, subject, $5, $6, $7, $8, $9, $10, $11 FROM code";
    let done = sqlx::query(INSERT)
        .bind(code.as_bytes().as_slice())
        .bind(family.id)
        .bind(&family.client_id)
        .bind(&family.subject)
        .bind(&family.scopes)
        .bind(&family.roles)
        .bind(&family.audience)
        .bind(At(family.auth_time))
        .bind(family.generation)
        .bind(At(family.rotated_at))
        .bind(At(family.expires_at))
        .execute(&mut **connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The family with its next generation.
async fn advance(
    connection: &mut Connection,
    id: Uuid,
    presented: i64,
    now: Timestamp,
) -> Result<Option<Family>, sqlx::Error> {
    const UPDATE: &str = concat!(
        "UPDATE refresh_family SET generation = generation + 1, rotated_at = $3 \
         WHERE id = $1 AND generation = $2 AND revoked_at IS NULL AND expires_at > $3 RETURNING ",
        columns!()
    );
    let row = sqlx::query(UPDATE)
        .bind(id)
        .bind(presented)
        .bind(At(now))
        .fetch_optional(&mut **connection)
        .await?;
    row.as_ref().map(family).transpose()
}

async fn find(connection: &mut Connection, id: Uuid) -> Result<Option<Family>, sqlx::Error> {
    const SELECT: &str = concat!("SELECT ", columns!(), " FROM refresh_family WHERE id = $1");
    let row = sqlx::query(SELECT)
        .bind(id)
        .fetch_optional(&mut **connection)
        .await?;
    row.as_ref().map(family).transpose()
}

fn family(row: &PgRow) -> Result<Family, sqlx::Error> {
    Ok(Family {
        id: row.try_get("id")?,
        client_id: row.try_get("client_id")?,
        subject: row.try_get("subject")?,
        scopes: row.try_get("scopes")?,
        roles: row.try_get("roles")?,
        audience: row.try_get("audience")?,
        auth_time: instant(row, "auth_time")?,
        generation: row.try_get("generation")?,
        rotated_at: instant(row, "rotated_at")?,
        expires_at: instant(row, "expires_at")?,
        revoked: revoked(row)?,
    })
}

fn revoked(row: &PgRow) -> Result<Option<Revoked>, sqlx::Error> {
    let why: Option<&str> = row.try_get("revoked_why")?;
    match (instant_if_any(row, "revoked_at")?, why) {
        (Some(at), Some(why)) => {
            let why = RevocationReason::parse(why).ok_or_else(|| unreadable("revoked_why"))?;
            Ok(Some(Revoked { at, why }))
        }
        _ => Ok(None),
    }
}
