//! Runs a service inside a test: on a free port, with a clock of the test's own, and its logs at hand.
//!
//! [`Postgres`] and [`Redis`] are real servers of the machine's own packages, thrown away after the test.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus::{IntCounter, Registry};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::dispatcher::DefaultGuard;

use crate::config::{CorsConfig, ServerConfig};
use crate::logging::{LogFormat, LoggingConfig};
use crate::rate_limit::RateLimitSettings;
use crate::telemetry::{TelemetryConfig, TelemetryGuard};
use crate::{Clock, Context, Service, ServiceInfo, metrics, server, service, telemetry};

mod dashboard;
mod installed;
pub mod layers;
mod postgres;
mod process;
mod promtool;
mod redis;
mod shared;
mod turns;
mod volume;

pub use dashboard::check_panels;
pub use installed::installed;
pub use postgres::{Postgres, PostgresOptions};
pub use promtool::check_metrics;
pub use redis::Redis;
pub use shared::Shared;
pub use turns::{Operation, in_turns};
pub use volume::SmallVolume;

/// What a service is built from, without a process, a collector or a Redis around it.
pub fn context(clock: Clock, registry: Registry) -> Result<Context, prometheus::Error> {
    Ok(Context {
        clock,
        registry,
        shutdown: CancellationToken::new(),
        spans_dropped: IntCounter::new("telemetry_spans_dropped_total", "Not registered.")?,
        redis: None,
        trusted_hops: 0,
    })
}

/// What a writer wrote, readable by the test.
#[derive(Clone, Debug, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// Everything so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Each line that is a JSON value.
    pub fn lines(&self) -> Vec<Value> {
        self.text()
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }
}

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A service under test. Needs a current-thread runtime (the default of `#[tokio::test]`): logs are captured
/// per thread, so that tests do not see each other's.
#[derive(Debug)]
pub struct TestServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its log lines.
    pub logs: Captured,
    /// Its metrics.
    pub registry: Registry,
    /// Cancel it to shut the service down.
    pub shutdown: CancellationToken,
    telemetry: TelemetryGuard,
    serving: JoinHandle<()>,
    _subscriber: DefaultGuard,
}

/// The settings of a test: short times, any free port.
pub fn server_config() -> ServerConfig {
    ServerConfig {
        host: Ipv4Addr::LOCALHOST.into(),
        port: 0,
        max_body_bytes: 64 * 1024,
        request_timeout: Duration::from_secs(30),
        drain_delay: Duration::ZERO,
        shutdown_deadline: Duration::from_secs(10),
        health_check_timeout: Duration::from_secs(1),
        health_cache_ttl: Duration::ZERO,
        rate_limit: RateLimitSettings::default(),
        cors: CorsConfig::default(),
    }
}

/// Log everything as JSON, send no traces.
pub fn telemetry_config() -> TelemetryConfig {
    let logging = LoggingConfig {
        log_level: "debug".to_owned(),
        log_format: Some(LogFormat::Json),
        ..LoggingConfig::default()
    };
    TelemetryConfig {
        logging,
        ..TelemetryConfig::default()
    }
}

impl TestServer {
    /// Starts the service that `build` makes, with the usual settings and the given clock.
    pub async fn start<F>(info: &ServiceInfo, clock: Clock, build: F) -> anyhow::Result<Self>
    where
        F: FnOnce(&Context) -> anyhow::Result<Service>,
    {
        Self::start_with(info, clock, &server_config(), &telemetry_config(), build).await
    }

    /// Starts it with the given settings.
    pub async fn start_with<F>(
        info: &ServiceInfo,
        clock: Clock,
        config: &ServerConfig,
        telemetry_config: &TelemetryConfig,
        build: F,
    ) -> anyhow::Result<Self>
    where
        F: FnOnce(&Context) -> anyhow::Result<Service>,
    {
        let logs = Captured::default();
        let writer = logs.clone();
        let (dispatch, telemetry) =
            telemetry::subscriber(telemetry_config, &info.build, &clock, move || writer.clone())?;
        let subscriber = tracing::dispatcher::set_default(&dispatch);
        let registry = metrics::registry(&info.build)?;
        telemetry.register(&registry)?;
        let context = Context {
            clock,
            registry: registry.clone(),
            shutdown: CancellationToken::new(),
            spans_dropped: telemetry.spans_dropped(),
            redis: config.rate_limit.redis.connect(&registry)?,
            trusted_hops: config.rate_limit.trusted_hops,
        };
        let service = build(&context)?;
        let router = service::router(info, config, &context, service)?;
        let listener = server::bind(SocketAddr::new(config.host, config.port)).await?;
        let address = listener.local_addr()?;
        let shutdown = context.shutdown;
        let serving = tokio::spawn(server::serve(
            listener,
            router,
            config.stopping(),
            shutdown.clone(),
        ));
        Ok(Self {
            address,
            logs,
            registry,
            shutdown,
            telemetry,
            serving,
            _subscriber: subscriber,
        })
    }

    /// `path` as a URL of this service.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The metrics as Prometheus would read them.
    pub fn metrics(&self) -> anyhow::Result<String> {
        Ok(String::from_utf8(metrics::encode(&self.registry)?)?)
    }

    /// Shuts down as on SIGTERM and waits for the end, last spans included.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        self.serving.await?;
        self.telemetry.shutdown().await;
        Ok(())
    }
}
