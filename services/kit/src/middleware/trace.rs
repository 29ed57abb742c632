use axum::extract::Request;
use http::{HeaderMap, StatusCode, Version};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Status, TraceContextExt};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::RequestId;
use super::route::Route;
use crate::telemetry::propagation;

/// The server span, child of the caller's when `traceparent` says so (W3C Trace Context).
///
/// Attributes are set beside the `tracing` fields, because fields would be repeated in every log line. The `http.*`
/// names without `request`/`response` are the older conventions that dashboards still use. Every value is from a closed
/// set: `url.path`, `url.query`, `user_agent.original` and `client.address` are left out, because what callers write there
/// could be patient data. So could `Host`: `server.address` is the service's name, which is its name in the cluster's DNS.
pub(super) fn span(service: &'static str, request: &Request, route: &Route, id: &RequestId) -> Span {
    let name = format!("{} {}", route.method, route.template);
    let span = tracing::info_span!("request", otel.name = name, otel.kind = "server", request_id = %id);
    // Fails only without a trace layer, where there is no parent to have.
    let _ = span.set_parent(propagation::extract(request.headers()));
    let mut attributes = vec![
        KeyValue::new("http.request.method", route.method),
        KeyValue::new("http.method", route.method),
        KeyValue::new("http.route", route.template),
        KeyValue::new("http.path", route.template),
        KeyValue::new("server.address", service),
        KeyValue::new("url.scheme", scheme(request.headers())),
    ];
    attributes
        .extend(protocol_version(request.version()).map(|v| KeyValue::new("network.protocol.version", v)));
    span.context().span().set_attributes(attributes);
    span
}

/// Notes the outcome; server errors mark the span (semantic conventions for HTTP servers).
pub(super) fn record(span: &Span, status: StatusCode) {
    let context = span.context();
    let span = context.span();
    for key in ["http.response.status_code", "http.status_code"] {
        span.set_attribute(KeyValue::new(key, i64::from(status.as_u16())));
    }
    if status.is_server_error() {
        span.set_attribute(KeyValue::new("error.type", status.as_str().to_owned()));
        span.set_status(Status::error(""));
    }
}

/// How the first hop was reached: TLS ends before this process, in a proxy that says so.
fn scheme(headers: &HeaderMap) -> &'static str {
    match headers.get("x-forwarded-proto").map(http::HeaderValue::as_bytes) {
        Some(b"https") => "https",
        _ => "http",
    }
}

fn protocol_version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        _ => None,
    }
}
