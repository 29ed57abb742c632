//! OAuth 2.0 and JWT for the platform.
//!
//! The way of a request: `http` (forms in, answers out) → `app` (use cases) → [`domain`] (pure rules of the RFCs) and [`store`]
//! (PostgreSQL) → `app` (the audit log) → `http`. Nobody is told of anything before it is in the audit log.

use std::process::ExitCode;

use service_kit::{BuildInfo, ServiceInfo};

pub mod domain;
pub mod settings;
pub mod store;

mod app;
mod build;
mod compliance;
mod http;
mod metrics;
mod readiness;
mod verify_audit;

pub use build::build;

/// The constants of this service.
pub const INFO: ServiceInfo = ServiceInfo {
    build: BuildInfo {
        service: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "OAuth 2.0 and JWT for the platform; `auth-service verify-audit` verifies the audit log",
    metrics_prefix: "auth",
    default_port: 8080,
    frameworks: "HIPAA, PCI-DSS",
    data_classification: "restricted",
};

/// The process: the service, or one of its commands.
pub fn main() -> ExitCode {
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == verify_audit::COMMAND)
    {
        return verify_audit::main();
    }
    service_kit::run(&INFO, build)
}
