//! Readiness of the database: says what is wrong, not only that something is.

use std::sync::PoisonError;
use std::time::Duration;

use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::time::{Instant, timeout, timeout_at};

use super::error::{DatabaseError, Unavailable};
use super::{Database, DatabaseSettings, Schema, metrics};
use crate::health::{Check, Status};

/// Longest a check may take: the kit gives it a second, and then says nothing of the cause.
const LIMIT: Duration = Duration::from_millis(900);

/// Longest to wait for an answer over a connection that is there: it may be dead, and a new one show more.
const PING_LIMIT: Duration = Duration::from_millis(350);

/// How long a write that found the disk full is remembered: the check itself writes nothing.
const DISK_FULL_MEMORY: Duration = Duration::from_secs(10);

impl Database {
    /// The readiness check `database`.
    pub fn check(&self) -> Check {
        let database = self.clone();
        Check::new("database", move || {
            let database = database.clone();
            async move { database.status().await }
        })
    }

    pub(super) async fn status(&self) -> Status {
        let ends = Instant::now() + LIMIT;
        let answer = match self.ask_idle().await {
            Some(Ok(())) => Ok(()),
            // A connection of its own finds the cause, which the pool only knows as "timed out".
            _ => timeout_at(ends, self.ask_anew())
                .await
                .unwrap_or(Err(Unavailable::NoAnswer)),
        };
        let schema = self.0.schema.borrow().clone();
        match (answer, schema) {
            (Ok(()), Schema::Ready) => self.load(),
            (Ok(()), Schema::Pending(None)) => not_ready(&Unavailable::NotMigrated),
            (Ok(()), Schema::Pending(Some(error))) => Status::NotReady(error.to_string()),
            (Err(Unavailable::TooManyConnections), Schema::Ready) if self.0.pool.size() > 0 => {
                Status::Degraded(Unavailable::TooManyConnections.to_string())
            }
            (Err(cause), _) => not_ready(&cause),
        }
    }

    /// Asks over a connection that nobody uses, if there is one.
    async fn ask_idle(&self) -> Option<Result<(), Unavailable>> {
        let mut connection = self.0.pool.try_acquire()?;
        let answer = ping(&mut connection).await;
        if answer.is_err() {
            connection.close_on_drop();
        }
        Some(answer)
    }

    /// Asks over a new connection, with what the URL's file says now: a password may have changed.
    pub(super) async fn ask_anew(&self) -> Result<(), Unavailable> {
        let mut settings = DatabaseSettings::clone(&self.settings());
        let changed = settings.reread();
        let options = settings.connect_options();
        let connection = options.connect().await.map_err(cause)?;
        let _closed = connection.close().await;
        if changed {
            tracing::info!("the database is reached with the new content of DATABASE_URL_FILE");
            self.0.pool.set_connect_options(options);
            self.replace_settings(settings);
        }
        Ok(())
    }

    fn disk_was_full(&self) -> bool {
        let last = *self.0.disk_full.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|at| at.elapsed() < DISK_FULL_MEMORY)
    }

    /// The server answers; whether the pool still has room.
    fn load(&self) -> Status {
        if self.disk_was_full() {
            return Status::Degraded(Unavailable::DiskFull.to_string());
        }
        let (used, idle) = metrics::usage(&self.0.pool);
        let waiting = self.0.metrics.pending();
        if idle == 0 && waiting > 0 && used >= self.0.pool.options().get_max_connections() {
            return Status::Degraded(format!(
                "all {used} connections of the pool are in use and {waiting} operations wait; look for slow queries, \
                 or raise DATABASE_MAX_CONNECTIONS"
            ));
        }
        Status::Ready
    }
}

async fn ping(connection: &mut PgConnection) -> Result<(), Unavailable> {
    let answer = timeout(PING_LIMIT, connection.ping()).await;
    answer.map_err(|_| Unavailable::NoAnswer)?.map_err(cause)
}

fn cause(error: sqlx::Error) -> Unavailable {
    match DatabaseError::from(error) {
        DatabaseError::Unavailable(cause) => cause,
        other => Unavailable::Failed(other.to_string()),
    }
}

fn not_ready(cause: &Unavailable) -> Status {
    Status::NotReady(format!("the database is not available: {cause}"))
}
