//! Keys that tokens are signed with. All replicas use the same; one of them rotates.

use jiff::Timestamp;
use service_kit::postgres::{Connection, Database, DatabaseError};
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::error::unreadable;
use super::records::{KeyChange, KeySet, KeyState, SigningKey};
use super::time::{At, instant, instant_if_any};

/// The signing keys.
#[derive(Clone, Debug)]
pub struct Keys(pub(super) Database);

impl Keys {
    /// All keys, if they were changed since `version`; every set is newer than −1. Cheap when they were not: one row
    /// is read.
    pub async fn changed_since(&self, version: i64) -> Result<Option<KeySet>, DatabaseError> {
        const SELECT: &str = "SELECT version, kid, algorithm, public_jwk, sealed_private, state, created_at, \
             activated_at, retired_at FROM signing_key_version LEFT JOIN signing_key ON true \
             WHERE version > $1 ORDER BY created_at, kid";
        let work = |mut connection: Connection| async move {
            let select = sqlx::query(SELECT).bind(version);
            key_set(&select.fetch_all(&mut *connection).await?)
        };
        self.0.run("find_signing_keys", work).await
    }

    /// Takes the steps that `plan` decides on, in their order, all or none; gives the keys as they are then.
    ///
    /// However many replicas come at once, one after the other plans, on what those before it left: what one has rotated is
    /// not due for the next. `plan` may be asked more than once, of which the last counts.
    ///
    /// # Errors
    /// [`DatabaseError::NotFound`] when a step does not fit the state of its key; a constraint when an algorithm would have
    /// two active or two next keys, or a public JWK holds anything private.
    pub async fn transition(
        &self,
        now: Timestamp,
        plan: impl Fn(&KeySet) -> Vec<KeyChange> + Sync,
    ) -> Result<KeySet, DatabaseError> {
        let plan = &plan;
        let work = |mut connection: Connection| async move {
            let held = lock(&mut connection).await?;
            let steps = plan(&held);
            if steps.is_empty() {
                return Ok(held);
            }
            for step in &steps {
                take(&mut connection, step, now).await?;
            }
            count(&mut connection).await?;
            read(&mut connection).await
        };
        self.0.locked_transaction("rotate_signing_keys", work).await
    }
}

/// All that rotate wait here for each other; the statements after it see what the one before did.
async fn lock(connection: &mut Connection) -> Result<KeySet, sqlx::Error> {
    /// "keys", of no meaning beyond being ours.
    const LOCK: i64 = 0x6b65_7973;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut **connection)
        .await?;
    read(connection).await
}

async fn read(connection: &mut Connection) -> Result<KeySet, sqlx::Error> {
    const SELECT: &str = "SELECT version, kid, algorithm, public_jwk, sealed_private, state, created_at, activated_at, \
         retired_at FROM signing_key_version LEFT JOIN signing_key ON true ORDER BY created_at, kid";
    let rows = sqlx::query(SELECT).fetch_all(&mut **connection).await?;
    key_set(&rows)?.ok_or(sqlx::Error::RowNotFound)
}

async fn count(connection: &mut Connection) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE signing_key_version SET version = version + 1")
        .execute(&mut **connection)
        .await
        .map(drop)
}

async fn take(connection: &mut Connection, step: &KeyChange, now: Timestamp) -> Result<(), sqlx::Error> {
    const ACTIVATE: &str =
        "UPDATE signing_key SET state = 'active', activated_at = $2 WHERE kid = $1 AND state = 'next'";
    const RETIRE: &str =
        "UPDATE signing_key SET state = 'retired', retired_at = $2 WHERE kid = $1 AND state = 'active'";
    const REMOVE: &str = "DELETE FROM signing_key WHERE kid = $1 AND state <> 'active' AND created_at <= $2";
    let (sql, kid) = match step {
        KeyChange::Add(key) => return add(connection, key, now).await,
        KeyChange::Activate { kid } => (ACTIVATE, kid),
        KeyChange::Retire { kid } => (RETIRE, kid),
        KeyChange::Remove { kid } => (REMOVE, kid),
    };
    let done = sqlx::query(sql)
        .bind(kid)
        .bind(At(now))
        .execute(&mut **connection)
        .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}

async fn add(connection: &mut Connection, key: &SigningKey, now: Timestamp) -> Result<(), sqlx::Error> {
    const INSERT: &str = "INSERT INTO signing_key (kid, algorithm, public_jwk, sealed_private, state, created_at) \
         VALUES ($1, $2, $3, $4, 'next', $5)";
    sqlx::query(INSERT)
        .bind(&key.kid)
        .bind(&key.algorithm)
        .bind(&key.public_jwk)
        .bind(&key.sealed_private)
        .bind(At(now))
        .execute(&mut **connection)
        .await
        .map(drop)
}

/// Of rows that all name the version; without keys there is one row that names nothing else.
fn key_set(rows: &[PgRow]) -> Result<Option<KeySet>, sqlx::Error> {
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let keys = rows.iter().filter_map(|row| key(row).transpose());
    Ok(Some(KeySet {
        version: first.try_get("version")?,
        keys: keys.collect::<Result<_, _>>()?,
    }))
}

fn key(row: &PgRow) -> Result<Option<SigningKey>, sqlx::Error> {
    let Some(kid) = row.try_get("kid")? else {
        return Ok(None);
    };
    Ok(Some(SigningKey {
        kid,
        algorithm: row.try_get("algorithm")?,
        public_jwk: row.try_get("public_jwk")?,
        sealed_private: row.try_get("sealed_private")?,
        state: KeyState::parse(row.try_get("state")?).ok_or_else(|| unreadable("state"))?,
        created_at: instant(row, "created_at")?,
        activated_at: instant_if_any(row, "activated_at")?,
        retired_at: instant_if_any(row, "retired_at")?,
    }))
}
