//! `/oauth2/authorize`: the page, what it refuses, and where it leads.

use super::*;

#[tokio::test]
async fn the_page_is_of_the_client_and_holds_nothing_of_others() {
    let scene = Scene::new().await;
    scene
        .client("portal", json!({"name": "Portal <b>& Co</b>"}))
        .await;
    let asked = query("portal", "records.read");
    let answer = scene.send(scene.get(&format!("/oauth2/authorize?{asked}"))).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self' https://portal.example.org; style-src 'sha256-"), "{policy}");
    assert_eq!(answer.header("x-frame-options"), "DENY");
    assert!(
        answer.text.contains("Portal &lt;b&gt;&amp; Co&lt;/b&gt;"),
        "{}",
        answer.text
    );
    assert!(!answer.text.contains("<script"));
    let cookie = answer.header("set-cookie");
    for attribute in [
        "__Host-auth-form=",
        "; Path=/",
        "; Secure",
        "; HttpOnly",
        "; SameSite=Lax",
    ] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
}

#[tokio::test]
async fn who_logs_in_is_sent_to_the_client_with_a_code() {
    let scene = Scene::new().await;
    scene.client("portal", json!({})).await;
    scene.user("alice@example.org").await;
    let page = scene.page(&query("portal", "records.read")).await;
    // Case does not count.
    let answer = scene.log_in(&page, "ALICE@example.org", PASSWORD).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    let location = answer.header("location");
    assert!(
        location.starts_with("https://portal.example.org/callback?code="),
        "{location}"
    );
    let given = parameters(location);
    assert_eq!(
        (given["state"].as_str(), given["iss"].as_str()),
        ("st4te", ISSUER)
    );
    let device = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .next_back()
        .unwrap()
        .to_str()
        .unwrap();
    for attribute in [
        "__Host-auth-device=",
        "; Secure",
        "; HttpOnly",
        "; SameSite=Strict",
    ] {
        assert!(device.contains(attribute), "{device}");
    }
    assert_eq!(
        (scene.audited("login_succeeded"), scene.audited("code_issued")),
        (1, 1)
    );
}

#[tokio::test]
async fn nobody_learns_which_logins_there_are() {
    let scene = Scene::new().await;
    scene.client("portal", json!({})).await;
    scene.user("alice").await;
    let asked = query("portal", "records.read");
    let page = scene.page(&asked).await;
    let wrong = scene.log_in(&page, "alice", "not the password").await;
    let unknown = scene.log_in(&page, "bob", "not the password").await;
    let empty = scene.log_in(&page, "", "").await;
    let without_token = |answer: &Answer| answer.text.replace(&Page::of(answer).token, "");
    for answer in [&wrong, &unknown, &empty] {
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(answer.text.contains("Login or password is wrong"));
        assert_eq!(without_token(answer), without_token(&wrong));
        // What was typed is not given back.
        assert!(!answer.text.contains("not the password") && !answer.text.contains("alice"));
    }
    assert_eq!(scene.audited("login_failed"), 3);
}

/// Only a form that this browser was shown, for this request, a while ago at most.
#[tokio::test]
async fn forms_of_others_are_refused() {
    let scene = Scene::new().await;
    scene.client("portal", json!({})).await;
    scene.client("other", json!({})).await;
    scene.user("alice").await;
    let page = scene.page(&query("portal", "records.read")).await;
    let strange = scene.page(&query("portal", "records.read")).await;
    let forged = [
        Page {
            token: String::new(),
            ..page.clone()
        },
        Page {
            token: page.token.replace('.', ".A"),
            ..page.clone()
        },
        Page {
            form_cookie: strange.form_cookie,
            ..page.clone()
        },
        Page {
            query: query("other", "records.read"),
            ..page.clone()
        },
        Page {
            query: query("portal", "records.write"),
            ..page.clone()
        },
    ];
    for page in &forged {
        let answer = scene.log_in(page, "alice", PASSWORD).await;
        // An empty token is none: that is a request for the page.
        assert!(matches!(answer.status, 400 | 403), "{page:?} {answer:?}");
        assert!(answer.headers.get("location").is_none());
    }
    scene.advance(15 * 60 + 1);
    let late = scene.log_in(&page, "alice", PASSWORD).await;
    assert_eq!(late.status, 403);
    assert!(late.text.contains("The form was open for too long"));
    // The page it answers with is good.
    let fresh = Page {
        token: Page::of(&late).token,
        ..page
    };
    assert_eq!(scene.log_in(&fresh, "alice", PASSWORD).await.status, 303);
}

/// RFC 6749, section 4.1.2.1; RFC 9700, section 4.11.
#[tokio::test]
async fn before_the_redirect_uri_is_certain_errors_are_shown_and_afterwards_told() {
    let scene = Scene::new().await;
    scene.client("portal", json!({})).await;
    let good = query("portal", "records.read");
    let attempts = scene.audited("request_refused");
    for bad in [
        good.replace("portal.example.org", "evil.example.org"),
        good.replace("client_id=portal", "client_id=nobody"),
        good.replace("client_id=portal&", ""),
        format!("{good}&state=twice"),
    ] {
        let answer = scene.send(scene.get(&format!("/oauth2/authorize?{bad}"))).await;
        assert_eq!(answer.status, 400, "{bad}");
        assert!(answer.headers.get("location").is_none(), "{bad}");
        assert!(
            answer
                .header("content-security-policy")
                .contains("form-action 'none'")
        );
    }
    for (bad, error) in [
        (
            good.replace("response_type=code", "response_type=token"),
            "unsupported_response_type",
        ),
        (good.replace("S256", "plain"), "invalid_request"),
        (good.replace("code_challenge=", "x="), "invalid_request"),
        (good.replace("records.read", "admin"), "invalid_scope"),
        (format!("{good}&prompt=none"), "login_required"),
        (format!("{good}&request=x"), "request_not_supported"),
        // Without keys there are no ID tokens.
        (good.replace("records.read", "openid"), "invalid_scope"),
    ] {
        let answer = scene.send(scene.get(&format!("/oauth2/authorize?{bad}"))).await;
        assert_eq!(answer.status, 303, "{bad}: {answer:?}");
        let told = parameters(answer.header("location"));
        assert_eq!(
            (told["error"].as_str(), told["iss"].as_str()),
            (error, ISSUER),
            "{bad}"
        );
        assert_eq!(told["state"], "st4te");
    }
    assert_eq!(scene.audited("request_refused"), 4 + 7 + attempts);
}

/// OpenID Connect Core 1.0, section 3.1.2.1.
#[tokio::test]
async fn a_request_may_come_in_a_body() {
    let scene = Scene::new().await;
    scene.client("portal", json!({})).await;
    scene.user("alice").await;
    let request = scene
        .post("/oauth2/authorize")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(query("portal", "records.read"));
    let answer = scene.send(request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let page = Page::of(&answer);
    assert_eq!(scene.log_in(&page, "alice", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn a_disabled_person_does_not_log_in() {
    let scene = Scene::new().await;
    scene.client("portal", json!({})).await;
    let id = scene.user("alice").await;
    assert_eq!(
        scene
            .admin("DELETE", &format!("/admin/users/{id}"), None, &[])
            .await
            .status,
        204
    );
    let page = scene.page(&query("portal", "records.read")).await;
    assert_eq!(scene.log_in(&page, "alice", PASSWORD).await.status, 403);
}
