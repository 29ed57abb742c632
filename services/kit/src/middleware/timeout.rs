use std::time::Duration;

use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use tokio::time::timeout;

use super::HttpMetrics;
use crate::deadline;
use crate::error::{ErrorCode, Problem};

/// Gives the handler `limit` to answer; a body that streams on afterwards is not cut off.
pub(super) fn apply(
    limit: Duration,
    handler: impl Future<Output = Response>,
    metrics: &HttpMetrics,
) -> impl Future<Output = Response> {
    let answered = timeout(limit, deadline::within(limit, handler));
    answered.map(move |answered| answered.unwrap_or_else(|_late| timed_out(limit, metrics)))
}

fn timed_out(limit: Duration, metrics: &HttpMetrics) -> Response {
    metrics.timed_out();
    let detail = format!(
        "The service did not finish within {} seconds.",
        limit.as_secs_f64()
    );
    Problem::new(ErrorCode::Timeout, detail).into_response()
}
