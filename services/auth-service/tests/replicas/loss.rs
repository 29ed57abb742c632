//! Secrets that are replaced or lost, and a database that is restored.

use std::process::Command;

use serde_json::json;

use crate::api::{Api, Client};
use crate::cluster::Cluster;
use crate::servers::{REPLICAS, cluster, empty_databases};

async fn restart(cluster: &Cluster) {
    for number in 0..REPLICAS {
        cluster.replace(number).await;
    }
}

/// A login and a token of the client's own that are good; refresh token and access tokens.
async fn good(api: &Api, portal: &Client) -> (String, [String; 2]) {
    let login = api.tokens(portal, "alice").await;
    let own = api.own_token(portal).await.unwrap().member("access_token");
    let text = |name: &str| login[name].as_str().unwrap().to_owned();
    let access = [text("access_token"), own];
    for token in &access {
        assert_eq!(api.is_active(portal, token).await, Some(true));
    }
    (text("refresh_token"), access)
}

/// All tokens of the old secrets are refused, at every replica; people log in again, and nothing else is lost.
#[tokio::test(flavor = "multi_thread")]
async fn other_jwt_secrets_end_all_tokens_and_nothing_else() {
    let cluster = cluster(&[]).await;
    let api = Api::of(&cluster);
    let portal = api.client("portal", json!({})).await;
    api.user("alice").await;
    let (refresh, access) = good(&api, &portal).await;
    cluster.file("access", &"b".repeat(32));
    cluster.file("refresh", &"s".repeat(32));
    restart(&cluster).await;
    active_everywhere(&cluster, &api, &portal, &access, false).await;
    refused_everywhere(&cluster, &api, &portal, &[&refresh]).await;
    good(&api, &portal).await;
    cluster.has_not_logged(api.seen());
}

/// Runs a program of PostgreSQL; nothing is wrong.
fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
}

/// No replica takes any of these.
async fn refused_everywhere(cluster: &Cluster, api: &Api, portal: &Client, refresh: &[&str]) {
    for number in 0..REPLICAS {
        for token in refresh {
            let refused = api.replica(cluster, number).refresh(portal, token).await.unwrap();
            let said = (refused.status, refused.member("error"));
            assert_eq!(said, (400, "invalid_grant".to_owned()), "{number}");
        }
    }
}

async fn active_everywhere(cluster: &Cluster, api: &Api, portal: &Client, tokens: &[String], expected: bool) {
    for number in 0..REPLICAS {
        for token in tokens {
            let found = api.replica(cluster, number).is_active(portal, token).await;
            assert_eq!(found, Some(expected), "{number}");
        }
    }
}

/// What was there at the backup is there again; what came since is not, revocations too, until the secrets are replaced.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_what_came_since_is_undone_until_the_secrets_are_replaced() {
    let cluster = cluster(&[]).await;
    let api = Api::of(&cluster);
    let portal = api.client("portal", json!({})).await;
    api.user("alice").await;
    let (ended, ended_access) = good(&api, &portal).await;
    let (kept, kept_access) = good(&api, &portal).await;
    assert_eq!(api.revoke(&portal, &ended).await.unwrap().status, 200);
    let backup = cluster.file("backup", "");
    let url = cluster.setting("DATABASE_URL");
    run(
        "pg_dump",
        &["--format=custom", "--no-owner", "--file", &backup, &url],
    );
    let (since, _) = good(&api, &portal).await;
    assert_eq!(api.revoke(&portal, &kept).await.unwrap().status, 200);

    // Redis is lost too.
    cluster.set(&empty_databases().await);
    let url = cluster.setting("DATABASE_URL");
    run(
        "pg_restore",
        &["--exit-on-error", "--no-owner", "--dbname", &url, &backup],
    );
    restart(&cluster).await;
    refused_everywhere(&cluster, &api, &portal, &[&ended, &since]).await;
    active_everywhere(&cluster, &api, &portal, &ended_access[..1], false).await;
    active_everywhere(&cluster, &api, &portal, &kept_access, true).await;
    assert_eq!(api.refresh(&portal, &kept).await.unwrap().status, 200);
    assert!(cluster.run(&["verify-audit"]).status.success());

    cluster.file("access", &"b".repeat(32));
    cluster.file("refresh", &"s".repeat(32));
    restart(&cluster).await;
    refused_everywhere(&cluster, &api, &portal, &[&ended, &since, &kept]).await;
    active_everywhere(&cluster, &api, &portal, &kept_access, false).await;
    good(&api, &portal).await;
    assert!(cluster.run(&["verify-audit"]).status.success());
    cluster.has_not_logged(api.seen());
}

/// Without the key that sealed the others nothing is signed; tokens of before are verified on. The right one mends it, and so
/// does another algorithm, whose keys are made anew: the old ones can then be withdrawn.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_key_encryption_key_stops_signing_until_it_is_back_or_given_up() {
    let cluster = cluster(&[("AUTH_SIGNING_ALGORITHM", "ES256".to_owned())]).await;
    let api = Api::of(&cluster);
    let portal = api.client("portal", json!({})).await;
    api.user("alice").await;
    let (refresh, access) = good(&api, &portal).await;
    cluster.file("sealing", &"x".repeat(32));
    for number in 0..REPLICAS {
        cluster.replicas[number].kill();
        cluster.start_replica(number);
        let replica = api.replica(&cluster, number);
        unable_to_sign(&replica, &portal).await;
        for token in &access {
            assert_eq!(replica.is_active(&portal, token).await, Some(true));
        }
        assert!(
            cluster.replicas[number]
                .logs()
                .contains("a signing key cannot be used")
        );
    }

    cluster.file("sealing", &"k".repeat(32));
    restart(&cluster).await;
    let refreshed = api.refresh(&portal, &refresh).await.unwrap();
    assert_eq!(refreshed.status, 200, "{refreshed:?}");

    cluster.file("sealing", &"y".repeat(32));
    cluster.set(&[("AUTH_SIGNING_ALGORITHM", "EdDSA".to_owned())]);
    restart(&cluster).await;
    let (_, fresh) = good(&api, &portal).await;
    assert_eq!(api.is_active(&portal, &access[0]).await, Some(true));
    withdraw_all_but(&api, "EdDSA").await;
    for number in 0..REPLICAS {
        let replica = api.replica(&cluster, number);
        assert_eq!(replica.is_active(&portal, &fresh[0]).await, Some(true));
        assert_eq!(
            replica.is_active(&portal, &access[0]).await,
            Some(false),
            "{number}"
        );
    }
    cluster.has_not_logged(api.seen());
}

/// Readiness says so, and callers are told to come back.
async fn unable_to_sign(api: &Api, portal: &Client) {
    for _ in 0..400 {
        let answer = api.send(api.get("/readiness")).await.unwrap();
        let is_migrated = answer.text.contains("\"database\":\"ready\"");
        if answer.status == 503 && is_migrated && answer.text.contains("KEY_ENCRYPTION_KEY_FILE") {
            let answer = api.own_token(portal).await.unwrap();
            assert!(answer.is_unavailable(), "{answer:?}");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("readiness does not tell");
}

async fn withdraw_all_but(api: &Api, algorithm: &str) {
    let jwks = api.send(api.get("/.well-known/jwks.json")).await.unwrap().json();
    for key in jwks["keys"].as_array().unwrap() {
        if key["alg"] != algorithm {
            let kid = key["kid"].as_str().unwrap();
            let answer = api
                .admin(&format!("/admin/keys/rotate?withdraw={kid}"), None)
                .await;
            assert_eq!(answer.status, 204, "{answer:?}");
        }
    }
    // Other replicas look each second.
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
}
