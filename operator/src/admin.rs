//! `/healthz`, `/readyz` and `/metrics`.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::Registry;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What the endpoints show.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Everything measured.
    pub registry: Registry,
    /// Whether this replica does its part, or could: once it has listed everything, leader or standby.
    pub ready: watch::Receiver<bool>,
}

/// Serves until `shutdown`.
///
/// # Errors
/// When the address cannot be bound.
pub async fn serve(address: SocketAddr, admin: Admin, shutdown: CancellationToken) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    tracing::info!(%address, "serving /healthz, /readyz and /metrics");
    serve_on(listener, admin, shutdown).await
}

async fn serve_on(listener: TcpListener, admin: Admin, shutdown: CancellationToken) -> std::io::Result<()> {
    axum::serve(listener, router(admin))
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
}

fn router(admin: Admin) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(admin)
}

async fn readyz(State(admin): State<Admin>) -> Response {
    if *admin.ready.borrow() {
        "ok".into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "not ready: the API server did not answer yet, or not everything is listed",
        )
            .into_response()
    }
}

async fn metrics(State(admin): State<Admin>) -> Response {
    match service_kit::metrics::encode(&admin.registry) {
        Ok(text) => ([(header::CONTENT_TYPE, service_kit::metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

#[cfg(test)]
mod tests;
