use std::panic::AssertUnwindSafe;

use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use super::HttpMetrics;
use crate::error::Problem;

/// A panicking handler costs its own request a 500, and nobody else anything. The line in the log is the
/// hook's.
pub(super) async fn recover(handler: impl Future<Output = Response>, metrics: &HttpMetrics) -> Response {
    // Handlers share state only through types that survive a panic (atomics, poisoning locks, pools).
    if let Ok(response) = AssertUnwindSafe(handler).catch_unwind().await {
        return response;
    }
    metrics.panicked();
    Problem::internal().into_response()
}
