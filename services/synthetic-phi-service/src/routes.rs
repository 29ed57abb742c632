//! Every path of this service; the common ones (health, metrics, compliance) come with the kit.

use service_kit::Routes;
use service_kit::service::{get, post};

use crate::handlers::{App, generate_batch, generate_single, generate_stream, info};

/// Path and methods, for `GET /`.
pub(crate) const ENDPOINTS: [&str; 8] = [
    "GET /",
    "GET /synthetic-patient",
    "POST /synthetic-patient",
    "GET /synthetic-patients",
    "GET /compliance/status",
    "GET /health",
    "GET /readiness",
    "GET /metrics",
];

pub(crate) fn routes(app: App) -> Routes {
    Routes::new()
        .public("/", get(info))
        .public(
            "/synthetic-patient",
            get(generate_single).and(post(generate_batch)),
        )
        .public("/synthetic-patients", get(generate_stream))
        .with_state(app)
}
