//! The authorization code grant.

use service_kit::auth::{Algorithm, KeySet, signed_claims};

use super::*;

#[tokio::test]
async fn a_code_yields_tokens_of_the_person() {
    let scene = Scene::new().await;
    let secret = scene.client("portal", json!({})).await;
    let portal = ("portal", secret.as_str());
    let user = scene.user("alice").await;
    let tokens = scene
        .tokens(portal, &query("portal", "records.read"), "alice")
        .await;
    let claims = claims(tokens["access_token"].as_str().unwrap());
    assert_eq!(
        (&claims["sub"], &claims["client_id"]),
        (&json!(user), &json!("portal"))
    );
    assert_eq!(
        (&claims["scope"], &claims["roles"]),
        (&json!("records.read"), &json!(["clinician"]))
    );
    assert_eq!(claims["auth_time"], json!(noon().as_second()));
    assert!(tokens["refresh_token"].is_string() && tokens.get("id_token").is_none());
}

/// The ID token is verified with the published keys, as a client does it.
#[tokio::test]
async fn an_id_token_is_signed_with_a_published_key() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
        let scene = Scene::with(Options::keys(algorithm)).await;
        let secret = scene.client("portal", json!({})).await;
        let portal = ("portal", secret.as_str());
        let user = scene.user("alice").await;
        let tokens = scene
            .tokens(portal, &query("portal", "openid fhirUser"), "alice")
            .await;
        let jwks = scene.send(scene.get("/.well-known/jwks.json")).await;
        let keys = KeySet::from_jwks(jwks.text.as_bytes()).unwrap();
        let id_token = signed_claims(tokens["id_token"].as_str().unwrap(), &keys, &["jwt"]).unwrap();
        assert_eq!(
            (&id_token["iss"], &id_token["aud"]),
            (&json!(ISSUER), &json!("portal"))
        );
        assert_eq!(
            (&id_token["sub"], &id_token["nonce"]),
            (&json!(user), &json!("n0nce"))
        );
        assert_eq!(id_token["fhirUser"], "https://fhir.example.org/Practitioner/7");
        let access = tokens["access_token"].as_str().unwrap();
        assert!(
            signed_claims(access, &keys, &["at+jwt"]).is_ok(),
            "{}",
            algorithm.name()
        );
        // The same kind of token is not an access token.
        let active = scene
            .introspect(portal, tokens["id_token"].as_str().unwrap())
            .await;
        assert_eq!(active, json!({"active": false}));
    }
}

/// RFC 6749, section 4.1.2; RFC 9700, section 4.5.
#[tokio::test]
async fn a_code_that_comes_again_ends_what_came_of_it() {
    let scene = Scene::new().await;
    let secret = scene.client("portal", json!({})).await;
    let portal = ("portal", secret.as_str());
    scene.user("alice").await;
    let code = scene.code(&query("portal", "records.read"), "alice").await;
    let first = scene
        .form("/oauth2/token", portal, &redemption(&code))
        .await
        .json();
    let access = first["access_token"].as_str().unwrap();
    assert_eq!(scene.introspect(portal, access).await["active"], true);
    let again = scene.form("/oauth2/token", portal, &redemption(&code)).await;
    assert_eq!(
        (again.status, again.member("error")),
        (400, "invalid_grant".to_owned())
    );
    assert_eq!(scene.introspect(portal, access).await, json!({"active": false}));
    let refresh = first["refresh_token"].as_str().unwrap();
    assert_eq!(
        scene.refresh(portal, refresh).await.member("error"),
        "invalid_grant"
    );
    assert_eq!(scene.audited("family_revoked"), 1);
}

#[tokio::test]
async fn a_code_is_for_its_client_its_verifier_and_a_minute() {
    let scene = Scene::new().await;
    let secret = scene.client("portal", json!({})).await;
    let portal = ("portal", secret.as_str());
    let other = scene.client("other", json!({})).await;
    scene.user("alice").await;
    let asked = query("portal", "records.read");
    let code = async || scene.code(&asked, "alice").await;
    let refused = async |client, pairs: &[(&str, &str)]| {
        let answer = scene.form("/oauth2/token", client, pairs).await;
        assert_eq!(
            (answer.status, answer.member("error")),
            (400, "invalid_grant".to_owned()),
            "{answer:?}"
        );
    };
    refused(("other", other.as_str()), &redemption(&code().await)).await;
    let mut wrong = redemption("");
    let mine = code().await;
    wrong[1].1 = &mine;
    wrong[3].1 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    refused(portal, &wrong).await;
    // It was used, if in vain.
    refused(portal, &redemption(&mine)).await;
    let mine = code().await;
    let mut elsewhere = redemption(&mine);
    elsewhere[2].1 = "https://portal.example.org/other";
    refused(portal, &elsewhere).await;
    let late = code().await;
    scene.advance(60);
    refused(portal, &redemption(&late)).await;
    refused(portal, &redemption("made-up")).await;
}

/// A public client proves by PKCE that it is the one that asked.
#[tokio::test]
async fn an_app_without_a_secret_completes_the_flow() {
    let scene = Scene::new().await;
    let change = json!({
        "authentication": "none",
        "grants": ["authorization_code", "refresh_token"],
        "redirect_uris": ["http://127.0.0.1/callback"],
    });
    scene.client("app", change).await;
    scene.user("alice").await;
    // RFC 8252, section 7.3: the port is the app's.
    let asked = query("app", "records.read").replace(
        "https%3A%2F%2Fportal.example.org",
        "http%3A%2F%2F127.0.0.1%3A49152",
    );
    let code = scene.code(&asked, "alice").await;
    let pairs = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", code.as_str()),
        ("redirect_uri", "http://127.0.0.1:49152/callback"),
        ("code_verifier", VERIFIER),
    ];
    let answer = scene.public_form("/oauth2/token", &pairs).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let token = answer.member("refresh_token");
    let pairs = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("refresh_token", token.as_str()),
    ];
    assert_eq!(scene.public_form("/oauth2/token", &pairs).await.status, 200);
}
