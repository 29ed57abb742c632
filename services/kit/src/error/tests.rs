use http_body_util::BodyExt;

use super::*;

#[tokio::test]
async fn a_problem_has_the_members_of_rfc_9457() {
    let response = Problem::unprocessable("count must be from 1 to 100").into_response();
    assert_eq!(response.status(), 422);
    assert_eq!(
        response.headers()[header::CONTENT_TYPE],
        "application/problem+json"
    );
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&body).unwrap(),
        serde_json::json!({
            "type": "about:blank",
            "title": "Unprocessable Entity",
            "status": 422,
            "code": "unprocessable",
            "detail": "count must be from 1 to 100",
        })
    );
}
