//! Authorization codes (RFC 6749, section 4.1.2), by their digest.

use jiff::Timestamp;
use serde_json::Value;
use service_kit::postgres::{Connection, Database, DatabaseError};
use uuid::Uuid;

use super::error::unreadable;
use super::records::{Digest, NewCode, Redemption};
use super::time::At;

/// The codes that were issued.
#[derive(Clone, Debug)]
pub struct Codes(pub(super) Database);

impl Codes {
    /// Keeps a code that is about to be given out.
    pub async fn save(&self, code: &NewCode) -> Result<(), DatabaseError> {
        const INSERT: &str = "INSERT INTO authorization_code (digest, client_id, subject, contents, expires_at) \
             VALUES ($1, $2, $3, $4, $5)";
        let work = |mut connection: Connection| async move {
            sqlx::query(INSERT)
                .bind(code.digest.as_bytes().as_slice())
                .bind(&code.client_id)
                .bind(&code.subject)
                .bind(code.contents.to_string())
                .bind(At(code.expires_at))
                .execute(&mut *connection)
                .await
        };
        self.0.run("save_code", work).await.map(drop)
    }

    /// Redeems a code for the family with the new id `family`, which [`Families::open`](super::Families::open) opens when all
    /// else is in order.
    ///
    /// Of any number of attempts one is [`Redemption::First`]. Another makes the code void and names the family: if that
    /// is not open by then, it will never be, and if it is, the caller can kill it. A code stays known for as long as its family.
    pub async fn redeem(
        &self,
        digest: &Digest,
        family: Uuid,
        now: Timestamp,
    ) -> Result<Redemption, DatabaseError> {
        let work = |mut connection: Connection| async move {
            if let Some(contents) = take(&mut connection, digest, family, now).await? {
                return Ok(Redemption::First(contents));
            }
            if let Some(family) = void(&mut connection, digest, now).await? {
                return Ok(Redemption::Again(family));
            }
            let expired = has_expired(&mut connection, digest, now).await?;
            Ok(expired.map_or(Redemption::Unknown, |_| Redemption::Expired))
        };
        self.0.run("redeem_code", work).await
    }
}

/// The contents of a code that nobody took before.
async fn take(
    connection: &mut Connection,
    digest: &Digest,
    family: Uuid,
    now: Timestamp,
) -> Result<Option<Value>, sqlx::Error> {
    const UPDATE: &str = "UPDATE authorization_code SET family = $2, redeemed_at = $3 WHERE digest = $1 \
         AND redeemed_at IS NULL AND voided_at IS NULL AND expires_at > $3 RETURNING contents";
    let contents: Option<String> = sqlx::query_scalar(UPDATE)
        .bind(digest.as_bytes().as_slice())
        .bind(family)
        .bind(At(now))
        .fetch_optional(&mut **connection)
        .await?;
    contents
        .map(|text| serde_json::from_str(&text).map_err(|_| unreadable("contents")))
        .transpose()
}

/// The family of a code that was taken before; from now on it opens nothing.
async fn void(
    connection: &mut Connection,
    digest: &Digest,
    now: Timestamp,
) -> Result<Option<Uuid>, sqlx::Error> {
    const UPDATE: &str = "UPDATE authorization_code SET voided_at = coalesce(voided_at, $2) \
         WHERE digest = $1 AND family IS NOT NULL RETURNING family";
    sqlx::query_scalar(UPDATE)
        .bind(digest.as_bytes().as_slice())
        .bind(At(now))
        .fetch_optional(&mut **connection)
        .await
}

/// Whether there is a code that only its time has made useless.
async fn has_expired(
    connection: &mut Connection,
    digest: &Digest,
    now: Timestamp,
) -> Result<Option<bool>, sqlx::Error> {
    const SELECT: &str =
        "SELECT true FROM authorization_code WHERE digest = $1 AND voided_at IS NULL AND expires_at <= $2";
    sqlx::query_scalar(SELECT)
        .bind(digest.as_bytes().as_slice())
        .bind(At(now))
        .fetch_optional(&mut **connection)
        .await
}
