//! Limits by user: after authentication, by the subject of the token.

use std::time::Duration;

use reqwest::Client;

use super::INFO;
use crate::auth::test_support::{Signers, grant, noon};
use crate::auth::{Grant, Policy, Signer, SigningKey, TokenKind};
use crate::rate_limit::{self, Counting, KeyBy, Quota};
use crate::routing::get;
use crate::testing::TestServer;
use crate::{Clock, Routes, Service};

fn limit(name: &'static str, limit: u32, key: KeyBy) -> rate_limit::Policy {
    rate_limit::Policy {
        name,
        quota: Quota::new(limit, Duration::from_hours(1)).unwrap(),
        counting: Counting::Gcra,
        key,
    }
}

async fn start(signers: &Signers, by: KeyBy) -> TestServer {
    let clock = Clock::fixed(noon());
    let handler = || get(|| async { "reached" });
    let service = Service {
        routes: Routes::new()
            .protected("/records", Policy::authenticated(), handler())
            .protected("/notes", Policy::authenticated(), handler()),
        auth: Some(signers.auth(&clock)),
        rate_limits: vec![limit("user", 2, by), limit("address", 8, KeyBy::Ip)],
        ..Service::default()
    };
    TestServer::start(&INFO, clock, |_| Ok(service)).await.unwrap()
}

fn token_of(subject: &str, key: &SigningKey) -> String {
    let signer = Signer::new(
        crate::auth::test_support::ISSUER,
        key.clone(),
        Clock::fixed(noon()),
    );
    let grant = Grant {
        subject: subject.to_owned(),
        ..grant()
    };
    signer
        .sign(TokenKind::Access, &grant)
        .unwrap()
        .expose()
        .to_owned()
}

async fn status(server: &TestServer, path: &str, token: &str) -> u16 {
    let request = Client::new().get(server.url(path)).bearer_auth(token);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn every_user_has_a_quota_of_their_own() {
    let signers = Signers::new();
    let server = start(&signers, KeyBy::User).await;
    let [a, b] = ["subject-a", "subject-b"].map(|subject| token_of(subject, &signers.hs256));
    let answer = Client::new()
        .get(server.url("/records"))
        .bearer_auth(&a)
        .send()
        .await
        .unwrap();
    let told: Vec<_> = answer.headers().get_all("ratelimit").iter().collect();
    assert_eq!(told, ["\"user\";r=1;t=1800", "\"address\";r=7;t=450"]);
    assert_eq!(status(&server, "/notes", &a).await, 200);
    assert_eq!(
        status(&server, "/records", &a).await,
        429,
        "another endpoint, the same user"
    );
    assert_eq!(status(&server, "/records", &b).await, 200);
    assert!(!server.logs.text().contains("subject-a"));
}

#[tokio::test]
async fn a_user_may_have_a_quota_for_each_endpoint() {
    let signers = Signers::new();
    let server = start(&signers, KeyBy::UserEndpoint).await;
    let token = token_of("subject-a", &signers.hs256);
    for (path, expected) in [
        ("/records", 200),
        ("/records", 200),
        ("/records", 429),
        ("/notes", 200),
    ] {
        assert_eq!(status(&server, path, &token).await, expected, "{path}");
    }
}

/// Who does not get past authentication spends nothing of the user they claim to be, and is stopped by the limit of
/// their address.
#[tokio::test]
async fn forged_tokens_spend_the_quota_of_the_address() {
    let signers = Signers::new();
    let server = start(&signers, KeyBy::User).await;
    let forged = token_of("subject-a", &Signers::new().hs256);
    for _ in 0..6 {
        assert_eq!(status(&server, "/records", &forged).await, 401);
    }
    assert_eq!(
        status(&server, "/records", &token_of("subject-a", &signers.hs256)).await,
        200
    );
    assert_eq!(status(&server, "/records", &forged).await, 401);
    assert_eq!(status(&server, "/records", &forged).await, 429);
}
