use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS, X_XSS_PROTECTION,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// After OWASP's HTTP Headers cheat sheet, for an API that serves no pages. `X-XSS-Protection: 0` turns a
/// browser filter off that was itself exploitable.
const SECURITY: [(HeaderName, HeaderValue); 7] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (
        STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=63072000; includeSubDomains"),
    ),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
    (X_XSS_PROTECTION, HeaderValue::from_static("0")),
];

/// What a service says about its data with every answer.
#[derive(Clone, Debug)]
pub struct ComplianceHeaders {
    /// `X-Compliance-Frameworks`, comma-separated.
    pub frameworks: HeaderValue,
    /// `X-Data-Classification`.
    pub data_classification: HeaderValue,
}

pub(super) fn apply(headers: &mut HeaderMap, compliance: &ComplianceHeaders) {
    for (name, value) in SECURITY {
        headers.insert(name, value);
    }
    headers.insert("x-compliance-frameworks", compliance.frameworks.clone());
    headers.insert("x-data-classification", compliance.data_classification.clone());
    // Nothing is cached unless its handler says so.
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}
