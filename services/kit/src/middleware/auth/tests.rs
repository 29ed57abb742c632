use axum::body::Body;
use axum::extract::Request;

use super::apply;

#[test]
fn no_credentials_show_in_debug_output() {
    let request = Request::builder()
        .header("authorization", "Bearer first-secret")
        .header("authorization", "Bearer second-secret")
        .header("cookie", "third-secret")
        .body(Body::empty())
        .unwrap();
    let shown = format!("{:?}", apply(request, None).headers());
    assert!(
        shown.contains("authorization") && !shown.contains("secret"),
        "{shown}"
    );
}
