use std::panic::AssertUnwindSafe;

use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use super::HttpMetrics;
use crate::error::Problem;

/// A panicking handler costs its own request a 500, and nobody else anything. The line in the log is the
/// hook's.
pub(super) fn recover(
    handler: impl Future<Output = Response>,
    metrics: &HttpMetrics,
) -> impl Future<Output = Response> {
    // Handlers share state only through types that survive a panic (atomics, poisoning locks, pools).
    let caught = AssertUnwindSafe(handler).catch_unwind();
    caught.map(|caught| {
        caught.unwrap_or_else(|_panic| {
            metrics.panicked();
            Problem::internal().into_response()
        })
    })
}
