use http::header::{SERVER, SET_COOKIE};

use super::*;

fn applied(headers: HeaderMap, is_sensitive: bool) -> HeaderMap {
    let own = HeaderMap::from_iter([
        (HeaderName::from_static("x-own"), HeaderValue::from_static("1")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("ALLOWALL")),
    ]);
    let mut headers = headers;
    apply(
        &mut headers,
        &FixedHeaders::new("HIPAA", "phi", &own),
        is_sensitive,
    );
    headers
}

#[test]
fn a_service_adds_headers_and_weakens_none() {
    let headers = applied(HeaderMap::new(), false);
    assert_eq!(headers["x-own"], "1");
    assert_eq!(headers["x-frame-options"], "DENY");
    assert_eq!(headers["x-compliance-frameworks"], "HIPAA");
    assert_eq!(headers["x-data-classification"], "phi");
}

#[test]
fn what_tells_the_software_is_removed() {
    let mut given = HeaderMap::new();
    for name in ["x-powered-by", "x-aspnet-version", "x-b3-traceid"] {
        given.append(name, HeaderValue::from_static("1"));
        given.append(name, HeaderValue::from_static("2"));
    }
    given.insert(SERVER, HeaderValue::from_static("nginx"));
    given.insert(SET_COOKIE, HeaderValue::from_static("a=b"));
    let headers = applied(given, false);
    assert!(!headers.keys().any(is_disclosing), "{headers:?}");
    assert_eq!(headers["set-cookie"], "a=b");
}

#[test]
fn a_handler_may_allow_caching_except_on_sensitive_routes() {
    let cached = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("max-age=60"))]);
    assert_eq!(applied(HeaderMap::new(), false)["cache-control"], "no-store");
    assert_eq!(applied(cached.clone(), false)["cache-control"], "max-age=60");
    assert_eq!(applied(cached, true)["cache-control"], "no-store");
}
