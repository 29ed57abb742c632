//! A connection to Redis that nobody waits for longer than a deadline.
//!
//! Callers share one multiplexed connection. When it breaks, or when several operations in a row miss the deadline, a
//! circuit breaker opens: every operation is refused at once, without a packet sent, while a task in the background
//! connects anew and lets traffic through again once Redis answers within the deadline.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use prometheus::{Gauge, IntCounterVec, Opts, Registry};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client};
use tokio::sync::watch;

use crate::health::{Check, Status};

mod settings;

pub use settings::{RedisConfig, RedisSettings};

/// Operations in a row that may miss the deadline before the breaker opens.
const TOLERATED: u32 = 5;

/// Pause between two attempts to connect.
const RECONNECT_PAUSE: Duration = Duration::from_millis(250);

/// Longest an attempt to connect may take: nobody waits for it.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// Why an operation has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedisError {
    /// The breaker is open: Redis was not asked.
    #[error("Redis is not reachable; connecting anew")]
    Unreachable,
    /// No answer within the deadline. The operation may have been carried out.
    #[error("Redis did not answer within {} ms", .0.as_millis())]
    Deadline(Duration),
    /// The connection broke. The operation may have been carried out.
    #[error("the connection to Redis broke")]
    Broken,
    /// Redis refused, for instance because it has no memory left; its word for it.
    #[error("Redis refused the operation: {0}")]
    Refused(String),
}

impl RedisError {
    const fn reason(&self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Deadline(_) => "deadline",
            Self::Broken => "broken",
            Self::Refused(_) => "refused",
        }
    }
}

/// A handle on the connection; clones share it. Needs a Tokio runtime. The last one closes it.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    client: Client,
    deadline: Duration,
    link: watch::Sender<Link>,
    /// Missed deadlines in a row.
    missed: AtomicU32,
    metrics: Metrics,
}

/// Where the connection stands.
#[derive(Clone)]
enum Link {
    /// For the first time: worth waiting for, within the deadline.
    Connecting,
    /// The breaker is closed. The number tells one connection from the next.
    Up(MultiplexedConnection, u64),
    /// The breaker is open.
    Down,
}

struct Metrics {
    failures: IntCounterVec,
    breaker: Gauge,
}

impl Metrics {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            failures: IntCounterVec::new(
                Opts::new(
                    "redis_client_failures_total",
                    "Operations without a result, by reason.",
                ),
                &["reason"],
            )?,
            breaker: Gauge::new(
                "redis_client_breaker_state",
                "1 while Redis is not asked because it did not answer, else 0.",
            )?,
        };
        registry.register(Box::new(metrics.failures.clone()))?;
        registry.register(Box::new(metrics.breaker.clone()))?;
        Ok(metrics)
    }
}

impl Redis {
    /// Begins to connect, in the background: a service starts with or without Redis.
    pub fn connect(settings: RedisSettings, registry: &Registry) -> Result<Self, prometheus::Error> {
        let inner = Arc::new(Inner {
            client: settings.client,
            deadline: settings.deadline,
            link: watch::Sender::new(Link::Connecting),
            missed: AtomicU32::new(0),
            metrics: Metrics::new(registry)?,
        });
        tokio::spawn(keep_connecting(Arc::downgrade(&inner), 0));
        Ok(Self(inner))
    }

    /// Runs `operation` with the connection, within the deadline.
    pub async fn run<T, F>(&self, operation: impl FnOnce(MultiplexedConnection) -> F) -> Result<T, RedisError>
    where
        F: Future<Output = redis::RedisResult<T>>,
    {
        let result = self.attempt(operation).await;
        if let Err(error) = &result {
            self.0.metrics.failures.with_label_values(&[error.reason()]).inc();
        }
        result
    }

    async fn attempt<T, F>(&self, operation: impl FnOnce(MultiplexedConnection) -> F) -> Result<T, RedisError>
    where
        F: Future<Output = redis::RedisResult<T>>,
    {
        let started = tokio::time::Instant::now();
        let (connection, number) = self.connection().await?;
        let result = tokio::time::timeout_at(started + self.0.deadline, operation(connection)).await;
        match result {
            Ok(Ok(value)) => {
                self.0.missed.store(0, Ordering::Relaxed);
                Ok(value)
            }
            Ok(Err(error)) if is_broken(&error) => {
                self.0.open(number);
                Err(RedisError::Broken)
            }
            Ok(Err(error)) => Err(RedisError::Refused(error.category().to_owned())),
            Err(_elapsed) => {
                if self.0.missed.fetch_add(1, Ordering::Relaxed) + 1 >= TOLERATED {
                    self.0.open(number);
                }
                Err(RedisError::Deadline(self.0.deadline))
            }
        }
    }

    async fn connection(&self) -> Result<(MultiplexedConnection, u64), RedisError> {
        if matches!(*self.0.link.borrow(), Link::Connecting) {
            let mut link = self.0.link.subscribe();
            let known = link.wait_for(|link| !matches!(link, Link::Connecting));
            // What came of it is read below.
            let _ = tokio::time::timeout(self.0.deadline, known).await;
        }
        match &*self.0.link.borrow() {
            Link::Up(connection, number) => Ok((connection.clone(), *number)),
            Link::Connecting | Link::Down => Err(RedisError::Unreachable),
        }
    }

    /// A readiness check called `redis`. What uses Redis goes on without it, so a failure is "degraded".
    pub fn check(&self) -> Check {
        let this = self.clone();
        Check::new("redis", move || {
            let this = this.clone();
            async move { this.status().await }
        })
    }

    async fn status(&self) -> Status {
        match self.run(ping).await {
            Ok(()) => Status::Ready,
            Err(error) => Status::Degraded(error.to_string()),
        }
    }
}

impl Inner {
    /// Opens the breaker, unless the connection with this number is gone already.
    fn open(self: &Arc<Self>, number: u64) {
        let opened = self.link.send_if_modified(|link| {
            let is_current = matches!(link, Link::Up(_, current) if *current == number);
            if is_current {
                *link = Link::Down;
            }
            is_current
        });
        if opened {
            self.metrics.breaker.set(1.0);
            tracing::warn!("Redis does not answer; doing without it until it does");
            tokio::spawn(keep_connecting(Arc::downgrade(self), number));
        }
    }

    fn close(&self, connection: MultiplexedConnection, number: u64) {
        self.missed.store(0, Ordering::Relaxed);
        self.metrics.breaker.set(0.0);
        self.link.send_replace(Link::Up(connection, number));
        tracing::info!("connected to Redis");
    }

    async fn try_connect(&self) -> Option<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_LIMIT))
            .set_response_timeout(Some(CONNECT_LIMIT));
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        let connection = tokio::time::timeout(CONNECT_LIMIT, connecting).await.ok()?.ok()?;
        tokio::time::timeout(self.deadline, ping(connection.clone()))
            .await
            .ok()?
            .ok()?;
        Some(connection)
    }
}

/// Until it succeeds, or nobody wants the connection any more.
async fn keep_connecting(inner: Weak<Inner>, lost: u64) {
    while let Some(inner) = inner.upgrade() {
        if let Some(connection) = inner.try_connect().await {
            return inner.close(connection, lost + 1);
        }
        if !matches!(*inner.link.borrow(), Link::Down) {
            inner.link.send_replace(Link::Down);
            inner.metrics.breaker.set(1.0);
            tracing::warn!("Redis does not answer; doing without it until it does");
        }
        drop(inner);
        tokio::time::sleep(RECONNECT_PAUSE).await;
    }
}

async fn ping(mut connection: MultiplexedConnection) -> redis::RedisResult<()> {
    redis::cmd("PING").exec_async(&mut connection).await
}

fn is_broken(error: &redis::RedisError) -> bool {
    error.is_io_error() || error.is_connection_dropped() || error.is_unrecoverable_error()
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("deadline", &self.0.deadline)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests;
