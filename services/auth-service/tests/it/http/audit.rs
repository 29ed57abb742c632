//! The audit log: nothing without it, and nothing changed in it unseen.

use std::process::{Command, Output};

use super::*;

fn verify(scene: &Scene) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_auth-service"))
        .arg("verify-audit")
        .env_clear()
        .envs(std::env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)))
        .env("DATABASE_URL", &scene.url)
        .output()
        .unwrap();
    let said = [stdout, stderr].concat();
    (status.code(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn the_command_finds_a_changed_bit_and_names_its_row() {
    let scene = Scene::new().await;
    scene.client("robot", json!({})).await;
    let (code, said) = verify(&scene);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("the audit log is as it was written"), "{said}");
    let row = scene.sql("SELECT chain, seq FROM audit_entry WHERE seq > 1 ORDER BY seq LIMIT 1");
    let (chain, seq) = row.trim().split_once('|').unwrap();
    // Who may switch triggers and constraints off leaves a trace all the same.
    scene.sql(&format!(
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL; ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_hash_is_right; \
         UPDATE audit_entry SET canonical = overlay(canonical placing 'X' from 30 for 1) WHERE chain = '{chain}' AND seq = {seq}"
    ));
    let (code, said) = verify(&scene);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains(&format!("audit chain {chain}, entry {seq}")),
        "{said}"
    );
}

#[tokio::test]
async fn the_command_tells_wrong_settings() {
    let scene = Scene::new().await;
    let wrong = Scene {
        url: "nonsense".to_owned(),
        ..scene
    };
    let (code, said) = verify(&wrong);
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("DATABASE_URL"), "{said}");
}

/// What cannot be written down is not done.
#[tokio::test]
async fn without_the_log_there_is_no_token_and_no_login() {
    let scene = Scene::new().await;
    let secret = scene.client("portal", json!({})).await;
    let portal = ("portal", secret.as_str());
    scene.user("alice").await;
    let asked = query("portal", "records.read");
    let code = scene.code(&asked, "alice").await;
    let tokens = scene.tokens(portal, &asked, "alice").await;
    let page = scene.page(&asked).await;
    scene.sql("ALTER TABLE audit_entry ADD CONSTRAINT full_disk CHECK (false) NOT VALID");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    for answer in [
        scene.own_token(portal, &[]).await,
        scene.own_token(("portal", "wrong"), &[]).await,
        scene.form("/oauth2/token", portal, &redemption(&code)).await,
        scene.refresh(portal, refresh).await,
        scene.log_in(&page, "alice", PASSWORD).await,
        scene.form("/oauth2/revoke", portal, &[("token", refresh)]).await,
    ] {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(!answer.text.contains("access_token") && answer.headers.get("location").is_none());
    }
    scene.sql("ALTER TABLE audit_entry DROP CONSTRAINT full_disk");
    assert_eq!(scene.own_token(portal, &[]).await.status, 200);
}

/// Every request leaves its trace: who, from where, and with which result.
#[tokio::test]
async fn entries_tell_address_and_request() {
    let scene = Scene::new().await;
    let id = "018f3b1e-1111-7000-8000-000000000001";
    let request = scene
        .post("/oauth2/token")
        .basic_auth("first", Some("wrong"))
        .header("x-request-id", id);
    scene
        .send(request.form(&[("grant_type", "client_credentials")]))
        .await;
    let sql = format!("SELECT canonical FROM audit_entry WHERE canonical::json ->> 'request_id' = '{id}'");
    let record: Value = serde_json::from_str(scene.sql(&sql).trim()).unwrap();
    assert_eq!(record["address"], "127.0.0.1");
    assert_eq!(record["event"]["type"], "request_refused");
    assert_eq!(
        (&record["event"]["client_id"], &record["event"]["error"]),
        (&json!("first"), &json!("invalid_client"))
    );
    // People type secrets in wrong places: what is no client is not named.
    scene.own_token(("a secret in the wrong place", "x"), &[]).await;
    assert!(
        !scene
            .sql("SELECT canonical FROM audit_entry")
            .contains("wrong place")
    );
}
