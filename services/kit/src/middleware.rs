//! What surrounds every handler, in the one order that is right:
//!
//! request id → security headers → trace → metrics → log → panic recovery → body limit → time-out → handler.
//!
//! The order is the nesting of the calls below: a service cannot change it. CORS belongs between panic
//! recovery and body limit, rate limits between time-out and authentication, which each route
//! brings itself (`Routes::protected`), next to its handler.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Version, header};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use crate::auth::Authenticator;
use crate::rate_limit::RateLimits;

mod auth;
mod body_limit;
mod headers;
mod observation;
mod panic;
mod rate_limit;
mod request_id;
mod route;
mod timeout;
mod trace;

pub use headers::ComplianceHeaders;
pub use observation::HttpMetrics;
pub(crate) use rate_limit::after_auth;
pub use request_id::RequestId;
use route::Route;

/// What the layers need to know.
#[derive(Clone, Debug)]
pub(crate) struct Stack(Arc<Settings>);

/// The settings of all layers.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Name of the service, as in `service.name`.
    pub(crate) service: &'static str,
    pub(crate) metrics: HttpMetrics,
    pub(crate) compliance: ComplianceHeaders,
    /// How much callers may ask.
    pub(crate) rate_limits: RateLimits,
    /// Who the callers are, for routes that ask.
    pub(crate) auth: Option<Authenticator>,
    /// Largest request body, bytes.
    pub(crate) body_limit: u64,
    /// Longest a handler may take to answer.
    pub(crate) timeout: Duration,
    /// Cancelled when the process is about to stop.
    pub(crate) draining: CancellationToken,
}

impl Stack {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }

    /// Puts the layers around every route and fallback of `router`.
    pub(crate) fn wrap(self, router: Router) -> Router {
        router.layer(from_fn_with_state(self, with_request_id))
    }
}

async fn with_request_id(State(Stack(settings)): State<Stack>, mut request: Request, next: Next) -> Response {
    let id = RequestId::from_headers(request.headers());
    let version = request.version();
    request.extensions_mut().insert(id.clone());
    let mut response = with_headers(&settings, &id, request, next).await;
    response
        .headers_mut()
        .insert(request_id::HEADER, id.header_value());
    if settings.draining.is_cancelled() && version < Version::HTTP_2 {
        // Clients open their next connection elsewhere, so none is cut off mid-request when this process stops.
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn with_headers(settings: &Settings, id: &RequestId, request: Request, next: Next) -> Response {
    let mut response = with_trace(settings, id, request, next).await;
    headers::apply(response.headers_mut(), &settings.compliance);
    response
}

async fn with_trace(settings: &Settings, id: &RequestId, request: Request, next: Next) -> Response {
    let route = Route::of(&request);
    let span = trace::span(settings.service, &request, &route, id);
    observed(settings, route, request, next).instrument(span).await
}

/// Metrics and log: one sample and one line, also when the caller hangs up.
async fn observed(settings: &Settings, route: Route, request: Request, next: Next) -> Response {
    let observation = observation::start(&settings.metrics, route);
    let response = with_recovery(settings, request, next).await;
    trace::record(&Span::current(), response.status());
    observation.finish(response.status());
    response
}

async fn with_recovery(settings: &Settings, request: Request, next: Next) -> Response {
    panic::recover(limited(settings, request, next), &settings.metrics).await
}

async fn limited(settings: &Settings, request: Request, next: Next) -> Response {
    match body_limit::apply(request, settings.body_limit) {
        Ok(request) => {
            let request = auth::apply(request, settings.auth.as_ref());
            let handler = rate_limit::before_auth(&settings.rate_limits, request, next);
            timeout::apply(settings.timeout, handler, &settings.metrics).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

#[cfg(test)]
mod tests;
