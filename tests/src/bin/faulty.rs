//! `faulty`: a service over the service kit that fails the way its settings say. Tests run it in pods; it is no product.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use clap::Args;
use service_kit::config::parse_duration;
use service_kit::health::{Check, Status};
use service_kit::{BuildInfo, Context, Routes, Service, ServiceInfo, routing};

const INFO: ServiceInfo = ServiceInfo {
    build: BuildInfo {
        service: "faulty",
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "A service that fails the way its settings say",
    metrics_prefix: "faulty",
    default_port: 8080,
    frameworks: "none",
    data_classification: "synthetic",
};

/// Header by which callers tell versions apart.
const VERSION: HeaderName = HeaderName::from_static("x-version");

/// How this version fails; not at all when nothing is set.
#[derive(Args, Clone, Debug)]
struct Faults {
    /// What the header `x-version` of each answer says
    #[arg(long, env = "VERSION", default_value = "none")]
    tells: String,

    /// Ends with exit code 1 so long after its start
    #[arg(long, env = "CRASH_AFTER", value_parser = parse_duration)]
    crash_after: Option<Duration>,

    /// Is never ready
    #[arg(long, env = "UNREADY")]
    unready: bool,

    /// Percent of the calls that are answered with 500, spread evenly
    #[arg(long, env = "ERROR_PERCENT", default_value_t = 0)]
    error_percent: u64,

    /// Time that every answer takes besides
    #[arg(long, env = "LATENCY", default_value = "0s", value_parser = parse_duration)]
    latency: Duration,
}

fn main() -> ExitCode {
    service_kit::run(&INFO, |faults: Faults, context| build(&faults, context))
}

fn build(faults: &Faults, _context: &Context) -> anyhow::Result<Service> {
    let version = HeaderValue::from_str(&faults.tells).context("VERSION cannot be a header")?;
    if let Some(after) = faults.crash_after {
        tokio::spawn(crash(after));
    }
    let unready = faults.unready;
    let ready = Check::new("told", move || async move {
        if unready {
            Status::NotReady("it was told so".to_owned())
        } else {
            Status::Ready
        }
    });
    Ok(Service {
        routes: routes(faults),
        checks: vec![ready],
        headers: HeaderMap::from_iter([(VERSION, version)]),
        ..Service::default()
    })
}

fn routes(faults: &Faults) -> Routes {
    let (percent, latency) = (faults.error_percent, faults.latency);
    let calls = Arc::new(AtomicU64::new(0));
    let answer = move || {
        let number = calls.fetch_add(1, Ordering::Relaxed);
        async move {
            tokio::time::sleep(latency).await;
            status(number, percent)
        }
    };
    Routes::new().public("/", routing::get(answer))
}

/// The answer to the call of this number: of any hundred in a row so many fail, spread evenly.
fn status(number: u64, percent: u64) -> StatusCode {
    let failed_by = |number: u64| number * percent / 100;
    if failed_by(number + 1) > failed_by(number) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    }
}

#[expect(clippy::exit, reason = "a crash cleans nothing up")]
async fn crash(after: Duration) {
    tokio::time::sleep(after).await;
    std::process::exit(1);
}
