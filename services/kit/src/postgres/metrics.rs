use std::time::{Duration, Instant};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};
use sqlx::PgPool;

use super::error::DatabaseError;

/// Seconds, as the semantic conventions advise for `db.client.operation.duration`.
const BOUNDS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// The metric families of a database client. Operation names are in the code: label sets are closed.
#[derive(Clone, Debug)]
pub(super) struct DatabaseMetrics {
    duration: HistogramVec,
    pending: IntGauge,
    timeouts: IntCounter,
    retries: IntCounterVec,
}

impl DatabaseMetrics {
    pub(super) fn new(registry: &Registry, pool: &PgPool) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            duration: HistogramVec::new(
                HistogramOpts::new(
                    "db_client_operation_duration_seconds",
                    "Time of a database operation, the wait for a connection included; error_type is empty for success.",
                )
                .buckets(BOUNDS.to_vec()),
                &["db_operation_name", "error_type"],
            )?,
            pending: IntGauge::new(
                "db_client_connection_pending_requests",
                "Operations that wait for a connection.",
            )?,
            timeouts: IntCounter::new(
                "db_client_connection_timeouts_total",
                "Operations that got no connection in time.",
            )?,
            retries: IntCounterVec::new(
                Opts::new("db_client_transaction_retries_total", "Transactions tried again after a conflict."),
                &["db_operation_name"],
            )?,
        };
        registry.register(Box::new(metrics.duration.clone()))?;
        registry.register(Box::new(metrics.pending.clone()))?;
        registry.register(Box::new(metrics.timeouts.clone()))?;
        registry.register(Box::new(metrics.retries.clone()))?;
        registry.register(Box::new(PoolCollector::new(pool.clone())?))?;
        Ok(metrics)
    }

    /// Counts an operation as waiting until the value is dropped.
    pub(super) fn waiting(&self) -> Waiting<'_> {
        self.pending.inc();
        Waiting(&self.pending)
    }

    /// How many operations wait for a connection.
    pub(super) fn pending(&self) -> i64 {
        self.pending.get()
    }

    pub(super) fn no_connection(&self) {
        self.timeouts.inc();
    }

    pub(super) fn retried(&self, name: &'static str) {
        self.retries.with_label_values(&[name]).inc();
    }

    /// Measures an operation: one sample, also when the caller gives up.
    pub(super) fn operation(&self, name: &'static str) -> Operation<'_> {
        Operation {
            metrics: self,
            name,
            started: Instant::now(),
            error_type: "cancelled",
        }
    }

    fn observe(&self, name: &str, error_type: &str, took: Duration) {
        self.duration
            .with_label_values(&[name, error_type])
            .observe(took.as_secs_f64());
    }
}

/// See [`DatabaseMetrics::waiting`].
#[derive(Debug)]
pub(super) struct Waiting<'a>(&'a IntGauge);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// An operation under way.
#[derive(Debug)]
pub(super) struct Operation<'a> {
    metrics: &'a DatabaseMetrics,
    name: &'static str,
    started: Instant,
    error_type: &'static str,
}

impl Operation<'_> {
    pub(super) fn finish<T>(mut self, result: &Result<T, DatabaseError>) {
        self.error_type = result.as_ref().err().map_or("", DatabaseError::label);
    }
}

impl Drop for Operation<'_> {
    fn drop(&mut self) {
        self.metrics
            .observe(self.name, self.error_type, self.started.elapsed());
    }
}

/// Reads the pool's state when Prometheus asks.
struct PoolCollector {
    pool: PgPool,
    count: IntGaugeVec,
    max: IntGauge,
}

impl PoolCollector {
    fn new(pool: PgPool) -> Result<Self, prometheus::Error> {
        Ok(Self {
            count: IntGaugeVec::new(
                Opts::new("db_client_connection_count", "Connections of the pool."),
                &["state"],
            )?,
            max: IntGauge::new("db_client_connection_max", "Most connections the pool may hold.")?,
            pool,
        })
    }
}

impl Collector for PoolCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.count.desc().into_iter().chain(self.max.desc()).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let (used, idle) = usage(&self.pool);
        self.count.with_label_values(&["used"]).set(used.into());
        self.count.with_label_values(&["idle"]).set(idle.into());
        self.max.set(self.pool.options().get_max_connections().into());
        self.count
            .collect()
            .into_iter()
            .chain(self.max.collect())
            .collect()
    }
}

/// Connections in use and idle. The pool counts them one after the other, so that the first may be one off.
pub(super) fn usage(pool: &PgPool) -> (u32, u32) {
    let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
    (pool.size().saturating_sub(idle), idle)
}
