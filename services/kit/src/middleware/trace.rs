use axum::extract::Request;
use http::{HeaderMap, StatusCode, Version};
use opentelemetry::trace::Status;
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
    for key in ["http.request.method", "http.method"] {
        span.set_attribute(key, route.method);
    }
    for key in ["http.route", "http.path"] {
        span.set_attribute(key, route.template);
    }
    span.set_attribute("server.address", service);
    span.set_attribute("url.scheme", scheme(request.headers()));
    if let Some(version) = protocol_version(request.version()) {
        span.set_attribute("network.protocol.version", version);
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
