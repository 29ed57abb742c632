//! Every path of this service; the common ones (health, metrics, compliance) come with the kit.

use service_kit::{Routes, routes};

use crate::handlers::{self, App};

/// Path and methods, for `GET /`.
pub(crate) const ENDPOINTS: [&str; 9] = [
    "GET /",
    "GET /synthetic-patient",
    "POST /synthetic-patient",
    "GET /synthetic-patients",
    "GET /compliance/status",
    "GET /health",
    "GET /readiness",
    "GET /metrics",
    "GET /openapi.json",
];

pub(crate) fn routes(app: App) -> Routes {
    Routes::new()
        .public("/", routes!(handlers::info))
        .public(
            "/synthetic-patient",
            routes!(handlers::generate_single, handlers::generate_batch),
        )
        .public("/synthetic-patients", routes!(handlers::generate_stream))
        .with_state(app)
}
