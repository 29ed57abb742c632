//! What is of no use any more goes.

use jiff::{SignedDuration, Timestamp};
use service_kit::postgres::{Connection, DatabaseError};

use super::Store;
use super::time::At;

/// How many rows go at a time: no lock is held for long, and none is waited for.
const BATCH: i64 = 1000;

/// Clocks differ, perhaps by five minutes in either direction, and leeway is given: what has expired is kept for so much longer.
const LEEWAY: SignedDuration = SignedDuration::from_mins(11);

/// For how long a dead family, and with it its code, is remembered: a token of it that turns up can be told from one that never
/// was.
const FAMILY_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// For how long failed logins are remembered after the last one.
const ATTEMPTS_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// By the later of the two times: a family that was killed is remembered for as long as one that expired.
const FAMILIES: &str = "DELETE FROM refresh_family WHERE id IN (SELECT id FROM refresh_family \
     WHERE expires_at <= $1 AND (revoked_at IS NULL OR revoked_at <= $1) LIMIT $2 FOR UPDATE SKIP LOCKED)";

const CODES: &str = "DELETE FROM authorization_code WHERE digest IN (SELECT digest FROM authorization_code AS code \
     WHERE expires_at <= $1 AND NOT EXISTS (SELECT FROM refresh_family WHERE id = code.family) \
     LIMIT $2 FOR UPDATE SKIP LOCKED)";

const ASSERTIONS: &str = "DELETE FROM used_assertion WHERE (client_id, jti_digest) IN \
     (SELECT client_id, jti_digest FROM used_assertion WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";

const ATTEMPTS: &str = "DELETE FROM login_attempts WHERE counter IN (SELECT counter FROM login_attempts \
     WHERE changed_at <= $1 AND (locked_until IS NULL OR locked_until <= $1) LIMIT $2 FOR UPDATE SKIP LOCKED)";

/// How many rows went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Families that are long dead.
    pub families: u64,
    /// Codes that have expired and whose family is gone.
    pub codes: u64,
    /// Assertions that have expired.
    pub assertions: u64,
    /// Counters of failed logins that are long over.
    pub attempts: u64,
}

impl Store {
    /// Removes, in batches, what is of no use any more by `now`. Any replica may do it, at any time.
    pub async fn purge(&self, now: Timestamp) -> Result<Purged, DatabaseError> {
        Ok(Purged {
            families: self
                .purge_all("purge_families", FAMILIES, now, FAMILY_KEPT)
                .await?,
            codes: self.purge_all("purge_codes", CODES, now, LEEWAY).await?,
            assertions: self
                .purge_all("purge_assertions", ASSERTIONS, now, LEEWAY)
                .await?,
            attempts: self
                .purge_all("purge_attempts", ATTEMPTS, now, ATTEMPTS_KEPT)
                .await?,
        })
    }

    async fn purge_all(
        &self,
        name: &'static str,
        sql: &'static str,
        now: Timestamp,
        kept: SignedDuration,
    ) -> Result<u64, DatabaseError> {
        let before = now.saturating_sub(kept).unwrap_or(Timestamp::MIN);
        let mut all = 0;
        loop {
            let batch = |mut connection: Connection| async move {
                let delete = sqlx::query(sql).bind(At(before)).bind(BATCH);
                Ok(delete.execute(&mut *connection).await?.rows_affected())
            };
            let gone = self.database.run(name, batch).await?;
            all += gone;
            if gone < BATCH.unsigned_abs() {
                return Ok(all);
            }
        }
    }
}
