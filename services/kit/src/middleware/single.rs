//! The layers one by one, to measure what each costs. A service has all of them, in the order of the stack.

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use tracing::{Instrument, Span};

use super::{
    At, Endpoint, RequestId, Route, Stack, auth, body_limit, headers, observation, panic, rate_limit,
    request_id, timeout, trace,
};

/// One layer of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// A middleware that does nothing: what being one costs.
    Nothing,
    /// The id in and out.
    RequestId,
    /// Security and compliance headers.
    Headers,
    /// The server span.
    Trace,
    /// Samples and the request line.
    MetricsAndLog,
    /// Panic recovery.
    Recovery,
    /// The origins of other pages.
    Cors,
    /// The size of the request's body.
    BodyLimit,
    /// The time to answer.
    Timeout,
    /// Rate limits.
    RateLimit,
    /// What handlers need to know their callers.
    Auth,
}

impl Layer {
    /// All of them, outermost first.
    pub const ALL: [Self; 11] = [
        Self::Nothing,
        Self::RequestId,
        Self::Headers,
        Self::Trace,
        Self::MetricsAndLog,
        Self::Recovery,
        Self::Cors,
        Self::BodyLimit,
        Self::Timeout,
        Self::RateLimit,
        Self::Auth,
    ];
}

impl Stack {
    /// One layer alone around the methods of an endpoint.
    pub(crate) fn single(&self, layer: Layer, endpoint: Endpoint, methods: MethodRouter) -> MethodRouter {
        let at = At::new(self, endpoint);
        match layer {
            Layer::Nothing => methods.layer(from_fn(|request: Request, next: Next| next.run(request))),
            Layer::RequestId => methods.layer(from_fn(id)),
            Layer::Headers => methods.layer(from_fn_with_state(at, fixed_headers)),
            Layer::Trace => methods.layer(from_fn_with_state(at, traced)),
            Layer::MetricsAndLog => methods.layer(from_fn_with_state(at, observed)),
            Layer::Recovery => methods.layer(from_fn_with_state(at, recovered)),
            Layer::Cors => match &at.settings.cors {
                Some(cors) => methods.layer(cors.clone()),
                None => methods,
            },
            Layer::BodyLimit => methods.layer(from_fn_with_state(at, limited)),
            Layer::Timeout => methods.layer(from_fn_with_state(at, in_time)),
            Layer::RateLimit => methods.layer(from_fn_with_state(at, throttled)),
            Layer::Auth => methods.layer(from_fn_with_state(at, authenticated)),
        }
    }
}

async fn id(mut request: Request, next: Next) -> Response {
    let id = RequestId::from_headers(request.headers());
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    response
        .headers_mut()
        .insert(request_id::HEADER, id.header_value());
    response
}

async fn fixed_headers(State(at): State<At>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    headers::apply(
        response.headers_mut(),
        &at.settings.headers,
        None,
        at.endpoint.is_sensitive,
    );
    response
}

async fn traced(State(at): State<At>, request: Request, next: Next) -> Response {
    let route = Route::at(&at.endpoint, request.method());
    let id = RequestId::from_headers(request.headers());
    let span = trace::span(at.settings.service, &request, &route, &id);
    let answered = async {
        let response = next.run(request).await;
        trace::record(&Span::current(), response.status());
        response
    };
    answered.instrument(span).await
}

async fn observed(State(at): State<At>, request: Request, next: Next) -> Response {
    let route = Route::at(&at.endpoint, request.method());
    let (observation, request) = observation::start(&at.settings.metrics, route, request);
    observation.finish(next.run(request).await)
}

async fn recovered(State(at): State<At>, request: Request, next: Next) -> Response {
    panic::recover(next.run(request), &at.settings.metrics).await
}

async fn limited(State(at): State<At>, request: Request, next: Next) -> Response {
    match body_limit::apply(request, at.settings.body_limit) {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn in_time(State(at): State<At>, request: Request, next: Next) -> Response {
    timeout::apply(at.settings.timeout, next.run(request), &at.settings.metrics).await
}

async fn throttled(State(at): State<At>, request: Request, next: Next) -> Response {
    rate_limit::before_auth(&at.settings.rate_limits, request, next).await
}

async fn authenticated(State(at): State<At>, request: Request, next: Next) -> Response {
    next.run(auth::apply(request, at.settings.auth.as_ref())).await
}
