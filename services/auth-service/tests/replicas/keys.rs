//! Keys that change under load.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::join_all;
use serde_json::{Value, json};
use service_kit::Clock;
use service_kit::auth::{Expectations, Jwks, JwksSettings, Keys, TokenKind, Verifier};

use crate::api::{Api, Client};
use crate::servers::cluster;

/// Callers at the same time.
const CALLERS: usize = 4;

/// Keys that must have signed before the end.
const KEYS: usize = 4;

fn kid(token: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

/// A service elsewhere, which keeps a copy of the JWK Set for as long as it may.
fn verifier(issuer: &str) -> Verifier {
    let caching = JwksSettings {
        max_age: Duration::from_secs(1),
        min_interval: Duration::from_millis(500),
        ..JwksSettings::default()
    };
    let url = format!("{issuer}/.well-known/jwks.json");
    let jwks = Jwks::from_url(&url, None, caching, Clock::system()).unwrap();
    let expectations = Expectations {
        kind: TokenKind::Access,
        issuer: issuer.to_owned(),
        audience: "records".to_owned(),
        leeway: Duration::from_secs(10),
    };
    Verifier::new(expectations, Keys::Jwks(jwks), Clock::system())
}

/// Gets tokens and has each verified, until enough keys have signed.
async fn load(api: &Api, client: &Client, verifier: &Verifier) -> (Vec<String>, BTreeSet<String>) {
    let (mut tokens, mut used) = (Vec::new(), BTreeSet::new());
    let started = Instant::now();
    while used.len() < KEYS {
        assert!(started.elapsed() < Duration::from_secs(90), "{} keys", used.len());
        let token = api.own_token(client).await.unwrap().member("access_token");
        used.insert(kid(&token));
        let result = verifier.verify(&token).await;
        assert!(result.is_ok(), "{:?} of key {}", result.err(), used.len());
        tokens.push(token);
    }
    (tokens, used)
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_three_replicas_change_every_few_seconds_and_no_verification_fails() {
    // Replicas look each second, the verifier's copy is a second old: the rest is for a slow machine.
    let few_seconds = "6s".to_owned();
    let settings = [
        ("AUTH_SIGNING_ALGORITHM", "ES256".to_owned()),
        ("AUTH_KEY_ACTIVE", few_seconds.clone()),
        ("AUTH_KEY_PUBLISH_BEFORE", few_seconds),
    ];
    let cluster = cluster(&settings).await;
    let api = Api::of(&cluster);
    let portal = api.client("portal", json!({})).await;
    let verifier = verifier(&cluster.issuer);
    let loads = join_all((0..CALLERS).map(|_| load(&api, &portal, &verifier))).await;
    for (tokens, _) in &loads {
        // The old ones too.
        for token in tokens {
            assert!(verifier.verify(token).await.is_ok());
        }
    }
    cluster.has_not_logged(api.seen());
}
