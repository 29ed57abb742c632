//! Clocks that are five minutes wrong: far more than the ten seconds that are allowed for. Some requests are refused then, but
//! what was revoked or used stays so.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use crate::api::{Api, Client};
use crate::cluster::Cluster;
use crate::consistency::Key;
use crate::servers::{REPLICAS, cluster_of};

/// The replicas: one whose clock is right, one that is ahead, one that is behind.
const RIGHT: usize = 0;
const AHEAD: usize = 1;
const BEHIND: usize = 2;

/// Where Debian's package `libfaketime` puts the library, for each architecture.
const FAKETIME: &str = "faketime/libfaketimeMT.so.1";

fn faketime() -> PathBuf {
    let places = std::fs::read_dir("/usr/lib").unwrap().filter_map(Result::ok);
    places
        .map(|place| place.path().join(FAKETIME))
        .find(|library| library.is_file())
        .expect("apt-get install faketime, for clocks that are wrong")
}

/// Settings of a replica whose wall clock differs; a monotonic one never does.
fn clock(offset: &str) -> Vec<(&'static str, String)> {
    vec![
        ("LD_PRELOAD", faketime().display().to_string()),
        ("FAKETIME", offset.to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ("FAKETIME_DISABLE_SHM", "1".to_owned()),
    ]
}

struct Scene {
    cluster: Cluster,
    api: Api,
    portal: Client,
}

impl Scene {
    async fn new() -> Self {
        let cluster = cluster_of(&[], vec![Vec::new(), clock("+5m"), clock("-5m")]).await;
        let api = Api::of(&cluster).replica(&cluster, RIGHT);
        let portal = api.client("portal", json!({})).await;
        api.user("alice").await;
        Self { cluster, api, portal }
    }

    fn at(&self, replica: usize) -> Api {
        self.api.replica(&self.cluster, replica)
    }

    async fn own_token(&self, replica: usize) -> String {
        let answer = self.at(replica).own_token(&self.portal).await.unwrap();
        answer.member("access_token")
    }

    async fn is_active(&self, token: &str) -> [bool; REPLICAS] {
        let mut found = [false; REPLICAS];
        for (replica, is_active) in found.iter_mut().enumerate() {
            *is_active = self.at(replica).is_active(&self.portal, token).await.unwrap();
        }
        found
    }

    async fn refresh(&self, replica: usize, token: &str) -> Option<String> {
        let answer = self.at(replica).refresh(&self.portal, token).await.unwrap();
        assert!(matches!(answer.status, 200 | 400), "{answer:?}");
        (answer.status == 200).then(|| answer.member("refresh_token"))
    }

    async fn login(&self) -> String {
        let tokens = self.api.tokens(&self.portal, "alice").await;
        tokens["refresh_token"].as_str().unwrap().to_owned()
    }
}

/// A token counts from when it was issued: who thinks that this is yet to come refuses it.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_refused_where_it_is_from_the_future() {
    let scene = Scene::new().await;
    for (issuer, expected) in [
        (RIGHT, [true, true, false]),
        (AHEAD, [false, true, false]),
        (BEHIND, [true, true, true]),
    ] {
        let token = scene.own_token(issuer).await;
        assert_eq!(scene.is_active(&token).await, expected, "of replica {issuer}");
    }
    scene.cluster.has_not_logged(scene.api.seen());
}

/// An attempt is no reason to wait for the next one by a clock that is behind.
#[tokio::test(flavor = "multi_thread")]
async fn people_log_in_by_every_clock_one_after_the_other() {
    let scene = Scene::new().await;
    for replica in [AHEAD, RIGHT, BEHIND, AHEAD, BEHIND] {
        scene.at(replica).tokens(&scene.portal, "alice").await;
    }
    let ahead = scene.at(AHEAD);
    let wrong = ahead.log_in(&scene.portal, "records.read", "alice", "a wrong password");
    assert_eq!(wrong.await.status, 403);
    scene.at(BEHIND).tokens(&scene.portal, "alice").await;
    scene.cluster.has_not_logged(scene.api.seen());
}

/// Whatever the clock of the replica says that is asked to, it revokes.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_wrong_clock_revokes_is_revoked_everywhere() {
    let scene = Scene::new().await;
    for revoking in [RIGHT, AHEAD, BEHIND] {
        for issuer in [RIGHT, AHEAD, BEHIND] {
            let token = scene.own_token(issuer).await;
            assert!(scene.is_active(&token).await[issuer]);
            let answer = scene.at(revoking).revoke(&scene.portal, &token).await.unwrap();
            assert_eq!(answer.status, 200, "{answer:?}");
            tokio::time::sleep(Duration::from_secs(1)).await;
            let found = scene.is_active(&token).await;
            assert_eq!(found, [false; REPLICAS], "of {issuer} by {revoking}");
        }
        let refresh = scene.login().await;
        let answer = scene.at(revoking).revoke(&scene.portal, &refresh).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(scene.refresh(RIGHT, &refresh).await, None, "by {revoking}");
    }
    scene.cluster.has_not_logged(scene.api.seen());
}

/// A refresh token from the future is refused and keeps its login; one whose successor seems to be old ends it, as reuse does.
#[tokio::test(flavor = "multi_thread")]
async fn logins_survive_a_clock_that_is_ahead_unless_requests_cross() {
    let scene = Scene::new().await;
    let first = scene.login().await;
    assert_eq!(scene.refresh(BEHIND, &first).await, None);
    let second = scene.refresh(AHEAD, &first).await.unwrap();
    assert_eq!(scene.refresh(RIGHT, &second).await, None);
    let third = scene.refresh(AHEAD, &second).await.unwrap();
    // Within the grace, the same successor.
    assert_eq!(scene.refresh(AHEAD, &second).await.as_ref(), Some(&third));

    let first = scene.login().await;
    let second = scene.refresh(RIGHT, &first).await.unwrap();
    assert_eq!(scene.refresh(RIGHT, &first).await.as_ref(), Some(&second));
    assert_eq!(scene.refresh(AHEAD, &first).await, None);
    assert_eq!(scene.refresh(RIGHT, &second).await, None);
    scene.cluster.has_not_logged(scene.api.seen());
}

/// Clients may be wrong by ten seconds, and are told that they are not known when it is more.
#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_of_a_client_whose_clock_is_wrong_is_refused() {
    let scene = Scene::new().await;
    let key = Key::new();
    let change = json!({"authentication": "private_key_jwt", "jwks": key.jwks()});
    scene.api.client("robot", change).await;
    for (ahead, status) in [(0, 200), (8, 200), (-8, 200), (300, 401), (-300, 401)] {
        let assertion = key.assertion("robot", &scene.cluster.issuer, ahead);
        scene.api.see(&assertion);
        let answer = scene.at(RIGHT).asserted(&assertion).await.unwrap();
        assert_eq!(answer.status, status, "{ahead} s: {answer:?}");
        // Used once is used, whichever clock looks at it then.
        for replica in [RIGHT, AHEAD, BEHIND] {
            let again = scene.at(replica).asserted(&assertion).await.unwrap();
            let is_first_use = (ahead == 300 && replica == AHEAD) || (ahead == -300 && replica == BEHIND);
            assert_eq!(
                again.status == 200,
                is_first_use,
                "{ahead} s at {replica}: {again:?}"
            );
        }
    }
    scene.cluster.has_not_logged(scene.api.seen());
}
