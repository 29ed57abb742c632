//! The store over a real PostgreSQL: one server for all tests, a database for each.

use std::sync::Arc;
use std::time::Duration;

use auth_service::domain::client::{Client, Credential, GrantType};
use auth_service::domain::user::User;
use auth_service::store::{ChangeError, Digest, Family, NewCode, Redemption, SCHEMA, Store};
use jiff::{SignedDuration, Timestamp};
use prometheus::Registry;
use secrecy::SecretString;
use serde_json::json;
use service_kit::postgres::{Database, DatabaseError, DatabaseSettings};
use service_kit::testing::{self, Postgres, Shared};
use service_kit::{Clock, Context};
use uuid::Uuid;

mod accounts;
mod assertions;
mod attempts;
mod audit;
mod audit_faults;
mod backup;
mod clients;
mod codes;
mod families;
mod histories;
mod keys;
mod kills;
mod migrations;
mod purge;

static SERVER: Shared<Postgres> = Shared::new();

/// A store in a database of its own.
struct Scene {
    server: Arc<Postgres>,
    url: String,
    context: Context,
    database: Database,
    store: Store,
}

impl Scene {
    async fn new() -> Self {
        let server = SERVER.get(Postgres::start).unwrap();
        let url = server.database().unwrap();
        Self::of(server, url, Duration::from_mins(1)).await
    }

    /// `patience` is the limit of everything: against hanging, where nothing is to fail.
    async fn of(server: Arc<Postgres>, url: String, patience: Duration) -> Self {
        let mut settings = DatabaseSettings::of(&SecretString::from(url.clone())).unwrap();
        settings.acquire_timeout = patience;
        settings.statement_timeout = patience;
        settings.transaction_timeout = patience;
        let context = testing::context(Clock::fixed(noon()), Registry::new()).unwrap();
        let database = Database::start(&settings, SCHEMA, &context).unwrap();
        let store = Store::new(database.clone(), context.clock.clone());
        let scene = Self {
            server,
            url,
            context,
            database,
            store,
        };
        scene.until_migrated().await;
        scene
    }

    async fn until_migrated(&self) {
        for _ in 0..3000 {
            if self.store.clients.find("anything").await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the schema was not made");
    }

    fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap()
    }

    /// Runs SQL beside the store, as a superuser.
    fn sql(&self, sql: &str) -> anyhow::Result<String> {
        self.server.admin(self.name(), sql)
    }

    /// Runs SQL that must be refused, with a message that names `constraint`.
    fn refuses(&self, sql: &str, constraint: &str) {
        let error = self.sql(sql).expect_err(sql).to_string();
        assert!(error.contains(constraint), "{sql}\n{error}");
    }

    fn metrics(&self) -> String {
        String::from_utf8(service_kit::metrics::encode(&self.context.registry).unwrap()).unwrap()
    }

    /// How often the operation was run.
    fn count_of(&self, operation: &str) -> u64 {
        let start = format!(
            r#"db_client_operation_duration_seconds_count{{db_operation_name="{operation}",error_type=""}} "#
        );
        let metrics = self.metrics();
        let line = metrics.lines().find_map(|line| line.strip_prefix(start.as_str()));
        line.map_or(0, |count| count.parse().unwrap())
    }

    /// A client with all grants.
    async fn client(&self, id: &str) -> Client {
        let client = client(id);
        self.store.clients.create(&client, noon()).await.unwrap();
        client
    }

    /// A code that was redeemed, and the family that it may open.
    async fn redeemed(&self, client_id: &str, subject: &str) -> (Digest, Family) {
        let family = family(client_id, subject);
        let code = code(client_id, subject);
        self.store.codes.save(&code).await.unwrap();
        let redeemed = self.store.codes.redeem(&code.digest, family.id, noon()).await;
        assert!(matches!(redeemed, Ok(Redemption::First(_))), "{redeemed:?}");
        (code.digest, family)
    }

    /// An open family.
    async fn opened(&self, client_id: &str, subject: &str) -> Family {
        let (code, family) = self.redeemed(client_id, subject).await;
        assert_eq!(self.store.families.open(&family, &code).await, Ok(true));
        family
    }

    /// Whether a token of that family is revoked; with the family, by its id.
    async fn is_revoked(&self, family: Uuid) -> bool {
        use service_kit::auth::RevocationStore;
        self.store
            .revocations
            .is_revoked(&family.to_string())
            .await
            .unwrap()
    }
}

fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn after(seconds: i64) -> Timestamp {
    noon() + SignedDuration::from_secs(seconds)
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn client(id: &str) -> Client {
    Client {
        id: id.to_owned(),
        name: "Ward terminal".to_owned(),
        credential: Credential::Secret {
            digests: vec![vec![1; 32], vec![2; 32]],
        },
        grants: vec![
            GrantType::AuthorizationCode,
            GrantType::ClientCredentials,
            GrantType::RefreshToken,
        ],
        redirect_uris: texts(&["https://app.example.org/callback"]),
        scopes: texts(&["openid", "patient/*.rs"]),
        roles: texts(&["clinician"]),
        audiences: texts(&["phi-service"]),
        is_enabled: true,
    }
}

fn user(login: &str) -> User {
    User {
        id: Uuid::new_v4(),
        login: login.to_owned(),
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned(),
        roles: texts(&["clinician"]),
        fhir_user: Some("https://fhir.example.org/Practitioner/7".to_owned()),
        is_enabled: true,
    }
}

fn code(client_id: &str, subject: &str) -> NewCode {
    NewCode {
        digest: Digest::of(Uuid::new_v4().as_bytes()),
        client_id: client_id.to_owned(),
        subject: subject.to_owned(),
        contents: json!({"nonce": "n-\u{0}-1", "redirect_uri": "https://app.example.org/callback"}),
        expires_at: after(60),
    }
}

fn family(client_id: &str, subject: &str) -> Family {
    Family {
        id: Uuid::new_v4(),
        client_id: client_id.to_owned(),
        subject: subject.to_owned(),
        scopes: texts(&["openid", "offline_access"]),
        roles: texts(&["clinician"]),
        audience: texts(&["phi-service"]),
        auth_time: after(-5),
        generation: 0,
        rotated_at: noon(),
        expires_at: after(7 * 24 * 3600),
        revoked: None,
    }
}

/// The constraint that refused something.
fn constraint<T: std::fmt::Debug>(result: Result<T, DatabaseError>) -> String {
    match result {
        Err(DatabaseError::Constraint { constraint, .. }) => constraint,
        other => panic!("no constraint: {other:?}"),
    }
}

fn constraint_of_change<T: std::fmt::Debug>(result: Result<T, ChangeError>) -> String {
    match result {
        Err(ChangeError::Database(error)) => constraint::<()>(Err(error)),
        other => panic!("no constraint: {other:?}"),
    }
}
