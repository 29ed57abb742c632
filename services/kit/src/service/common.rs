//! The endpoints every service has.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, header};
use jiff::Timestamp;
use prometheus::Registry;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::Routes;
use crate::compliance::{Compliance, ComplianceStatus};
use crate::error::Problem;
use crate::extract::Json;
use crate::health::{Health, Readiness, ReadinessInFull};
use crate::{BuildInfo, metrics};

/// What the common endpoints answer from.
#[derive(Clone, Debug)]
pub(super) struct Common {
    pub(super) build: BuildInfo,
    pub(super) health: Health,
    pub(super) registry: Registry,
    pub(super) compliance: Compliance,
    pub(super) document: Bytes,
}

pub(super) fn routes() -> Routes<Common> {
    Routes::new()
        .public("/health", routes!(live))
        .public("/health/live", routes!(live))
        .public("/health/ready", routes!(ready_in_full))
        .public("/readiness", routes!(ready))
        .public("/metrics", routes!(scrape))
        .public("/compliance/status", routes!(compliance_status))
        .public("/openapi.json", routes!(openapi))
}

/// The body of `/health`.
#[derive(Debug, Serialize, ToSchema)]
struct Liveness {
    #[schema(pattern = "^healthy$")]
    status: &'static str,
    service: &'static str,
    version: &'static str,
    timestamp: Timestamp,
}

/// Whether the process is alive
///
/// Asks nothing else: a restart heals nothing that is broken elsewhere.
#[utoipa::path(get, path = "", tag = "operations", responses((status = 200, description = "It is.", body = Liveness)))]
async fn live(State(common): State<Common>) -> Json<Liveness> {
    Json(Liveness {
        status: "healthy",
        service: common.build.service,
        version: common.build.version,
        timestamp: common.health.now(),
    })
}

/// Whether requests should be sent here
#[utoipa::path(get, path = "", tag = "operations", responses(
    (status = 200, description = "They should.", body = Readiness),
    (status = 503, description = "Not now.", body = Readiness),
))]
async fn ready(State(common): State<Common>) -> Response {
    let report = common.health.report().await;
    (report.http_status(), Json(report.summary())).into_response()
}

/// The readiness checks in full
#[utoipa::path(get, path = "", tag = "operations", responses(
    (status = 200, description = "Ready, perhaps with less than everything.", body = ReadinessInFull),
    (status = 503, description = "Not ready.", body = ReadinessInFull),
))]
async fn ready_in_full(State(common): State<Common>) -> Response {
    let report = common.health.report().await;
    (report.http_status(), Json(report.in_full())).into_response()
}

/// Metrics for Prometheus
#[utoipa::path(get, path = "", tag = "operations", responses((status = 200, description = "All of them.", content(
    (String = "text/plain"),
    (String = "application/openmetrics-text"),
))))]
async fn scrape(State(common): State<Common>, headers: HeaderMap) -> Result<Response, Problem> {
    let format = metrics::Format::accepted(&headers);
    let text = format.encode(&common.registry).map_err(|error| {
        tracing::error!(%error, "metrics could not be encoded");
        Problem::internal()
    })?;
    Ok(([(header::CONTENT_TYPE, format.content_type())], text).into_response())
}

/// Whether the service keeps its own promises
///
/// Checked again at every call.
#[utoipa::path(get, path = "", tag = "operations", responses(
    (status = 200, description = "What each check found.", body = ComplianceStatus),
))]
async fn compliance_status(State(common): State<Common>) -> Json<ComplianceStatus> {
    Json(
        common
            .compliance
            .status(common.build.service, common.health.now()),
    )
}

/// This document
#[utoipa::path(get, path = "", tag = "operations", responses(
    (status = 200, description = "OpenAPI 3.1.", content_type = "application/json", body = serde_json::Value),
))]
async fn openapi(State(common): State<Common>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], common.document).into_response()
}
