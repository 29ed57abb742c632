//! `/admin`.

use super::*;

#[tokio::test]
async fn a_client_is_made_once() {
    let scene = Scene::new().await;
    let body = json!({"id": "ward 7", "client": {
        "name": "Ward terminal", "authentication": "client_secret", "grants": ["client_credentials"],
        "scopes": ["records.read"], "audiences": ["records"],
    }});
    let created = scene
        .admin("POST", "/admin/clients", Some(body.clone()), &[])
        .await;
    assert_eq!(
        (created.status, created.header("location")),
        (201, "/admin/clients/ward%207")
    );
    assert_eq!(
        (created.header("etag"), created.header("cache-control")),
        ("\"1\"", "no-store")
    );
    let secret = created.member("client_secret");
    assert_eq!(scene.own_token(("ward 7", &secret), &[]).await.status, 200);
    let twice = scene.admin("POST", "/admin/clients", Some(body), &[]).await;
    assert_eq!((twice.status, twice.member("code")), (409, "conflict".to_owned()));
}

#[tokio::test]
async fn a_client_is_read_replaced_listed_and_disabled() {
    let scene = Scene::new().await;
    let change = json!({"grants": ["client_credentials"]});
    let secret = scene.client("ward 7", change).await;
    // It is shown once.
    let read = scene.admin("GET", "/admin/clients/ward%207", None, &[]).await;
    assert_eq!((read.status, read.header("etag")), (200, "\"1\""));
    assert!(!read.text.contains(&secret) && read.json().get("client_secret").is_none());
    let mut client = read.json()["client"].clone();
    client["scopes"] = json!(["records.write"]);
    let put = async |etag: &[(&str, &str)]| {
        scene
            .admin("PUT", "/admin/clients/ward%207", Some(client.clone()), etag)
            .await
    };
    assert_eq!(put(&[]).await.status, 428);
    let replaced = put(&[("if-match", "\"1\"")]).await;
    assert_eq!(
        (replaced.status, replaced.header("etag")),
        (200, "\"2\""),
        "{replaced:?}"
    );
    let late = put(&[("if-match", "\"1\"")]).await;
    assert_eq!(
        (late.status, late.member("code")),
        (412, "precondition_failed".to_owned())
    );
    // Its secret is the one it had.
    let token = scene.own_token(("ward 7", &secret), &[]).await;
    assert_eq!(token.member("scope"), "records.write");
    assert_eq!(
        scene
            .admin("DELETE", "/admin/clients/ward%207", None, &[])
            .await
            .status,
        204
    );
    assert_eq!(scene.own_token(("ward 7", &secret), &[]).await.status, 401);
    assert_eq!(
        scene
            .admin("GET", "/admin/clients/nobody", None, &[])
            .await
            .status,
        404
    );
    let listed = scene
        .admin("GET", "/admin/clients?limit=1", None, &[])
        .await
        .json();
    assert_eq!(listed["clients"][0]["id"], "first");
    let rest = scene
        .admin("GET", "/admin/clients?after=first", None, &[])
        .await
        .json();
    assert_eq!(rest["clients"][0]["client"]["is_enabled"], false);
    assert_eq!(
        scene
            .admin("GET", "/admin/clients?limit=0", None, &[])
            .await
            .status,
        422
    );
    // The first client, and what became of this one.
    assert_eq!(scene.audited("client_changed"), 4);
}

#[tokio::test]
async fn a_new_secret_follows_the_old_one() {
    let scene = Scene::new().await;
    let first = scene.client("robot", json!({})).await;
    let another = async || {
        let answer = scene
            .admin("POST", "/admin/clients/robot/secrets", None, &[])
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.member("client_secret")
    };
    let second = another().await;
    for secret in [&first, &second] {
        assert_eq!(scene.own_token(("robot", secret), &[]).await.status, 200);
    }
    let third = another().await;
    assert_eq!(scene.own_token(("robot", &first), &[]).await.status, 401);
    for secret in [&second, &third] {
        assert_eq!(scene.own_token(("robot", secret), &[]).await.status, 200);
    }
    scene
        .client(
            "app",
            json!({"authentication": "none", "grants": ["authorization_code"]}),
        )
        .await;
    assert_eq!(
        scene
            .admin("POST", "/admin/clients/app/secrets", None, &[])
            .await
            .status,
        422
    );
}

#[tokio::test]
async fn what_cannot_be_registered_is_told_at_once() {
    let scene = Scene::new().await;
    let body = json!({"id": "x", "client": {
        "name": "", "authentication": "none", "grants": ["client_credentials"],
        "redirect_uris": ["http://portal.example.org/"], "audiences": [],
    }});
    let refused = scene.admin("POST", "/admin/clients", Some(body), &[]).await;
    assert_eq!(
        (refused.status, refused.header("content-type")),
        (422, "application/problem+json")
    );
    let detail = refused.member("detail");
    for part in [
        "redirect URI number 1",
        "no name",
        "client_credentials is for clients",
        "audiences",
    ] {
        assert!(detail.contains(part), "{part} is not in {detail}");
    }
    let keys =
        json!({"id": "x", "client": {"name": "X", "authentication": "none", "grants": [], "jwks": {}}});
    assert_eq!(
        scene
            .admin("POST", "/admin/clients", Some(keys), &[])
            .await
            .status,
        422
    );
    let unknown =
        json!({"id": "x", "client": {"name": "X", "authentication": "none", "grants": []}, "more": 1});
    assert_eq!(
        scene
            .admin("POST", "/admin/clients", Some(unknown), &[])
            .await
            .status,
        422
    );
}

#[tokio::test]
async fn an_account_is_made_read_replaced_and_disabled() {
    let scene = Scene::new().await;
    let id = scene.user("alice").await;
    let path = format!("/admin/users/{id}");
    let read = scene.admin("GET", &path, None, &[]).await;
    assert_eq!((read.status, read.header("etag")), (200, "\"1\""));
    assert!(!read.text.contains("argon2") && !read.text.contains(PASSWORD));
    let mut user = read.json()["user"].clone();
    user["roles"] = json!(["auditor"]);
    let put = async |etag: &[(&str, &str)]| scene.admin("PUT", &path, Some(user.clone()), etag).await;
    assert_eq!(put(&[]).await.status, 428);
    assert_eq!(put(&[("if-match", "\"9\"")]).await.status, 412);
    assert_eq!(put(&[("if-match", "\"1\"")]).await.header("etag"), "\"2\"");
    let taken = json!({"user": {"login": "ALICE"}, "password": PASSWORD});
    assert_eq!(
        scene.admin("POST", "/admin/users", Some(taken), &[]).await.status,
        409
    );
    for (login, password) in [("bob", "short"), ("", PASSWORD), (" bob", PASSWORD)] {
        let body = json!({"user": {"login": login}, "password": password});
        let refused = scene.admin("POST", "/admin/users", Some(body), &[]).await;
        assert_eq!(refused.status, 422, "{login:?}");
        assert!(!refused.text.contains("short\""));
    }
    let none = "/admin/users/00000000-0000-0000-0000-000000000001";
    assert_eq!(scene.admin("GET", none, None, &[]).await.status, 404);
    assert_eq!(scene.admin("GET", "/admin/users/x", None, &[]).await.status, 404);
    assert_eq!(scene.admin("DELETE", &path, None, &[]).await.status, 204);
    let no_id = scene.admin("GET", "/admin/users?after=x", None, &[]).await;
    assert_eq!(no_id.status, 422, "{no_id:?}");
    let listed = scene.admin("GET", "/admin/users", None, &[]).await.json();
    assert_eq!(listed["users"][0]["user"]["is_enabled"], false);
    assert_eq!(scene.audited("user_changed"), 3);
}

#[tokio::test]
async fn who_is_logged_out_everywhere_has_no_token_any_more() {
    let scene = Scene::new().await;
    let secret = scene.client("portal", json!({})).await;
    let portal = ("portal", secret.as_str());
    let id = scene.user("alice").await;
    let tokens = scene
        .tokens(portal, &query("portal", "records.read"), "alice")
        .await;
    assert_eq!(
        scene
            .admin("POST", &format!("/admin/users/{id}/logout"), None, &[])
            .await
            .status,
        204
    );
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(scene.introspect(portal, access).await, json!({"active": false}));
    assert_eq!(
        scene
            .refresh(portal, tokens["refresh_token"].as_str().unwrap())
            .await
            .status,
        400
    );
    assert_eq!(scene.audited("logged_out"), 1);
}

/// Method, path and scope of each route.
const ROUTES: [(&str, &str, &str); 14] = [
    ("GET", "/admin/clients", "auth.clients.read"),
    ("POST", "/admin/clients", "auth.clients.write"),
    ("GET", "/admin/clients/x", "auth.clients.read"),
    ("PUT", "/admin/clients/x", "auth.clients.write"),
    ("DELETE", "/admin/clients/x", "auth.clients.write"),
    ("POST", "/admin/clients/x/secrets", "auth.clients.write"),
    ("GET", "/admin/users", "auth.users.read"),
    ("POST", "/admin/users", "auth.users.write"),
    ("GET", "/admin/users/x", "auth.users.read"),
    ("PUT", "/admin/users/x", "auth.users.write"),
    ("DELETE", "/admin/users/x", "auth.users.write"),
    ("PUT", "/admin/users/x/password", "auth.users.write"),
    ("POST", "/admin/users/x/logout", "auth.users.write"),
    ("POST", "/admin/keys/rotate", "auth.keys.write"),
];

/// Each route asks for its scope, and for no other.
#[tokio::test]
async fn every_route_asks_for_its_scope() {
    let scene = Scene::new().await;
    let all = [
        "auth.clients.read",
        "auth.clients.write",
        "auth.users.read",
        "auth.users.write",
        "auth.keys.write",
    ];
    for (method, path, needed) in ROUTES {
        let ask = async |scopes: &str| {
            let token = scene
                .own_token(ADMIN, &[("scope", scopes)])
                .await
                .member("access_token");
            let request = scene
                .http
                .request(method.parse().unwrap(), scene.server.url(path));
            scene.send(request.bearer_auth(token)).await
        };
        let others: Vec<_> = all.into_iter().filter(|scope| *scope != needed).collect();
        let denied = ask(&others.join(" ")).await;
        assert_eq!(denied.status, 403, "{method} {path}");
        assert!(
            denied
                .header("www-authenticate")
                .contains(&format!("scope=\"{needed}\""))
        );
        let allowed = ask(needed).await.status;
        assert!(![401, 403, 405].contains(&allowed), "{method} {path}: {allowed}");
        let nobody = scene
            .http
            .request(method.parse().unwrap(), scene.server.url(path));
        assert_eq!(scene.send(nobody).await.status, 401, "{method} {path}");
    }
    // A token for another service is not for this one.
    let secret = scene.client("robot", json!({"scopes": all})).await;
    let token = scene
        .own_token(("robot", &secret), &[])
        .await
        .member("access_token");
    assert_eq!(
        scene
            .send(scene.get("/admin/clients").bearer_auth(token))
            .await
            .status,
        401
    );
}
