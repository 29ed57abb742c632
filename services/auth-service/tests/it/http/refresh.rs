//! The refresh token grant.

use std::collections::BTreeSet;

use super::*;

async fn logged_in() -> (Scene, String, String) {
    let scene = Scene::new().await;
    let secret = scene.client("portal", json!({})).await;
    scene.user("alice").await;
    let tokens = scene
        .tokens(
            ("portal", &secret),
            &query("portal", "records.read records.write"),
            "alice",
        )
        .await;
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    (scene, secret, refresh)
}

/// One successor, and nobody is logged out.
#[tokio::test]
async fn of_64_at_once_all_get_the_same_successor() {
    let (scene, secret, token) = logged_in().await;
    let portal = ("portal", secret.as_str());
    let all = (0..64).map(|_| scene.refresh(portal, &token));
    let answers = futures::future::join_all(all).await;
    let mut successors = BTreeSet::new();
    let mut access = BTreeSet::new();
    for answer in &answers {
        assert_eq!(answer.status, 200, "{answer:?}");
        successors.insert(answer.member("refresh_token"));
        access.insert(answer.member("access_token"));
    }
    assert_eq!((successors.len(), access.len()), (1, 64));
    let next = scene.refresh(portal, successors.first().unwrap()).await;
    assert_eq!(next.status, 200, "{next:?}");
    assert_eq!(scene.audited("token_reused"), 0);
    assert_eq!(scene.audited("token_refreshed"), 65);
}

/// RFC 9700, section 4.14.2.
#[tokio::test]
async fn after_the_grace_an_old_token_ends_the_login() {
    let (scene, secret, first) = logged_in().await;
    let portal = ("portal", secret.as_str());
    let second = scene.refresh(portal, &first).await;
    scene.advance(9);
    let repeated = scene.refresh(portal, &first).await;
    assert_eq!(repeated.member("refresh_token"), second.member("refresh_token"));
    scene.advance(1);
    let reused = scene.refresh(portal, &first).await;
    assert_eq!(
        (reused.status, reused.member("error")),
        (400, "invalid_grant".to_owned())
    );
    let successor = scene.refresh(portal, &second.member("refresh_token")).await;
    assert_eq!(successor.member("error"), "invalid_grant");
    for token in [second.member("access_token"), repeated.member("access_token")] {
        assert_eq!(scene.introspect(portal, &token).await, json!({"active": false}));
    }
    assert_eq!(scene.audited("token_reused"), 1);
}

#[tokio::test]
async fn a_scope_may_be_narrowed_and_not_widened() {
    let (scene, secret, token) = logged_in().await;
    let portal = ("portal", secret.as_str());
    let ask = async |token: &str, scope: &str| {
        let pairs = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("scope", scope),
        ];
        scene.form("/oauth2/token", portal, &pairs).await
    };
    let wide = ask(&token, "user/*.rs").await;
    assert_eq!(
        (wide.status, wide.member("error")),
        (400, "invalid_scope".to_owned())
    );
    // What cannot be granted does not use the token up.
    let narrow = ask(&token, "records.read").await;
    assert_eq!(
        (narrow.status, narrow.member("scope")),
        (200, "records.read".to_owned())
    );
    let again = scene.refresh(portal, &narrow.member("refresh_token")).await;
    assert_eq!(again.member("scope"), "records.read records.write");
}

#[tokio::test]
async fn a_refresh_token_is_for_its_client_alone() {
    let (scene, secret, token) = logged_in().await;
    let other = scene.client("other", json!({})).await;
    let stolen = scene.refresh(("other", &other), &token).await;
    assert_eq!(
        (stolen.status, stolen.member("error")),
        (400, "invalid_grant".to_owned())
    );
    let access = scene
        .own_token(("portal", &secret), &[])
        .await
        .member("access_token");
    for wrong in ["", "x.y.z", access.as_str()] {
        let answer = scene.refresh(("portal", &secret), wrong).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
    assert_eq!(scene.refresh(("portal", &secret), &token).await.status, 200);
}

#[tokio::test]
async fn a_login_ends_in_its_time() {
    let (scene, secret, mut token) = logged_in().await;
    let portal = ("portal", secret.as_str());
    // Used twice a day, for six days and a half.
    for _ in 0..13 {
        scene.advance(12 * 3600);
        let answer = scene.refresh(portal, &token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        token = answer.member("refresh_token");
    }
    scene.advance(12 * 3600);
    assert_eq!(
        scene.refresh(portal, &token).await.member("error"),
        "invalid_grant"
    );
}

#[tokio::test]
async fn a_token_that_nobody_uses_ends_after_a_day() {
    let (scene, secret, token) = logged_in().await;
    scene.advance(24 * 3600);
    assert_eq!(
        scene.refresh(("portal", &secret), &token).await.member("error"),
        "invalid_grant"
    );
}

#[tokio::test]
async fn whoever_may_not_log_in_any_more_gets_no_more_tokens() {
    let (scene, secret, token) = logged_in().await;
    let users = scene.admin("GET", "/admin/users", None, &[]).await.json();
    let id = users["users"][0]["id"].as_str().unwrap().to_owned();
    let changed = scene
        .admin(
            "PUT",
            &format!("/admin/users/{id}/password"),
            Some(json!({"password": "another long password"})),
            &[],
        )
        .await;
    assert_eq!(changed.status, 204, "{changed:?}");
    assert_eq!(
        scene.refresh(("portal", &secret), &token).await.member("error"),
        "invalid_grant"
    );
}
