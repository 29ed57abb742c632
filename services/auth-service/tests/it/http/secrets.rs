//! No token, code, password or secret in logs, metrics or the audit log.

use super::*;

#[tokio::test]
async fn nothing_secret_is_written_anywhere() {
    let scene = Scene::with(Options::keys(Algorithm::Es256)).await;
    let secret = scene.client("portal", json!({})).await;
    let portal = ("portal", secret.as_str());
    scene.user("alice.canary").await;
    let asked = query("portal", "openid records.read");
    let page = scene.page(&asked).await;
    scene.log_in(&page, "alice.canary", "a wrong password").await;
    let code = scene.code(&asked, "alice.canary").await;
    let tokens = scene
        .form("/oauth2/token", portal, &redemption(&code))
        .await
        .json();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    scene.introspect(portal, &text("access_token")).await;
    let next = scene.refresh(portal, &text("refresh_token")).await.json();
    scene
        .send(scene.get("/verify").bearer_auth(text("access_token")))
        .await;
    scene.form("/oauth2/token", portal, &redemption(&code)).await;
    scene
        .form("/oauth2/revoke", portal, &[("token", &text("refresh_token"))])
        .await;
    let mut secrets = vec![
        secret.clone(),
        ADMIN.1.to_owned(),
        PASSWORD.to_owned(),
        "a wrong password".to_owned(),
        "alice.canary".to_owned(),
        code,
        VERIFIER.to_owned(),
        page.form_cookie,
        page.token,
        "st4te".to_owned(),
        "n0nce".to_owned(),
    ];
    let all = [text("access_token"), text("refresh_token"), text("id_token")];
    let more = ["access_token", "refresh_token"].map(|name| next[name].as_str().unwrap().to_owned());
    // The signature alone would do.
    secrets.extend(
        all.iter()
            .chain(&more)
            .map(|token| token.rsplit('.').next().unwrap().to_owned()),
    );
    let logs = scene.server.logs.text();
    assert!(logs.lines().count() > 20, "{logs}");
    let metrics = scene.server.metrics().unwrap();
    let audit = scene.sql("SELECT canonical FROM audit_entry");
    for secret in &secrets {
        for (place, text) in [("logs", &logs), ("metrics", &metrics), ("audit", &audit)] {
            assert!(
                !text.contains(secret.as_str()),
                "{secret} is in the {place}: {text}"
            );
        }
    }
}

/// The store holds nothing that a thief of it could use.
#[tokio::test]
async fn the_database_holds_no_token_and_no_secret() {
    let scene = Scene::with(Options::keys(Algorithm::Es256)).await;
    let secret = scene.client("portal", json!({})).await;
    let portal = ("portal", secret.as_str());
    scene.user("alice").await;
    let code = scene.code(&query("portal", "records.read"), "alice").await;
    let tokens = scene
        .form("/oauth2/token", portal, &redemption(&code))
        .await
        .json();
    let tables = "SELECT string_agg(query_to_xml('SELECT * FROM ' || table_name, true, false, '')::text, '') \
                  FROM information_schema.tables WHERE table_schema = 'public'";
    let all = scene.sql(tables);
    assert!(all.contains("portal"));
    for secret in [
        secret.as_str(),
        code.as_str(),
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
        PASSWORD,
    ] {
        assert!(!all.contains(secret), "{secret}");
    }
}
