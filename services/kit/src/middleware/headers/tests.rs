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
        None,
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

#[test]
fn a_page_may_add_to_the_policy_and_nothing_is_taken_from_it() {
    let page = PagePolicy::with("style-src 'sha256-AAAA'; form-action 'self'").unwrap();
    let mut headers = HeaderMap::new();
    let fixed = FixedHeaders::new("HIPAA", "phi", &HeaderMap::new());
    apply(&mut headers, &fixed, Some(page), false);
    assert_eq!(
        headers["content-security-policy"],
        "default-src 'none'; frame-ancestors 'none'; style-src 'sha256-AAAA'; form-action 'self'"
    );
    assert!(PagePolicy::with("style-src\r\nX-Other: 1").is_none());
}
