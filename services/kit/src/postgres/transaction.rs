//! Transactions, tried again when they meet others.

use std::convert::Infallible;
use std::time::Duration;

use sqlx::SqlSafeStr;
use sqlx::postgres::PgTransactionManager;
// sqlx does not pass this on; its `Transaction` cannot be begun and ended on an owned connection.
use sqlx_core::transaction::TransactionManager;

use super::Database;
use super::error::DatabaseError;
use super::lease::{Connection, Lease};
use crate::backoff::{self, Backoff};

/// How often a transaction is tried: conflicts are rare, and one that keeps losing is a matter of design.
const ATTEMPTS: u32 = 5;

const PAUSES: Backoff = Backoff {
    first: Duration::from_millis(5),
    longest: Duration::from_millis(200),
};

/// PostgreSQL ends a transaction whose result no serial order explains (40001).
const SERIALIZABLE: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";

/// Each statement sees what was committed before it began.
const READ_COMMITTED: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

impl Database {
    /// Runs `work` in a serialisable transaction and commits it. It is tried again from the start, up to five times,
    /// when it conflicts with others (SQLSTATE 40001, 40P01): `work` must do nothing but database work.
    pub async fn transaction<T, F, Fut>(&self, name: &'static str, mut work: F) -> Result<T, DatabaseError>
    where
        F: FnMut(Connection) -> Fut,
        Fut: Future<Output = Result<T, sqlx::Error>>,
    {
        let wrapped = |connection| {
            let worked = work(connection);
            async { worked.await.map(Ok::<T, Infallible>) }
        };
        let Ok(value) = self.try_transaction(name, wrapped).await?;
        Ok(value)
    }

    /// As [`transaction`](Self::transaction), but at READ COMMITTED, for work whose first statement takes the lock (of
    /// a row, or an advisory one) that keeps the others out: it waits for them instead of losing against them, and the
    /// statements after the lock see all that they committed.
    pub async fn locked_transaction<T, F, Fut>(
        &self,
        name: &'static str,
        mut work: F,
    ) -> Result<T, DatabaseError>
    where
        F: FnMut(Connection) -> Fut,
        Fut: Future<Output = Result<T, sqlx::Error>>,
    {
        let wrapped = |connection| {
            let worked = work(connection);
            async { worked.await.map(Ok::<T, Infallible>) }
        };
        let Ok(value) = self.transaction_at(READ_COMMITTED, name, wrapped).await?;
        Ok(value)
    }

    /// As [`transaction`](Self::transaction), for work that may decide against it: `Ok(Err(reason))` rolls back.
    pub async fn try_transaction<T, E, F, Fut>(
        &self,
        name: &'static str,
        work: F,
    ) -> Result<Result<T, E>, DatabaseError>
    where
        F: FnMut(Connection) -> Fut,
        Fut: Future<Output = Result<Result<T, E>, sqlx::Error>>,
    {
        self.transaction_at(SERIALIZABLE, name, work).await
    }

    async fn transaction_at<T, E, F, Fut>(
        &self,
        begin: &'static str,
        name: &'static str,
        mut work: F,
    ) -> Result<Result<T, E>, DatabaseError>
    where
        F: FnMut(Connection) -> Fut,
        Fut: Future<Output = Result<Result<T, E>, sqlx::Error>>,
    {
        let limit = self.settings().transaction_timeout;
        let operation = async {
            let mut lease = self.lease().await?;
            let mut failures = 0;
            loop {
                let result = attempt(&mut lease, begin, &mut work).await;
                lease.settle(&result);
                match result {
                    Err(DatabaseError::Conflict) if failures + 1 < ATTEMPTS => {
                        self.0.metrics.retried(name);
                        tokio::time::sleep(PAUSES.pause(failures, backoff::chance())).await;
                        failures += 1;
                    }
                    result => return result,
                }
            }
        };
        self.observed(name, limit, operation).await
    }
}

async fn attempt<T, E, F, Fut>(
    lease: &mut Lease,
    begin: &'static str,
    work: &mut F,
) -> Result<Result<T, E>, DatabaseError>
where
    F: FnMut(Connection) -> Fut,
    Fut: Future<Output = Result<Result<T, E>, sqlx::Error>>,
{
    PgTransactionManager::begin(&mut *lease.lend()?, Some(begin.into_sql_str())).await?;
    let worked = work(lease.lend()?).await.map_err(DatabaseError::from);
    let mut connection = lease.lend()?;
    match &worked {
        Ok(Ok(_)) => commit(&mut connection).await?,
        Ok(Err(_)) => PgTransactionManager::rollback(&mut connection).await?,
        // One that is not usable any more is closed, which rolls back as well.
        Err(error) if error.leaves_connection_usable() => {
            PgTransactionManager::rollback(&mut connection).await?;
        }
        Err(_) => {}
    }
    worked
}

/// Commits what can be committed. Work that met an error and went on as if nothing had happened left a transaction
/// that PostgreSQL answers COMMIT with a silent ROLLBACK for: a statement before it brings that to light.
async fn commit(connection: &mut Connection) -> Result<(), DatabaseError> {
    let committed = async {
        sqlx::raw_sql("SELECT 1").execute(&mut **connection).await?;
        PgTransactionManager::commit(connection).await
    };
    match committed.await.map_err(DatabaseError::from) {
        Err(error) if error.leaves_connection_usable() => {
            PgTransactionManager::rollback(connection).await?;
            Err(error)
        }
        result => result,
    }
}
