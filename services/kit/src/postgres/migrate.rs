//! The schema, brought up to date when the service starts.

use std::time::Duration;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migrate, MigrateError, Migration as Step, MigrationType, Migrator};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::config::DatabaseSettings;
use super::error::DatabaseError;

/// The pause after a failed try, doubled each time up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// One step of the schema. Steps are never changed once released, only added: the database remembers their text.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its place in the order, unique and growing.
    pub version: i64,
    /// What it does, in a word or two.
    pub name: &'static str,
    /// Statements, run in one transaction: `include_str!("migrations/0001_clients.sql")`.
    pub sql: &'static str,
}

/// How far the schema is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    /// Not there yet; why the last try failed, if there was one.
    Pending(Option<MigrationError>),
    /// Up to date.
    Ready,
}

/// Why the schema is not up to date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MigrationError {
    /// The database failed.
    #[error("{0}")]
    Database(DatabaseError),
    /// A step failed; nothing of it was kept.
    #[error("migration {version} failed: {error}; correct it and roll out again")]
    Step {
        /// Which one.
        version: i64,
        /// Why.
        error: DatabaseError,
    },
    /// A step was changed after it was applied.
    #[error(
        "migration {0} is not the one that was applied; put its text back, and add another migration instead"
    )]
    Changed(i64),
    /// The time was over.
    #[error(
        "the migrations did not end in time; another replica may be at it, or another session may hold a lock \
         (pg_locks), else raise DATABASE_MIGRATION_TIMEOUT"
    )]
    TimedOut,
    /// Something else in the library.
    #[error("the migrations cannot be run as they are")]
    Unusable,
}

impl From<MigrateError> for MigrationError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) => Self::Database(error.into()),
            MigrateError::ExecuteMigration(error, version) => Self::Step {
                version,
                error: error.into(),
            },
            MigrateError::VersionMismatch(version) => Self::Changed(version),
            _ => Self::Unusable,
        }
    }
}

/// Brings the schema up to date once: in order, each step in a transaction of its own, one process at a time
/// (advisory lock). Steps that are in the database but unknown here were added by a newer version of the service,
/// which runs beside this one during a roll-out: they stay.
pub(super) async fn migrate(settings: &DatabaseSettings, steps: &[Migration]) -> Result<(), MigrationError> {
    let mut migrator = Migrator::with_migrations(steps.iter().map(step).collect());
    migrator.set_ignore_missing(true);
    let work = async {
        let mut connection = settings.migration_options().connect().await.map_err(database)?;
        let done = run(&migrator, &mut connection).await;
        // Closed, not pooled: a failed run still holds the lock.
        let _closed = connection.close().await;
        done
    };
    tokio::time::timeout(settings.migration_timeout, work)
        .await
        .unwrap_or(Err(MigrationError::TimedOut))
}

async fn run<C: Migrate>(migrator: &Migrator, connection: &mut C) -> Result<(), MigrationError> {
    Ok(migrator.run_direct(None, connection, false).await?)
}

fn database(error: sqlx::Error) -> MigrationError {
    MigrationError::Database(error.into())
}

fn step(migration: &Migration) -> Step {
    Step::new(
        migration.version,
        migration.name.into(),
        MigrationType::Simple,
        migration.sql.into_sql_str(),
        false,
    )
}

/// Tries until the schema is up to date: a database that is not there yet needs no restart of this process.
pub(super) async fn keep_trying(
    settings: DatabaseSettings,
    steps: &'static [Migration],
    state: watch::Sender<Schema>,
    shutdown: CancellationToken,
) {
    let mut pause = FIRST_PAUSE;
    while let Some(result) = shutdown.run_until_cancelled(migrate(&settings, steps)).await {
        match result {
            Ok(()) => {
                tracing::info!(steps = steps.len(), "the schema is up to date");
                state.send_replace(Schema::Ready);
                return;
            }
            Err(error) => {
                tracing::error!(%error, "the schema could not be brought up to date");
                state.send_replace(Schema::Pending(Some(error)));
            }
        }
        if shutdown
            .run_until_cancelled(tokio::time::sleep(pause))
            .await
            .is_none()
        {
            return;
        }
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

#[cfg(test)]
mod tests;
