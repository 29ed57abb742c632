//! Logs and traces of a process, from the standard `OTEL_*` variables.
//!
//! Spans go out by OTLP, over HTTP or gRPC, from a thread of their own, through a bounded queue. A collector that is
//! slow or dead costs neither latency nor a clean shutdown; the spans it misses are counted. Without an
//! endpoint nothing is exported, but spans keep their ids, so log lines of one request still share a `trace_id`.

use std::panic::PanicHookInfo;
use std::sync::mpsc;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::{IntCounter, Registry};
use tracing::Dispatch;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, registry};

use crate::logging;
use crate::{BuildInfo, Clock};

mod config;
mod export;
mod losses;
pub mod propagation;
mod transport;

pub use config::{Certificates, ExporterKind, OtlpProtocol, SamplerKind, TelemetryConfig};
use losses::Losses;
pub use transport::TransportError;

/// How long the last spans may take to leave.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// Why telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// Spans cannot be sent.
    #[error("the OTLP exporter for {endpoint} could not be built")]
    Exporter {
        /// Where spans were to go.
        endpoint: String,
        /// What is wrong.
        source: TransportError,
    },
    /// The log file cannot be written.
    #[error("log files cannot be written; LOG_FILE must lie in a directory that exists and is writable")]
    LogFile(#[from] logging::LogFileError),
    /// A subscriber was installed before.
    #[error("a tracing subscriber is already installed; call telemetry::init once, from main")]
    AlreadyInstalled,
    /// The drop counter could not be made.
    #[error("the span drop counter could not be created")]
    Metrics(#[from] prometheus::Error),
}

/// Keeps the exporter alive; give it back by [`TelemetryGuard::shutdown`] so that the last spans leave.
#[derive(Debug)]
#[must_use = "spans are lost unless the guard is shut down at the end of main"]
pub struct TelemetryGuard {
    provider: SdkTracerProvider,
    losses: Losses,
}

/// Sets up logs (standard output) and traces for this process, and a panic hook that logs where, but not what.
/// Call it once, from `main`.
pub fn init(
    config: &TelemetryConfig,
    build: &BuildInfo,
    clock: &Clock,
) -> Result<TelemetryGuard, TelemetryError> {
    let (dispatch, guard) = subscriber(config, build, clock, std::io::stdout)?;
    tracing::dispatcher::set_global_default(dispatch).map_err(|_| TelemetryError::AlreadyInstalled)?;
    log_panics();
    Ok(guard)
}

/// From now on a panic anywhere in the process is one log line that says where it happened, but not what it said:
/// the message may quote data, and the default hook would print it to standard error. Part of [`init`].
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panic");
    }));
}

/// What [`init`] sets up, without installing it: tests hand it to `tracing::dispatcher::set_default`.
pub fn subscriber<W>(
    config: &TelemetryConfig,
    build: &BuildInfo,
    clock: &Clock,
    writer: W,
) -> Result<(Dispatch, TelemetryGuard), TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let dropped = IntCounter::new(
        "telemetry_spans_dropped_total",
        "Spans that were sampled but never reached the collector: queue full, or export failed.",
    )?;
    let losses = Losses::new(dropped);
    let provider = provider(config, build, &losses)?;
    let traces = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(build.service))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_filter(filter_fn(logging::is_request_span));
    let logs = logging::layer(&config.logging, clock, writer)?;
    Ok((
        registry().with(traces).with(logs).into(),
        TelemetryGuard { provider, losses },
    ))
}

fn provider(
    config: &TelemetryConfig,
    build: &BuildInfo,
    losses: &Losses,
) -> Result<SdkTracerProvider, TelemetryError> {
    let builder = SdkTracerProvider::builder()
        .with_sampler(config.sampler())
        .with_resource(resource(config, build));
    let Some(destination) = config.destination() else {
        return Ok(builder.build());
    };
    let processor =
        export::processor(&destination, losses.clone()).map_err(|source| TelemetryError::Exporter {
            endpoint: destination.endpoint,
            source,
        })?;
    Ok(builder.with_span_processor(processor).build())
}

fn resource(config: &TelemetryConfig, build: &BuildInfo) -> Resource {
    Resource::builder()
        .with_service_name(config.service_name(build))
        .with_attribute(KeyValue::new("service.version", build.version))
        .build()
}

impl TelemetryGuard {
    /// Puts `telemetry_spans_dropped_total` into the registry.
    pub fn register(&self, registry: &Registry) -> Result<(), prometheus::Error> {
        registry.register(Box::new(self.losses.counter()))
    }

    /// Counts the spans lost; a handle, so that readiness can watch it.
    pub fn spans_dropped(&self) -> IntCounter {
        self.losses.counter()
    }

    /// Sends what is queued, for at most two seconds, then lets go. Blocks: call it when the runtime has
    /// finished, or through [`TelemetryGuard::shutdown`].
    pub fn shutdown_blocking(self) {
        let (done, flushed) = mpsc::channel();
        let provider = self.provider;
        // A thread of its own, because the exporter can hang for longer than we are prepared to wait.
        std::thread::spawn(move || {
            let _ = provider.shutdown_with_timeout(FLUSH_TIMEOUT);
            let _ = done.send(());
        });
        let _ = flushed.recv_timeout(FLUSH_TIMEOUT);
        self.losses.abandon();
    }

    /// [`TelemetryGuard::shutdown_blocking`] off the runtime's threads.
    pub async fn shutdown(self) {
        let _ = tokio::task::spawn_blocking(move || self.shutdown_blocking()).await;
    }
}

#[cfg(test)]
mod tests;
