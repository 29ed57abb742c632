//! The trace across processes (W3C Trace Context).
//!
//! Only `traceparent` crosses the border: it is hexadecimal. `tracestate` is text of the caller's that would be
//! stored with every span, and `baggage` more so: either could hold what must not leave a request.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The header that carries the trace.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What the caller's headers say of its trace; nothing when they are missing or malformed.
pub fn extract(headers: &HeaderMap) -> Context {
    TraceContextPropagator::new().extract(&Inbound(headers))
}

/// Adds `traceparent` of the current span to the headers of an outbound request, so that the callee's span becomes its
/// child. Replaces one that is there; adds none outside of a span.
pub fn inject(headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut Outbound(headers));
}

struct Inbound<'a>(&'a HeaderMap);

impl Extractor for Inbound<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let value = (key == TRACEPARENT).then(|| self.0.get(TRACEPARENT)).flatten();
        value.and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

struct Outbound<'a>(&'a mut HeaderMap);

impl Injector for Outbound<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (true, Ok(value)) = (key == TRACEPARENT, HeaderValue::try_from(value)) {
            self.0.insert(TRACEPARENT, value);
        }
    }
}

#[cfg(test)]
mod tests;
