//! Assertions that clients used to prove who they are (RFC 7523, section 3): each is good for once.

use jiff::Timestamp;
use service_kit::postgres::{Connection, Database, DatabaseError};

use super::records::Digest;
use super::time::At;

/// The assertions that were used.
#[derive(Clone, Debug)]
pub struct Assertions(pub(super) Database);

impl Assertions {
    /// Whether this is the first use of the client's assertion `jti`; it is remembered until `expires_at`, its `exp` (RFC 7523,
    /// section 3, item 7).
    pub async fn use_once(
        &self,
        client_id: &str,
        jti: &str,
        expires_at: Timestamp,
    ) -> Result<bool, DatabaseError> {
        const INSERT: &str = "INSERT INTO used_assertion (client_id, jti_digest, expires_at) VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING";
        let digest = Digest::of(jti.as_bytes());
        let work = |mut connection: Connection| async move {
            let done = sqlx::query(INSERT)
                .bind(client_id)
                .bind(digest.as_bytes().as_slice())
                .bind(At(expires_at))
                .execute(&mut *connection)
                .await?;
            Ok(done.rows_affected() == 1)
        };
        self.0.run("use_assertion", work).await
    }
}
