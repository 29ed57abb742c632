use jiff::Timestamp;
use service_kit::postgres::{Connection, DatabaseError};
use uuid::Uuid;

use super::Families;
use crate::store::records::RevocationReason;
use crate::store::time::At;

/// Kills what `$1` names, and revokes the names of what died, until no token of theirs can be valid any more: one that is
/// signed at a family's very end lives for minutes.
macro_rules! kill {
    ($which:literal) => {
        concat!(
            "WITH killed AS (UPDATE refresh_family SET revoked_at = $2, revoked_why = $3 WHERE ",
            $which,
            " = $1 AND revoked_at IS NULL RETURNING id, expires_at) \
             INSERT INTO revoked_token (token_id, expires) \
             SELECT id::text, greatest(expires_at, $2) + interval '1 day' FROM killed \
             ON CONFLICT (token_id) DO UPDATE SET expires = greatest(revoked_token.expires, excluded.expires)"
        )
    };
}

impl Families {
    /// Ends a family: nothing is issued of it any more, and all its tokens are revoked. One that is dead or unknown stays as it
    /// is. How many died.
    pub async fn kill(&self, id: Uuid, why: RevocationReason, now: Timestamp) -> Result<u64, DatabaseError> {
        let work = |mut connection: Connection| async move {
            let kill = sqlx::query(kill!("id")).bind(id).bind(At(now)).bind(why.as_str());
            Ok(kill.execute(&mut *connection).await?.rows_affected())
        };
        self.0.run("kill_family", work).await
    }

    /// Ends all families of a client, and makes its codes void. How many died.
    pub async fn kill_of_client(
        &self,
        id: &str,
        why: RevocationReason,
        now: Timestamp,
    ) -> Result<u64, DatabaseError> {
        const STATEMENTS: [&str; 2] = [
            "UPDATE authorization_code SET voided_at = $2 WHERE client_id = $1 AND voided_at IS NULL",
            kill!("client_id"),
        ];
        let work = |connection| kill_all(connection, STATEMENTS, id, why, now);
        self.0.locked_transaction("kill_families_of_client", work).await
    }

    /// Ends all families of a subject, and makes the codes of that login void: logout everywhere. How many died.
    pub async fn kill_of_subject(
        &self,
        subject: &str,
        why: RevocationReason,
        now: Timestamp,
    ) -> Result<u64, DatabaseError> {
        const STATEMENTS: [&str; 2] = [
            "UPDATE authorization_code SET voided_at = $2 WHERE subject = $1 AND voided_at IS NULL",
            kill!("subject"),
        ];
        let work = |connection| kill_all(connection, STATEMENTS, subject, why, now);
        self.0.locked_transaction("kill_families_of_subject", work).await
    }
}

/// First the codes, which families are opened from; then, in a statement of its own, the families.
async fn kill_all(
    mut connection: Connection,
    [void_codes, kill_families]: [&'static str; 2],
    name: &str,
    why: RevocationReason,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    let void = sqlx::query(void_codes).bind(name).bind(At(now));
    void.execute(&mut *connection).await?;
    let kill = sqlx::query(kill_families)
        .bind(name)
        .bind(At(now))
        .bind(why.as_str());
    Ok(kill.execute(&mut *connection).await?.rows_affected())
}
