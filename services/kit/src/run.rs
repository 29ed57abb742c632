//! From `main` to exit code.

use std::ffi::OsString;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser};
use prometheus::IntCounter;
use tokio_util::sync::CancellationToken;

use crate::auth::AuthError;
use crate::config::{self, ConfigError, EXIT_BAD_CONFIG, ServerConfig};
use crate::service::{self, Context, Service, ServiceError, ServiceInfo};
use crate::telemetry::TelemetryConfig;
use crate::{Clock, crypto, healthcheck, metrics, server, shutdown, telemetry};

/// What every service reads, and the service's own settings.
#[derive(Debug, Parser)]
struct Settings<C: Args> {
    /// Ask the service running in this container for its health; exit code 0 when it is alive
    #[arg(long)]
    healthcheck: bool,

    /// Print the OpenAPI document and exit; takes the settings of a start, and starts nothing
    #[arg(long)]
    openapi: bool,

    #[command(flatten)]
    server: ServerConfig,

    #[command(flatten)]
    telemetry: TelemetryConfig,

    #[command(flatten)]
    own: C,
}

/// Settings for a service that has none of its own.
#[derive(Args, Clone, Copy, Debug)]
pub struct NoSettings {}

/// Runs a service: reads the settings, builds it, serves until SIGTERM, and stops without losing a request.
///
/// Exit codes: 0 after a requested shutdown, 78 for bad settings (all of them listed), 1 for anything else.
pub fn run<C, F>(info: &ServiceInfo, build: F) -> ExitCode
where
    C: Args,
    F: FnOnce(C, &Context) -> anyhow::Result<Service>,
{
    crypto::install_provider();
    match read_settings::<C>(info, &std::env::args_os().collect::<Vec<_>>()) {
        Ok(settings) if settings.healthcheck => healthcheck::run(loopback(&settings.server)),
        Ok(settings) if settings.openapi => report(info, print_document(info, settings, build)),
        Ok(settings) => report(info, start(info, settings, build)),
        Err(ConfigError::Info(text)) => print(&text),
        Err(error) => say(
            &format!("{}: {error}\n", info.build.service),
            ExitCode::from(EXIT_BAD_CONFIG),
        ),
    }
}

fn read_settings<C: Args>(info: &ServiceInfo, arguments: &[OsString]) -> Result<Settings<C>, ConfigError> {
    let port = info.default_port.to_string();
    let command = <Settings<C> as clap::CommandFactory>::command()
        .name(info.build.service)
        .about(info.about)
        .version(info.build.version)
        .mut_arg("port", |arg| arg.default_value(port));
    config::read(command, arguments, |settings: &Settings<C>| {
        settings.server.mistakes()
    })
}

fn start<C, F>(info: &ServiceInfo, settings: Settings<C>, build: F) -> anyhow::Result<()>
where
    C: Args,
    F: FnOnce(C, &Context) -> anyhow::Result<Service>,
{
    let clock = Clock::system();
    let telemetry = telemetry::init(&settings.telemetry, &info.build, &clock)?;
    let registry = metrics::registry(&info.build)?;
    telemetry.register(&registry)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let spans_dropped = telemetry.spans_dropped();
        let redis = settings.server.rate_limit.redis.connect(&registry)?;
        let context = Context {
            clock,
            registry,
            shutdown: shutdown::on_signal()?,
            spans_dropped,
            redis,
            trusted_hops: settings.server.rate_limit.trusted_hops,
        };
        let service = build(settings.own, &context)?;
        serve(info, &settings.server, &context, service).await
    });
    // Requests past the deadline end here, then the last spans leave.
    runtime.shutdown_background();
    telemetry.shutdown_blocking();
    served
}

/// The service is built, as its routes depend on its settings, but nothing of it is served, logged or traced.
fn print_document<C, F>(info: &ServiceInfo, settings: Settings<C>, build: F) -> anyhow::Result<()>
where
    C: Args,
    F: FnOnce(C, &Context) -> anyhow::Result<Service>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // Stopped from the beginning: what the service would do beside its routes ends before it starts.
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    let context = Context {
        clock: Clock::system(),
        registry: metrics::registry(&info.build)?,
        shutdown,
        spans_dropped: IntCounter::new("telemetry_spans_dropped_total", "Not exported.")?,
        redis: None,
        trusted_hops: settings.server.rate_limit.trusted_hops,
    };
    let service = runtime.block_on(async { build(settings.own, &context) })?;
    std::io::stdout().write_all(service::document(info, &service)?.as_bytes())?;
    Ok(())
}

async fn serve(
    info: &ServiceInfo,
    config: &ServerConfig,
    context: &Context,
    service: Service,
) -> anyhow::Result<()> {
    let router = service::router(info, config, context, service)?;
    let address = SocketAddr::new(config.host, config.port);
    let listener = server::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; is another process using the port?"))?;
    tracing::info!(address = %listener.local_addr()?, version = info.build.version, "listening");
    server::serve(listener, router, config.stopping(), context.shutdown.clone()).await;
    tracing::info!("stopped");
    Ok(())
}

fn loopback(config: &ServerConfig) -> SocketAddr {
    let host = if config.host.is_unspecified() {
        Ipv4Addr::LOCALHOST.into()
    } else {
        config.host
    };
    SocketAddr::new(host, config.port)
}

fn report(info: &ServiceInfo, result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(&format!("{}: {error:#}\n", info.build.service), exit_code(&error)),
    }
}

/// Some mistakes in the settings show only beside the routes: they are mistakes in the settings all the same.
fn exit_code(error: &anyhow::Error) -> ExitCode {
    match error.downcast_ref() {
        Some(ServiceError::Settings(_) | ServiceError::Auth(AuthError::Rules(_))) => {
            ExitCode::from(EXIT_BAD_CONFIG)
        }
        _ => ExitCode::FAILURE,
    }
}

/// The answer to `--help` and `--version`.
fn print(text: &str) -> ExitCode {
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// Standard error is where people look when there is no log yet.
fn say(text: &str, code: ExitCode) -> ExitCode {
    let _ = std::io::stderr().write_all(text.as_bytes());
    code
}
