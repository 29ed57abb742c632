//! What surrounds every handler, in the one order that is right:
//!
//! request id → security headers → trace → metrics → log → panic recovery → CORS → body limit → time-out → rate limit →
//! auth → handler.
//!
//! The order is the nesting of the calls below: a service cannot change it. The layers stand around each route and
//! around what answers the other paths, so that each knows its route and who may call it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use http::{HeaderValue, Version, header};
use tokio_util::sync::CancellationToken;
use tower_http::cors::CorsLayer;
use tracing::{Instrument, Span};

mod auth;
mod body_limit;
mod body_size;
pub(crate) mod cors;
mod headers;
mod observation;
mod panic;
mod rate_limit;
mod request_id;
mod route;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod single;
mod timeout;
mod trace;

pub(crate) use headers::FixedHeaders;
pub use headers::PagePolicy;
pub use observation::HttpMetrics;
pub(crate) use rate_limit::after_auth;
pub use request_id::RequestId;
pub(crate) use route::Endpoint;
use route::Route;

use crate::auth::{Authenticator, guarded};
use crate::rate_limit::RateLimits;
use crate::routing::Access;

/// What the layers need to know.
#[derive(Clone, Debug)]
pub(crate) struct Stack(Arc<Settings>);

/// The settings of all layers.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Name of the service, as in `service.name`.
    pub(crate) service: &'static str,
    pub(crate) metrics: HttpMetrics,
    pub(crate) headers: FixedHeaders,
    /// Which pages of other origins may read answers; none without.
    pub(crate) cors: Option<CorsLayer>,
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

/// The layers at one endpoint.
#[derive(Clone, Debug)]
struct At {
    settings: Arc<Settings>,
    endpoint: Arc<Endpoint>,
}

impl At {
    fn new(stack: &Stack, endpoint: Endpoint) -> Self {
        Self {
            settings: Arc::clone(&stack.0),
            endpoint: Arc::new(endpoint),
        }
    }
}

impl Stack {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }

    /// Puts the layers around every method of one endpoint.
    pub(crate) fn around(&self, endpoint: Endpoint, methods: MethodRouter) -> MethodRouter {
        let methods = match &endpoint.access {
            Access::Public => methods,
            Access::Protected(policy) => guarded(policy.clone(), methods),
        };
        let at = At::new(self, endpoint);
        let inner = methods.layer(from_fn_with_state(at.clone(), recovered_inside_cors));
        let inner = match &self.0.cors {
            Some(cors) => inner.layer(cors.clone()),
            None => inner,
        };
        inner.layer(from_fn_with_state(at, with_request_id))
    }
}

async fn with_request_id(State(at): State<At>, mut request: Request, next: Next) -> Response {
    let id = RequestId::from_headers(request.headers());
    let version = request.version();
    let route = Route::at(&at.endpoint, request.method());
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(route);
    let mut response = with_headers(&at, &id, request, next).await;
    response
        .headers_mut()
        .insert(request_id::HEADER, id.header_value());
    if at.settings.draining.is_cancelled() && version < Version::HTTP_2 {
        // Clients open their next connection elsewhere, so none is cut off mid-request when this process stops.
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn with_headers(at: &At, id: &RequestId, request: Request, next: Next) -> Response {
    let mut response = with_trace(at, id, request, next).await;
    let page = response.extensions_mut().remove();
    headers::apply(
        response.headers_mut(),
        &at.settings.headers,
        page,
        at.endpoint.is_sensitive,
    );
    response
}

async fn with_trace(at: &At, id: &RequestId, request: Request, next: Next) -> Response {
    let route = Route::of(&request);
    let span = trace::span(at.settings.service, &request, &route, id);
    observed(at, route, request, next).instrument(span).await
}

/// Metrics and log: one sample and one line, also when the caller hangs up.
async fn observed(at: &At, route: Route, request: Request, next: Next) -> Response {
    let (observation, request) = observation::start(&at.settings.metrics, route, request);
    let response = panic::recover(next.run(request), &at.settings.metrics).await;
    trace::record(&Span::current(), response.status());
    observation.finish(response)
}

/// A panic of the handler becomes an answer here, so that it gets the headers of CORS as any other; the recovery
/// outside is for panics of the layers themselves.
async fn recovered_inside_cors(State(at): State<At>, request: Request, next: Next) -> Response {
    panic::recover(limited(&at, request, next), &at.settings.metrics).await
}

async fn limited(at: &At, request: Request, next: Next) -> Response {
    match body_limit::apply(request, at.settings.body_limit) {
        Ok(request) => in_time(at, request, next).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// What is inside knows its callers: the rate limits count by them, the policy of a protected route asks for them.
fn in_time(at: &At, request: Request, next: Next) -> impl Future<Output = Response> {
    let settings = &*at.settings;
    let request = auth::apply(request, settings.auth.as_ref());
    let handler = rate_limit::before_auth(&settings.rate_limits, request, next);
    timeout::apply(settings.timeout, handler, &settings.metrics)
}

#[cfg(test)]
mod tests;
