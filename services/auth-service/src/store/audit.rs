//! The audit log: hash chains that only grow. [`AuditLog`] writes one; [`AuditEntries`] reads all.
//!
//! Each writer has a chain of its own, so that none waits for another. The first entry of a chain names the heads of those
//! that were there, which ties them together: who takes a whole chain away, or its end, is betrayed by the later ones.

use futures::{Stream, TryStreamExt, stream};
use service_kit::postgres::{Connection, Database, DatabaseError};
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::error::unreadable;
use super::records::{AuditEntry, Head};
use super::time::{At, instant};

mod chain;
mod log;

pub use log::{AuditError, AuditLog};

/// How many entries are read at a time.
const PAGE: i64 = 500;

/// What was written, for the verifier.
#[derive(Clone, Debug)]
pub struct AuditEntries(pub(super) Database);

impl AuditEntries {
    /// The last entry of each chain, by chain.
    pub async fn heads(&self) -> Result<Vec<Head>, DatabaseError> {
        let work = |mut connection: Connection| async move {
            let select = sqlx::query("SELECT chain, seq, hash FROM audit_head ORDER BY chain");
            let rows = select.fetch_all(&mut *connection).await?;
            rows.iter().map(head).collect()
        };
        self.0.run("list_audit_heads", work).await
    }

    /// The entries of a chain in their order, after the one at place `after`; 0 for all.
    pub fn entries(
        &self,
        chain: Uuid,
        after: i64,
    ) -> impl Stream<Item = Result<AuditEntry, DatabaseError>> + use<'_> {
        let pages = stream::try_unfold(after, move |after| async move {
            let page = self.page(chain, after).await?;
            let last = page.last().map(|entry| entry.seq);
            Ok::<_, DatabaseError>(last.map(|last| (stream::iter(page.into_iter().map(Ok)), last)))
        });
        pages.try_flatten()
    }

    async fn page(&self, chain: Uuid, after: i64) -> Result<Vec<AuditEntry>, DatabaseError> {
        const SELECT: &str = "SELECT chain, seq, at, canonical, previous, hash FROM audit_entry \
             WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        let work = |mut connection: Connection| async move {
            let select = sqlx::query(SELECT).bind(chain).bind(after).bind(PAGE);
            let rows = select.fetch_all(&mut *connection).await?;
            rows.iter().map(entry).collect()
        };
        self.0.run("list_audit_entries", work).await
    }

    /// The last entry of one chain, read from the entries themselves.
    async fn head(&self, chain: Uuid) -> Result<Option<Head>, DatabaseError> {
        const SELECT: &str =
            "SELECT chain, seq, hash FROM audit_entry WHERE chain = $1 ORDER BY seq DESC LIMIT 1";
        let work = |mut connection: Connection| async move {
            let select = sqlx::query(SELECT).bind(chain);
            let row = select.fetch_optional(&mut *connection).await?;
            row.as_ref().map(head).transpose()
        };
        self.0.run("find_audit_head", work).await
    }

    /// Writes entries, all or none: one statement, whatever their number.
    async fn insert(&self, chain: Uuid, entries: &[AuditEntry]) -> Result<(), DatabaseError> {
        const INSERT: &str = "INSERT INTO audit_entry (chain, seq, at, canonical, previous, hash) SELECT $1, * \
             FROM unnest($2::bigint[], $3::timestamptz[], $4::text[], $5::bytea[], $6::bytea[])";
        let seqs: Vec<_> = entries.iter().map(|entry| entry.seq).collect();
        let times: Vec<_> = entries.iter().map(|entry| At(entry.at)).collect();
        let texts: Vec<_> = entries.iter().map(|entry| entry.canonical.as_str()).collect();
        let previous: Vec<_> = entries.iter().map(|entry| entry.previous.as_slice()).collect();
        let hashes: Vec<_> = entries.iter().map(|entry| entry.hash.as_slice()).collect();
        let query = sqlx::query(INSERT)
            .bind(chain)
            .bind(seqs)
            .bind(times)
            .bind(texts)
            .bind(previous)
            .bind(hashes);
        let work =
            |mut connection: Connection| async move { query.execute(&mut *connection).await.map(drop) };
        self.0.run("append_audit_entries", work).await
    }
}

fn head(row: &PgRow) -> Result<Head, sqlx::Error> {
    Ok(Head {
        chain: row.try_get("chain")?,
        seq: row.try_get("seq")?,
        hash: hash(row, "hash")?,
    })
}

fn entry(row: &PgRow) -> Result<AuditEntry, sqlx::Error> {
    Ok(AuditEntry {
        chain: row.try_get("chain")?,
        seq: row.try_get("seq")?,
        at: instant(row, "at")?,
        canonical: row.try_get("canonical")?,
        previous: hash(row, "previous")?,
        hash: hash(row, "hash")?,
    })
}

fn hash(row: &PgRow, column: &str) -> Result<[u8; 32], sqlx::Error> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map_err(|_| unreadable(column))
}
