use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS, X_XSS_PROTECTION,
};
use http::{HeaderMap, HeaderName, HeaderValue};

mod disclosing;

use disclosing::is_disclosing;

/// Nothing is loaded, and nobody frames it.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// After OWASP's HTTP Headers cheat sheet, for an API that serves no pages. `X-XSS-Protection: 0` turns a
/// browser filter off that was itself exploitable.
const SECURITY: [(HeaderName, HeaderValue); 7] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
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

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The headers of every answer of a process: security, compliance, and what the service adds.
#[derive(Clone, Debug)]
pub(crate) struct FixedHeaders(Vec<(HeaderName, HeaderValue)>);

impl FixedHeaders {
    /// `frameworks` and `data_classification` are what a service says about its data, `own` what it adds. The security
    /// headers cannot be replaced.
    pub(crate) fn new(frameworks: &'static str, data_classification: &'static str, own: &HeaderMap) -> Self {
        let compliance = [
            (
                HeaderName::from_static("x-compliance-frameworks"),
                HeaderValue::from_static(frameworks),
            ),
            (
                HeaderName::from_static("x-data-classification"),
                HeaderValue::from_static(data_classification),
            ),
        ];
        let own = own.iter().map(|(name, value)| (name.clone(), value.clone()));
        Self(own.chain(compliance).chain(SECURITY).collect())
    }
}

/// What a page may do beside nothing. A handler that answers with a page puts it into the extensions of its answer;
/// what the policy of all answers forbids stays forbidden where the page does not name it.
#[derive(Clone, Debug)]
pub struct PagePolicy(HeaderValue);

impl PagePolicy {
    /// The policy of all answers with these directives added, such as `style-src 'sha256-…'; form-action 'self'`. `None`
    /// when they are no header text.
    pub fn with(directives: &str) -> Option<Self> {
        let policy = format!("{POLICY}; {directives}");
        HeaderValue::from_str(&policy).ok().map(Self)
    }
}

/// Puts the fixed headers in, and the policy of a page over that of all answers.
pub(super) fn apply(
    headers: &mut HeaderMap,
    fixed: &FixedHeaders,
    page: Option<PagePolicy>,
    is_sensitive: bool,
) {
    remove_disclosing(headers);
    headers.reserve(fixed.0.len() + 3);
    for (name, value) in &fixed.0 {
        headers.insert(name, value.clone());
    }
    if let Some(PagePolicy(policy)) = page {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    if is_sensitive {
        headers.insert(CACHE_CONTROL, NO_STORE);
    } else {
        // Nothing is cached unless its handler says so.
        headers.entry(CACHE_CONTROL).or_insert(NO_STORE);
    }
}

fn remove_disclosing(headers: &mut HeaderMap) {
    while let Some(name) = headers.keys().find(|name| is_disclosing(name)).cloned() {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests;
