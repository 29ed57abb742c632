//! `/.well-known`.

use super::*;

#[tokio::test]
async fn the_documents_name_endpoints_that_are_there() {
    let scene = Scene::with(Options::keys(Algorithm::Rs256)).await;
    for path in [
        "oauth-authorization-server",
        "openid-configuration",
        "smart-configuration",
    ] {
        let answer = scene.send(scene.get(&format!("/.well-known/{path}"))).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "application/json")
        );
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        let document = answer.json();
        assert_eq!(document["issuer"], ISSUER);
        for (name, method) in [
            ("authorization_endpoint", "GET"),
            ("token_endpoint", "POST"),
            ("introspection_endpoint", "POST"),
            ("revocation_endpoint", "POST"),
            ("jwks_uri", "GET"),
        ] {
            let path = document[name].as_str().unwrap().strip_prefix(ISSUER).unwrap();
            let request = scene
                .http
                .request(method.parse().unwrap(), scene.server.url(path));
            let status = scene.send(request).await.status;
            assert!(![404, 405].contains(&status), "{name}: {status}");
        }
    }
    let openid = scene
        .send(scene.get("/.well-known/openid-configuration"))
        .await
        .json();
    assert_eq!(openid["id_token_signing_alg_values_supported"], json!(["RS256"]));
    let jwks = scene.send(scene.get("/.well-known/jwks.json")).await;
    assert_eq!(jwks.header("content-type"), "application/jwk-set+json");
    assert_eq!(jwks.header("cache-control"), "public, max-age=300");
    let keys = jwks.json();
    assert_eq!(
        (&keys["keys"][0]["kty"], &keys["keys"][0]["use"]),
        (&json!("RSA"), &json!("sig"))
    );
    assert!(keys["keys"][0].get("d").is_none());
}

#[tokio::test]
async fn without_keys_there_is_no_openid_connect() {
    let scene = Scene::new().await;
    assert_eq!(
        scene
            .send(scene.get("/.well-known/openid-configuration"))
            .await
            .status,
        404
    );
    let oauth = scene
        .send(scene.get("/.well-known/oauth-authorization-server"))
        .await
        .json();
    assert!(
        !oauth["scopes_supported"]
            .as_array()
            .unwrap()
            .contains(&json!("openid"))
    );
}

#[tokio::test]
async fn the_service_keeps_its_promises() {
    let scene = Scene::with(Options::keys(Algorithm::Es256)).await;
    let status = scene.send(scene.get("/compliance/status")).await.json();
    assert_eq!(status["compliant"], true, "{status}");
    let metrics = scene.server.metrics().unwrap();
    assert!(metrics.contains("auth_compliance_checks_total{result=\"pass\",type=\"lockout\"} 1"));
    let readiness = scene.send(scene.get("/readiness")).await.json();
    assert_eq!(
        readiness["checks"],
        json!({"database": "ready", "signing_keys": "ready"})
    );
}
