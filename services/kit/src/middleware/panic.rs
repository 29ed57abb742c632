use std::panic::{AssertUnwindSafe, PanicHookInfo};

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

/// Logs where a panic happened. Not what it said: the message may quote data, and the default hook would
/// print it to standard error.
pub(crate) fn install_hook() {
    std::panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panic");
    }));
}
