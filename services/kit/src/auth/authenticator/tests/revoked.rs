//! Revocation over real sockets, with a real Redis that dies.

use std::sync::Arc;
use std::time::Duration;

use prometheus::Registry;
use reqwest::{Client, Response};

use super::{INFO, failures, read};
use crate::auth::test_support::{ISSUER, Signers, grant};
use crate::auth::{
    IssuedToken, Policy, Reason, RedisRevocations, RevocationBounds, Revocations, Signer, TokenKind,
};
use crate::clock::ManualClock;
use crate::redis::{Redis, RedisSettings};
use crate::routing::get;
use crate::testing::{self, TestServer};
use crate::{Clock, Routes, Service};

struct Scene {
    redis: testing::Redis,
    server: TestServer,
    revocations: Revocations,
    signer: Signer,
    hand: ManualClock,
}

impl Scene {
    async fn new() -> Self {
        let redis = testing::Redis::start().unwrap();
        let mut settings = RedisSettings::new(&redis.database()).unwrap();
        settings.deadline = Duration::from_secs(2);
        let store = RedisRevocations::new(Redis::connect(settings, &Registry::new()).unwrap(), "test");
        store.restore(&[]).await.unwrap();
        // Redis lets revocations go by the machine's clock.
        let (clock, hand) = Clock::manual(Clock::system().now());
        let bounds = RevocationBounds {
            timeout: Duration::from_secs(3),
            ..RevocationBounds::default()
        };
        let revocations = Revocations::new(Arc::new(store), bounds, clock.clone());
        let signers = Signers::new();
        let mut auth = signers.auth(&clock);
        auth.revocations = Some(revocations.clone());
        let service = Service {
            routes: Routes::new().protected("/records", Policy::authenticated(), get(|| async {})),
            auth: Some(auth),
            ..Service::default()
        };
        Self {
            redis,
            server: TestServer::start(&INFO, clock.clone(), |_| Ok(service))
                .await
                .unwrap(),
            revocations,
            signer: Signer::new(ISSUER, signers.es256, clock),
            hand,
        }
    }

    fn token(&self) -> IssuedToken {
        self.signer.sign(TokenKind::Access, &grant()).unwrap()
    }

    async fn ask(&self, token: &IssuedToken) -> Response {
        let request = Client::new().get(self.server.url("/records"));
        request.bearer_auth(token.expose()).send().await.unwrap()
    }
}

#[tokio::test]
async fn a_revoked_token_is_refused_and_without_the_store_so_is_every_unknown_one() {
    let scene = Scene::new().await;
    let (known, revoked, unknown) = (scene.token(), scene.token(), scene.token());
    assert_eq!(scene.ask(&known).await.status(), 200);
    assert_eq!(scene.ask(&revoked).await.status(), 200);
    scene
        .revocations
        .revoke(&revoked.token_id, revoked.expires_at)
        .await
        .unwrap();
    let (status, challenge, problem) = read(scene.ask(&revoked).await).await;
    assert_eq!((status, problem["code"].as_str()), (401, Some("unauthorized")));
    assert_eq!(
        challenge.as_deref(),
        Some("Bearer realm=\"api\", error=\"invalid_token\"")
    );
    assert_eq!(failures(&scene.server, Reason::Revoked), 1);

    scene.redis.kill().unwrap();
    scene.hand.advance(jiff::SignedDuration::from_secs(29));
    assert_eq!(scene.ask(&known).await.status(), 200);
    assert_eq!(scene.ask(&revoked).await.status(), 401);
    let refused = scene.ask(&unknown).await;
    assert_eq!(refused.headers()["retry-after"], "1");
    let (status, challenge, problem) = read(refused).await;
    assert_eq!((status, challenge), (503, None));
    assert_eq!(problem["code"], "unavailable");
    scene.hand.advance(jiff::SignedDuration::from_secs(1));
    assert_eq!(scene.ask(&known).await.status(), 503);
    assert_eq!(failures(&scene.server, Reason::Unavailable), 2);
    let logs = scene.server.logs.text();
    for token in [&known, &revoked, &unknown] {
        assert!(!logs.contains(token.expose()) && !logs.contains(&token.token_id));
    }
}
