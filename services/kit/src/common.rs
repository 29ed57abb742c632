//! The endpoints that every service has.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use jiff::Timestamp;
use prometheus::Registry;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::compliance::{Compliance, ComplianceStatus};
use crate::error::Problem;
use crate::extract::Json;
use crate::health::{Health, Readiness, ReadinessInFull};
use crate::{BuildInfo, metrics};

/// What they answer from.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub(crate) build: BuildInfo,
    pub(crate) health: Health,
    pub(crate) registry: Registry,
    pub(crate) compliance: Compliance,
}

/// The body of `/health`.
#[derive(Debug, Serialize, ToSchema)]
struct Liveness {
    /// Always `healthy`: a process that is not does not answer.
    status: &'static str,
    service: &'static str,
    version: &'static str,
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
}

pub(crate) fn routes() -> OpenApiRouter<Common> {
    OpenApiRouter::default()
        .routes(routes!(health))
        .routes(routes!(live))
        .routes(routes!(ready_in_full))
        .routes(routes!(ready))
        .routes(routes!(scrape))
        .routes(routes!(compliance_status))
}

/// Whether the process is alive; asks no dependency
#[utoipa::path(get, path = "/health", tag = "operations", responses((status = OK, body = Liveness)))]
async fn health(State(common): State<Common>) -> Response {
    alive(&common)
}

/// Whether the process is alive; asks no dependency
#[utoipa::path(get, path = "/health/live", tag = "operations", responses((status = OK, body = Liveness)))]
async fn live(State(common): State<Common>) -> Response {
    alive(&common)
}

fn alive(common: &Common) -> Response {
    Json(Liveness {
        status: "healthy",
        service: common.build.service,
        version: common.build.version,
        timestamp: common.health.now(),
    })
    .into_response()
}

/// Whether requests should be sent here
#[utoipa::path(get, path = "/readiness", tag = "operations", responses(
    (status = OK, body = Readiness),
    (status = SERVICE_UNAVAILABLE, body = Readiness),
))]
async fn ready(State(common): State<Common>) -> Response {
    let report = common.health.report().await;
    (report.http_status(), Json(report.summary())).into_response()
}

/// Whether requests should be sent here, with every check in full
#[utoipa::path(get, path = "/health/ready", tag = "operations", responses(
    (status = OK, body = ReadinessInFull),
    (status = SERVICE_UNAVAILABLE, body = ReadinessInFull),
))]
async fn ready_in_full(State(common): State<Common>) -> Response {
    let report = common.health.report().await;
    (report.http_status(), Json(report.in_full())).into_response()
}

/// Metrics for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "operations", responses(
    (status = OK, body = String, content_type = "text/plain"),
))]
async fn scrape(State(common): State<Common>) -> Result<Response, Problem> {
    let text = metrics::encode(&common.registry).map_err(|error| {
        tracing::error!(%error, "metrics could not be encoded");
        Problem::internal()
    })?;
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}

/// The service checks its own promises again
#[utoipa::path(get, path = "/compliance/status", tag = "operations", responses((status = OK, body = ComplianceStatus)))]
async fn compliance_status(State(common): State<Common>) -> Response {
    let status = common
        .compliance
        .status(common.build.service, common.health.now());
    Json(status).into_response()
}
