//! Failed logins, counted by whatever digest the caller counts by: an account, an address, a device.

use jiff::Timestamp;
use service_kit::postgres::{Connection, Database, DatabaseError};
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::records::{Attempts, Digest};
use super::time::{At, instant_if_any};

/// The counters.
#[derive(Clone, Debug)]
pub struct LoginAttempts(pub(super) Database);

impl LoginAttempts {
    /// A counter as it is now; one that is not kept stands at zero.
    pub async fn find(&self, counter: &Digest) -> Result<Attempts, DatabaseError> {
        const SELECT: &str = "SELECT failures, first_at, locked_until FROM login_attempts WHERE counter = $1";
        let work = |mut connection: Connection| async move {
            let select = sqlx::query(SELECT).bind(counter.as_bytes().as_slice());
            let row = select.fetch_optional(&mut *connection).await?;
            row.as_ref().map_or_else(|| Ok(Attempts::default()), attempts)
        };
        self.0.run("find_login_attempts", work).await
    }

    /// Replaces the state of a counter by what `change` makes of it, and gives the new one, or leaves it as it is and gives the
    /// refusal. Others who change the same counter wait: none is lost, and none decides on a state that is over. `change` may
    /// be asked more than once, of which the last counts.
    pub async fn update<E>(
        &self,
        counter: &Digest,
        now: Timestamp,
        change: impl Fn(Attempts) -> Result<Attempts, E> + Sync,
    ) -> Result<Result<Attempts, E>, DatabaseError> {
        let change = &change;
        let work = |mut connection: Connection| async move {
            let changed = change(lock(&mut connection, counter, now).await?);
            if let Ok(new) = &changed {
                write(&mut connection, counter, new).await?;
            }
            Ok(changed)
        };
        self.0.locked_transaction("update_login_attempts", work).await
    }
}

/// Holds the counter's row, which is made if there is none.
async fn lock(
    connection: &mut Connection,
    counter: &Digest,
    now: Timestamp,
) -> Result<Attempts, sqlx::Error> {
    const UPSERT: &str = "INSERT INTO login_attempts (counter, failures, changed_at) VALUES ($1, 0, $2) \
         ON CONFLICT (counter) DO UPDATE SET changed_at = excluded.changed_at \
         RETURNING failures, first_at, locked_until";
    let upsert = sqlx::query(UPSERT)
        .bind(counter.as_bytes().as_slice())
        .bind(At(now));
    attempts(&upsert.fetch_one(&mut **connection).await?)
}

async fn write(
    connection: &mut Connection,
    counter: &Digest,
    attempts: &Attempts,
) -> Result<(), sqlx::Error> {
    const UPDATE: &str =
        "UPDATE login_attempts SET failures = $2, first_at = $3, locked_until = $4 WHERE counter = $1";
    sqlx::query(UPDATE)
        .bind(counter.as_bytes().as_slice())
        .bind(attempts.failures)
        .bind(attempts.first_at.map(At))
        .bind(attempts.locked_until.map(At))
        .execute(&mut **connection)
        .await
        .map(drop)
}

fn attempts(row: &PgRow) -> Result<Attempts, sqlx::Error> {
    Ok(Attempts {
        failures: row.try_get("failures")?,
        first_at: instant_if_any(row, "first_at")?,
        locked_until: instant_if_any(row, "locked_until")?,
    })
}
