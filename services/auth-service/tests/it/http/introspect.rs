//! `POST /oauth2/introspect` (RFC 7662).

use futures::{StreamExt, stream};

use super::*;

/// Calls at the same time.
const AT_ONCE: usize = 8;

#[tokio::test]
async fn a_token_is_told_to_its_client_and_its_service() {
    let scene = Scene::new().await;
    let secret = scene.client("robot", json!({})).await;
    let records = scene.client("records", json!({})).await;
    let other = scene.client("other", json!({})).await;
    let token = scene
        .own_token(("robot", &secret), &[("scope", "records.read")])
        .await
        .member("access_token");
    for caller in [("robot", secret.as_str()), ("records", records.as_str())] {
        let told = scene.introspect(caller, &token).await;
        assert_eq!(
            (&told["active"], &told["client_id"]),
            (&json!(true), &json!("robot"))
        );
        assert_eq!(
            (&told["scope"], &told["aud"]),
            (&json!("records.read"), &json!(["records"]))
        );
        assert_eq!(
            (&told["token_type"], &told["iss"]),
            (&json!("Bearer"), &json!(ISSUER))
        );
    }
    assert_eq!(
        scene.introspect(("other", &other), &token).await,
        json!({"active": false})
    );
    scene.advance(899);
    assert_eq!(scene.introspect(("robot", &secret), &token).await["active"], true);
    scene.advance(1);
    assert_eq!(
        scene.introspect(("robot", &secret), &token).await,
        json!({"active": false})
    );
    // The other path is the same.
    let answer = scene
        .form("/introspect", ("robot", &secret), &[("token", &token)])
        .await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "{\"active\":false}"));
}

#[tokio::test]
async fn the_caller_must_prove_who_it_is() {
    let scene = Scene::new().await;
    scene
        .client(
            "app",
            json!({"authentication": "none", "grants": ["authorization_code"]}),
        )
        .await;
    for pairs in [
        vec![("token", "x")],
        vec![("token", "x"), ("client_id", "app")],
        vec![("token", "x"), ("client_id", "first"), ("client_secret", "wrong")],
    ] {
        let answer = scene.public_form("/oauth2/introspect", &pairs).await;
        assert_eq!(
            (answer.status, answer.member("error")),
            (401, "invalid_client".to_owned()),
            "{pairs:?}"
        );
    }
    let without = scene.form("/oauth2/introspect", ADMIN, &[]).await;
    assert_eq!(
        (without.status, without.member("error")),
        (400, "invalid_request".to_owned())
    );
}

/// Every character of the token replaced by others, and parts of it cut, doubled and exchanged.
fn mutations(token: &str, other: &str) -> Vec<String> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
    let mut mutated = Vec::new();
    let mut step = 0;
    while mutated.len() < 9_300 {
        let mut bytes = token.as_bytes().to_vec();
        let at = step % bytes.len();
        bytes[at] = ALPHABET[(step / bytes.len() * 7 + at) % ALPHABET.len()];
        mutated.push(String::from_utf8(bytes).unwrap());
        step += 1;
    }
    for at in 0..token.len().min(500) {
        mutated.push(token[..at].to_owned() + &token[at + 1..]);
        mutated.push(token[..=at].to_owned() + &token[at..]);
    }
    let parts: Vec<_> = token.split('.').collect();
    let others: Vec<_> = other.split('.').collect();
    for [a, b, c] in [
        [parts[0], parts[1], others[2]],
        [parts[0], others[1], parts[2]],
        [others[0], parts[1], parts[2]],
    ] {
        mutated.push([a, b, c].join("."));
    }
    mutated.retain(|changed| changed != token);
    mutated.push(format!("{token}="));
    mutated.push(format!(" {token}"));
    mutated
}

#[tokio::test]
async fn ten_thousand_changed_tokens_are_not_active() {
    let scene = Scene::with(Options::keys(service_kit::auth::Algorithm::Es256)).await;
    let secret = scene.client("robot", json!({})).await;
    let robot = ("robot", secret.as_str());
    let token = scene.own_token(robot, &[]).await.member("access_token");
    let other = scene
        .own_token(robot, &[("scope", "records.read")])
        .await
        .member("access_token");
    let mutated = mutations(&token, &other);
    assert!(mutated.len() >= 10_000, "{}", mutated.len());
    let mut answers = stream::iter(mutated)
        .map(|changed| async {
            let answer = scene
                .form("/oauth2/introspect", robot, &[("token", &changed)])
                .await;
            (changed, answer)
        })
        .buffer_unordered(AT_ONCE);
    while let Some((changed, answer)) = answers.next().await {
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (200, "{\"active\":false}"),
            "{changed}"
        );
    }
    assert_eq!(scene.introspect(robot, &token).await["active"], true);
}
