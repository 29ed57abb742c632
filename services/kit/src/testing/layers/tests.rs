use http::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;

#[tokio::test]
async fn the_handler_answers_inside_whatever_is_measured() {
    let ones = Layer::ALL.map(Around::One);
    for around in [Around::Bare, Around::All].into_iter().chain(ones) {
        let request = Request::get("/").body(axum::body::Body::empty()).unwrap();
        let answer = router(around).unwrap().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{around:?}");
        let headers = answer.headers().clone();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "ok", "{around:?}");
        let marks = [
            (Layer::RequestId, "x-request-id"),
            (Layer::Headers, "x-content-type-options"),
            (Layer::RateLimit, "ratelimit-policy"),
        ];
        for (layer, header) in marks {
            let expected = around == Around::All || around == Around::One(layer);
            assert_eq!(headers.contains_key(header), expected, "{around:?}: {header}");
        }
    }
}
