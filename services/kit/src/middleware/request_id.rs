use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// Carries the id in and out.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Names one request in logs, traces and the answer. Handlers find it in the request's extensions.
///
/// A caller's id is taken over only when it is a UUID (with or without dashes), the form that proxies use:
/// it goes into every log line, and free text there could be PHI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Uuid);

impl RequestId {
    /// The id itself.
    pub const fn uuid(&self) -> Uuid {
        self.0
    }

    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        let inbound = headers.get(HEADER).and_then(|value| value.to_str().ok());
        Self(inbound.and_then(parse).unwrap_or_else(Uuid::now_v7))
    }

    pub(crate) fn header_value(&self) -> HeaderValue {
        // A UUID is ASCII; the fallback is never taken.
        HeaderValue::try_from(self.to_string()).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// The two plain forms only: `Uuid` would also read braces and URNs.
fn parse(text: &str) -> Option<Uuid> {
    matches!(text.len(), 32 | 36)
        .then(|| Uuid::try_parse(text).ok())
        .flatten()
}
