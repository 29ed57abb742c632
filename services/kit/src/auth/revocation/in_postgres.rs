use std::collections::{HashMap, HashSet};

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::{FORGET_AFTER, RevocationError, RevocationStore, names};
use crate::Clock;
use crate::postgres::{Connection, Database, DatabaseError, Lookup, Migration};

/// The table of revocations.
const SCHEMA: &str = "
CREATE TABLE revoked_token (
    token_id text PRIMARY KEY,
    expires timestamptz NOT NULL
);
CREATE INDEX revoked_token_expires ON revoked_token (expires);
";

/// How many rows [`PostgresRevocations::forget_expired`] removes at a time: no lock is held for long.
const BATCH: i64 = 10_000;

/// Revocations in PostgreSQL: durable once `revoke` returns.
#[derive(Clone, Debug)]
pub struct PostgresRevocations {
    database: Database,
    lookup: Lookup<String, bool>,
    clock: Clock,
}

impl PostgresRevocations {
    /// Revocations in a database whose schema has [`PostgresRevocations::migration`]. To be called in a Tokio runtime.
    pub fn new(database: Database, clock: Clock) -> Self {
        let read = |connection, token_ids| revoked(connection, token_ids).boxed();
        Self {
            lookup: Lookup::start(database.clone(), "is_token_revoked", read),
            database,
            clock,
        }
    }

    /// The step that makes the table, at the service's own place in the order.
    pub const fn migration(version: i64) -> Migration {
        Migration {
            version,
            name: "revoked tokens",
            sql: SCHEMA,
        }
    }

    /// The revocations of tokens that have not expired, for
    /// [`RedisRevocations::restore`](super::RedisRevocations::restore).
    pub async fn unexpired(&self) -> Result<Vec<(String, Timestamp)>, RevocationError> {
        let since = self.forgotten();
        let query = |mut connection: Connection| async move {
            sqlx::query_as::<_, (String, i64)>(
                "SELECT token_id, ceil(extract(epoch FROM expires))::bigint FROM revoked_token \
                 WHERE expires > to_timestamp($1)",
            )
            .bind(since)
            .fetch_all(&mut *connection)
            .await
        };
        let rows = self.database.run("list_revoked_tokens", query).await?;
        let instant = |second| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
        Ok(rows
            .into_iter()
            .map(|(token_id, second)| (token_id, instant(second)))
            .collect())
    }

    /// Removes revocations of tokens that are expired anyway; how many. To be called from time to time by whoever
    /// revokes.
    pub async fn forget_expired(&self) -> Result<u64, RevocationError> {
        let before = self.forgotten();
        let query = |mut connection: Connection| async move {
            let done = sqlx::query(
                "DELETE FROM revoked_token WHERE token_id IN \
                 (SELECT token_id FROM revoked_token WHERE expires <= to_timestamp($1) LIMIT $2)",
            )
            .bind(before)
            .bind(BATCH)
            .execute(&mut *connection)
            .await?;
            Ok(done.rows_affected())
        };
        Ok(self.database.run("forget_revoked_tokens", query).await?)
    }

    /// The instant (seconds) up to which expired tokens need no entry.
    fn forgotten(&self) -> i64 {
        self.clock
            .now()
            .as_second()
            .saturating_sub(FORGET_AFTER.as_secs())
    }

    async fn insert(&self, token_id: &str, expires: Timestamp) -> Result<(), RevocationError> {
        let (token_id, second) = (token_id.to_owned(), expires.as_second());
        let query = |mut connection: Connection| async move {
            // Revoked twice is revoked until the later of the two.
            sqlx::query(
                "INSERT INTO revoked_token VALUES ($1, to_timestamp($2)) ON CONFLICT (token_id) \
                 DO UPDATE SET expires = greatest(revoked_token.expires, excluded.expires)",
            )
            .bind(token_id)
            .bind(second)
            .execute(&mut *connection)
            .await
        };
        self.database.run("revoke_token", query).await?;
        Ok(())
    }

    async fn ask(&self, token_id: &str) -> Result<bool, RevocationError> {
        // Each that is asked about is answered.
        Ok(self.lookup.find(token_id.to_owned()).await?.unwrap_or(true))
    }
}

/// Whether each of the tokens is revoked, by itself or with its family.
async fn revoked(
    mut connection: Connection,
    token_ids: Vec<String>,
) -> Result<HashMap<String, bool>, sqlx::Error> {
    // PostgreSQL takes no text with U+0000: no such name was revoked, and it must not spoil the questions of others.
    let is_storable = |name: &&str| !name.contains('\0');
    let asked: Vec<_> = token_ids
        .iter()
        .flat_map(|id| names(id))
        .filter(is_storable)
        .collect();
    let revoked: HashSet<String> =
        sqlx::query_scalar("SELECT token_id FROM revoked_token WHERE token_id = ANY ($1)")
            .bind(asked)
            .fetch_all(&mut *connection)
            .await?
            .into_iter()
            .collect();
    let answer = |id: String| {
        let is_revoked = names(&id).iter().any(|name| revoked.contains(*name));
        (id, is_revoked)
    };
    Ok(token_ids.into_iter().map(answer).collect())
}

impl From<DatabaseError> for RevocationError {
    fn from(error: DatabaseError) -> Self {
        Self(error.to_string())
    }
}

impl RevocationStore for PostgresRevocations {
    fn revoke<'a>(
        &'a self,
        token_id: &'a str,
        expires: Timestamp,
    ) -> BoxFuture<'a, Result<(), RevocationError>> {
        self.insert(token_id, expires).boxed()
    }

    fn is_revoked<'a>(&'a self, token_id: &'a str) -> BoxFuture<'a, Result<bool, RevocationError>> {
        self.ask(token_id).boxed()
    }
}

#[cfg(test)]
mod tests;
