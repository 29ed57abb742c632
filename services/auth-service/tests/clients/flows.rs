//! All flows: discovery, client credentials by each way for a client to prove who it is, codes with PKCE, ID tokens, refresh,
//! introspection, revocation.

use auth_service::domain::keys::generate;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use service_kit::auth::{Algorithm, SigningKey};
use service_kit::testing::{Postgres, PostgresOptions, Shared};

use crate::api::{Api, PASSWORD, REDIRECT_URI};
use crate::cluster::Cluster;
use crate::programs::Program;

static POSTGRES: Shared<Postgres> = Shared::new();

const REPLICAS: usize = 3;

/// Three replicas that sign access tokens with this.
pub(crate) async fn cluster(algorithm: Algorithm) -> Cluster {
    // Room for the connections of all tests at once.
    let options = PostgresOptions {
        settings: &["max_connections=400"],
        tls: None,
    };
    let postgres =
        tokio::task::spawn_blocking(move || POSTGRES.get(|| Postgres::start_with(options)).unwrap());
    let settings = [
        ("DATABASE_URL", postgres.await.unwrap().database().unwrap()),
        ("DATABASE_ACQUIRE_TIMEOUT", "20s".to_owned()),
        ("DATABASE_STATEMENT_TIMEOUT", "20s".to_owned()),
        ("AUTH_SIGNING_ALGORITHM", algorithm.name().to_owned()),
    ];
    Cluster::start(&settings, vec![Vec::new(); REPLICAS]).await
}

/// A client that signs assertions, as the programs are told of it.
async fn asserting(api: &Api, algorithm: Algorithm) -> Value {
    let der = generate::pkcs8(algorithm).unwrap();
    let key = SigningKey::from_pkcs8(algorithm, der.expose_secret()).unwrap();
    let id = format!("robot-{}", algorithm.name());
    let jwks = json!({"keys": [key.public().unwrap()]});
    api.client(&id, json!({"authentication": "private_key_jwt", "jwks": jwks}))
        .await;
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.expose_secret())
    );
    json!({"id": id, "kid": key.id(), "alg": algorithm.name(), "pem": pem})
}

/// What a program is told.
async fn given(cluster: &Cluster, api: &Api, algorithm: Algorithm, portal: &str) -> Value {
    let portal = api.client(portal, json!({})).await;
    let app = json!({"authentication": "none", "grants": ["authorization_code", "refresh_token"]});
    let app = api.client("app", app).await;
    api.user("alice").await;
    json!({
        "issuer": cluster.issuer,
        "replicas": REPLICAS,
        "hasPublicKeys": algorithm != Algorithm::Hs256,
        "clients": {
            "secret": {"id": portal.id, "secret": portal.secret},
            "assertion": [asserting(api, Algorithm::Es256).await, asserting(api, Algorithm::Rs256).await],
            "public": {"id": app.id},
        },
        "login": "alice",
        "password": PASSWORD,
        "redirectUri": REDIRECT_URI,
    })
}

async fn all_flows(program: Program, algorithm: Algorithm) {
    let cluster = cluster(algorithm).await;
    let api = Api::of(&cluster);
    let portal = match program {
        // A name that has to be encoded (RFC 6749, section 2.3.1).
        Program::OpenidClient => "portal: north & south",
        // Which Authlib does not do.
        Program::Authlib | Program::Schemathesis => "portal",
    };
    let input = given(&cluster, &api, algorithm, portal).await.to_string();
    let output = tokio::task::spawn_blocking(move || program.flows(&input))
        .await
        .unwrap();
    let secrets: Vec<_> = output.lines().map(str::to_owned).collect();
    assert!(secrets.len() > 20, "{secrets:?}");
    cluster.has_not_logged(secrets.into_iter().chain(api.seen()));
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_client_completes_every_flow_with_a_secret() {
    all_flows(Program::OpenidClient, Algorithm::Hs256).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_client_completes_every_flow_with_es256() {
    all_flows(Program::OpenidClient, Algorithm::Es256).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_client_completes_every_flow_with_eddsa() {
    all_flows(Program::OpenidClient, Algorithm::EdDsa).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_client_completes_every_flow_with_rs256() {
    all_flows(Program::OpenidClient, Algorithm::Rs256).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn authlib_completes_every_flow_with_a_secret() {
    all_flows(Program::Authlib, Algorithm::Hs256).await;
}

/// And what it says of the metadata (OpenID Connect Discovery 1.0, section 3, wants RS256).
#[tokio::test(flavor = "multi_thread")]
async fn authlib_completes_every_flow_with_rs256() {
    all_flows(Program::Authlib, Algorithm::Rs256).await;
}
