//! PostgreSQL: a pool, operations with a name and a time limit, transactions, migrations, readiness.
//!
//! ```ignore
//! const SCHEMA: &[Migration] = &[Migration { version: 1, name: "clients", sql: include_str!("migrations/0001_clients.sql") }];
//!
//! let database = Database::start(&settings.database, SCHEMA, context)?;
//! let client = database
//!     .run("find_client", |mut connection| async move {
//!         sqlx::query_as("SELECT id, name FROM client WHERE id = $1").bind(id).fetch_optional(&mut *connection).await
//!     })
//!     .await?;
//! ```
//!
//! The database may be away when the service starts, and at any time later: operations fail in bounded time, readiness
//! says why, and everything goes on by itself when it is back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::trace::Status as SpanStatus;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgPool};
use tokio::sync::watch;
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{Context, deadline};

mod check;
mod config;
mod error;
mod lease;
mod lookup;
mod metrics;
mod migrate;
mod transaction;

pub use config::{DatabaseSettings, UrlError};
pub use error::{DatabaseError, Unavailable};
pub use lease::Connection;
use lease::Lease;
pub use lookup::Lookup;
use metrics::DatabaseMetrics;
use migrate::Schema;
pub use migrate::{Migration, MigrationError};

/// A connection idle for less is taken to be alive without asking it.
const TRUSTED_IDLE: Duration = Duration::from_millis(500);

/// The database of a service. Clones share the pool.
#[derive(Clone, Debug)]
pub struct Database(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    settings: Mutex<Arc<DatabaseSettings>>,
    metrics: DatabaseMetrics,
    schema: watch::Receiver<Schema>,
    /// When the server last had no room for a write.
    disk_full: Mutex<Option<Instant>>,
}

impl Database {
    /// A pool for the database, and a task that brings its schema up to date. Returns at once: the database need not
    /// be there yet, and until the schema is up to date operations are [`Unavailable`].
    pub fn start(
        settings: &DatabaseSettings,
        schema: &'static [Migration],
        context: &Context,
    ) -> Result<Self, prometheus::Error> {
        let pool = pool(settings);
        let metrics = DatabaseMetrics::new(&context.registry, &pool)?;
        let (sender, receiver) = watch::channel(Schema::Pending(None));
        let migrating = migrate::keep_trying(settings.clone(), schema, sender, context.shutdown.clone());
        tokio::spawn(migrating);
        Ok(Self(Arc::new(Inner {
            pool,
            settings: Mutex::new(Arc::new(settings.clone())),
            metrics,
            schema: receiver,
            disk_full: Mutex::new(None),
        })))
    }

    /// Runs one operation: `work` gets a connection; the whole is measured, traced as a span called `name`, and ends
    /// within the statement time-out and what is left of the current request.
    ///
    /// `name` is a metric label: take few, fixed ones. Values belong in bound parameters, where neither logs nor spans
    /// see them.
    pub async fn run<T, F, Fut>(&self, name: &'static str, work: F) -> Result<T, DatabaseError>
    where
        F: FnOnce(Connection) -> Fut,
        Fut: Future<Output = Result<T, sqlx::Error>>,
    {
        let limit = self.settings().operation_limit();
        let operation = async {
            let mut lease = self.lease().await?;
            let result = work(lease.lend()?).await.map_err(DatabaseError::from);
            lease.settle(&result);
            result
        };
        self.observed(name, limit, operation).await
    }

    /// Measures and traces `operation`, and ends it when its time is over.
    async fn observed<T>(
        &self,
        name: &'static str,
        limit: Duration,
        operation: impl Future<Output = Result<T, DatabaseError>>,
    ) -> Result<T, DatabaseError> {
        let sample = self.0.metrics.operation(name);
        let span = self.span(name);
        // The wait for a connection has a limit of its own.
        let limit = deadline::at_most(limit.saturating_add(self.settings().acquire_timeout));
        let result = tokio::time::timeout(limit, operation.instrument(span.clone()))
            .await
            .unwrap_or(Err(DatabaseError::TimedOut));
        if let Err(DatabaseError::Unavailable(Unavailable::DiskFull)) = &result {
            *self.0.disk_full.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        sample.finish(&result);
        record(&span, &result);
        result
    }

    /// A connection, within the time for one.
    async fn lease(&self) -> Result<Lease, DatabaseError> {
        if *self.0.schema.borrow() != Schema::Ready {
            return Err(DatabaseError::Unavailable(Unavailable::NotMigrated));
        }
        let acquired = {
            let _waiting = self.0.metrics.waiting();
            // Boxed: its state is large, and most operations find a connection at once.
            Box::pin(self.0.pool.acquire()).await
        };
        match acquired {
            Ok(connection) => Ok(Lease::new(connection)),
            Err(error) => Err(self.no_connection(error)),
        }
    }

    fn no_connection(&self, error: sqlx::Error) -> DatabaseError {
        if !matches!(error, sqlx::Error::PoolTimedOut) {
            return error.into();
        }
        self.0.metrics.no_connection();
        let (used, _) = metrics::usage(&self.0.pool);
        let cause = if used >= self.0.pool.options().get_max_connections() {
            Unavailable::PoolExhausted
        } else {
            Unavailable::NoAnswer
        };
        DatabaseError::Unavailable(cause)
    }

    /// Attributes by the semantic conventions for database clients; the statement is not among them.
    fn span(&self, name: &'static str) -> Span {
        let span = tracing::info_span!("database", otel.name = name, otel.kind = "client");
        span.set_attribute("db.system.name", "postgresql");
        span.set_attribute("db.operation.name", name);
        span.set_attribute("db.namespace", self.settings().database().to_owned());
        span
    }

    fn replace_settings(&self, settings: DatabaseSettings) {
        *self.0.settings.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    fn settings(&self) -> Arc<DatabaseSettings> {
        self.0
            .settings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn record<T>(span: &Span, result: &Result<T, DatabaseError>) {
    if let Err(error) = result {
        span.set_attribute("error.type", error.label());
        span.set_status(SpanStatus::error(""));
    }
}

fn pool(settings: &DatabaseSettings) -> PgPool {
    PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .min_connections(0)
        .acquire_timeout(settings.acquire_timeout)
        .idle_timeout(Duration::from_mins(10))
        .max_lifetime(Duration::from_mins(30))
        .test_before_acquire(false)
        .before_acquire(|connection, about| {
            Box::pin(async move {
                if about.idle_for > TRUSTED_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(settings.connect_options())
}

#[cfg(test)]
mod tests;
