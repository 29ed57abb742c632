//! `GET /`.

use serde::Serialize;
use service_kit::extract::Json;
use utoipa::ToSchema;

use crate::INFO;

/// Path and methods, of every endpoint; a test asks each.
const ENDPOINTS: [&str; 9] = [
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

/// What this service is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Info {
    service: &'static str,
    version: &'static str,
    description: &'static str,
    /// Method and path of each.
    endpoints: &'static [&'static str],
}

/// What this service is
#[utoipa::path(get, path = "", responses((status = OK, description = "Name, version and endpoints.", body = Info)))]
pub(crate) async fn info() -> Json<Info> {
    Json(Info {
        service: INFO.build.service,
        version: INFO.build.version,
        description: INFO.about,
        endpoints: &ENDPOINTS,
    })
}
