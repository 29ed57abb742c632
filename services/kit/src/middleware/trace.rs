use axum::extract::Request;
use http::{HeaderMap, StatusCode};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::Status;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::RequestId;
use super::route::Route;

/// The server span, child of the caller's when `traceparent` says so (W3C Trace Context).
///
/// Attributes are set beside the `tracing` fields, because fields would be repeated in every log line. The `http.*`
/// names without `request`/`response` are the older conventions that dashboards still use.
pub(super) fn span(request: &Request, route: &Route, id: &RequestId) -> Span {
    let name = format!("{} {}", route.method, route.template);
    let span = tracing::info_span!("request", otel.name = name, otel.kind = "server", request_id = %id);
    let parent = TraceContextPropagator::new().extract(&Headers(request.headers()));
    // Fails only without a trace layer, where there is no parent to have.
    let _ = span.set_parent(parent);
    for key in ["http.request.method", "http.method"] {
        span.set_attribute(key, route.method);
    }
    for key in ["http.route", "http.path"] {
        span.set_attribute(key, route.template.clone());
    }
    span
}

/// Notes the outcome; server errors mark the span (semantic conventions for HTTP servers).
pub(super) fn record(span: &Span, status: StatusCode) {
    for key in ["http.response.status_code", "http.status_code"] {
        span.set_attribute(key, i64::from(status.as_u16()));
    }
    if status.is_server_error() {
        span.set_attribute("error.type", status.as_str().to_owned());
        span.set_status(Status::error(""));
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
