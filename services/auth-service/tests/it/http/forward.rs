//! `/verify`, for proxies.

use super::*;

#[tokio::test]
async fn a_proxy_learns_who_is_calling() {
    let scene = Scene::new().await;
    let secret = scene.client("robot", json!({})).await;
    let token = scene
        .own_token(("robot", &secret), &[("scope", "records.read system/*.rs")])
        .await
        .member("access_token");
    let ask = async |query: &str| {
        scene
            .send(scene.get(&format!("/verify{query}")).bearer_auth(&token))
            .await
    };
    let answer = ask("").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert_eq!(
        (answer.header("x-auth-subject"), answer.header("x-auth-client")),
        ("robot", "robot")
    );
    assert_eq!(answer.header("x-auth-scope"), "records.read system/*.rs");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(ask("?scope=records.read&audience=records").await.status, 200);
    // SMART App Launch 2.2: a scope covers what it is wider than.
    assert_eq!(ask("?scope=system/Observation.r").await.status, 200);
    let forbidden = ask("?scope=records.read+records.write").await;
    assert_eq!(forbidden.status, 403);
    assert!(
        forbidden
            .header("www-authenticate")
            .contains("insufficient_scope\", scope=\"records.write\"")
    );
    assert!(forbidden.headers.get("x-auth-subject").is_none());
    assert_eq!(ask("?audience=other").await.status, 401);
    assert_eq!(ask("?scop=typo").await.status, 400);
    let revoked = scene
        .form("/oauth2/revoke", ("robot", &secret), &[("token", &token)])
        .await;
    assert_eq!(revoked.status, 200);
    assert_eq!(ask("").await.status, 401);
}

#[tokio::test]
async fn without_a_valid_token_nobody_passes() {
    let scene = Scene::new().await;
    let answer = scene.send(scene.get("/verify")).await;
    assert_eq!(
        (answer.status, answer.header("www-authenticate")),
        (401, "Bearer realm=\"api\"")
    );
    let secret = scene.client("portal", json!({})).await;
    scene.user("alice").await;
    let tokens = scene
        .tokens(("portal", &secret), &query("portal", "records.read"), "alice")
        .await;
    for token in ["x.y.z", tokens["refresh_token"].as_str().unwrap()] {
        let answer = scene.send(scene.get("/verify").bearer_auth(token)).await;
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").contains("invalid_token"));
    }
}
