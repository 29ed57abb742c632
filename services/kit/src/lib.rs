//! What every service of the platform shares: it knows HTTP, not healthcare.
//!
//! A service hands over its routes and readiness checks; the kit supplies everything around them, in
//! one fixed order: configuration from the environment, logs, traces, metrics, health endpoints,
//! RFC 9457 errors and a shutdown that loses no request. The operator uses the same telemetry, metrics,
//! clock and shutdown modules.
//!
//! Nothing here is process-wide except what the platform forces to be: the `tracing` dispatcher and
//! the rustls provider, each installed once from `main`.

pub mod auth;
pub mod backoff;
pub mod client_address;
pub mod clock;
pub mod compliance;
pub mod config;
pub mod crypto;
pub mod deadline;
pub mod error;
pub mod extract;
pub mod health;
pub mod http_client;
pub mod logging;
pub mod metrics;
pub mod middleware;
pub mod openapi;
pub mod postgres;
pub mod rate_limit;
pub mod redis;
pub mod routing;
pub mod server;
pub mod service;
pub mod shutdown;
pub mod telemetry;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

mod healthcheck;
mod run;

pub use clock::Clock;
pub use routing::{Methods, Routes};
pub use run::{NoSettings, run};
pub use service::{Context, Service, ServiceInfo};

/// Handlers for [`Routes`], with what their `#[utoipa::path]` says of them.
pub use utoipa_axum::routes;

/// Which program this is: goes into logs, traces, `build_info` and `/health`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildInfo {
    /// Service name, as in `service.name` and the image.
    pub service: &'static str,
    /// Semantic version of the crate.
    pub version: &'static str,
}
