use std::time::Duration;

use axum::response::{IntoResponse, Response};

use super::HttpMetrics;
use crate::deadline;
use crate::error::{ErrorCode, Problem};

/// Gives the handler `limit` to answer; a body that streams on afterwards is not cut off.
pub(super) async fn apply(
    limit: Duration,
    handler: impl Future<Output = Response>,
    metrics: &HttpMetrics,
) -> Response {
    if let Ok(response) = tokio::time::timeout(limit, deadline::within(limit, handler)).await {
        return response;
    }
    metrics.timed_out();
    let detail = format!(
        "The service did not finish within {} seconds.",
        limit.as_secs_f64()
    );
    Problem::new(ErrorCode::Timeout, detail).into_response()
}
