//! What auth-service is asked, and the PostgreSQL that it needs.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use service_kit::testing::Postgres;
use tempfile::TempDir;

use crate::case::{Case, Form, curl};

const CLIENT: &str = "first";
const SECRET: &str = "the-secret-of-the-first-client-of-a-benchmark";

/// The server, and the secrets as files.
pub(crate) struct Database {
    postgres: Postgres,
    files: TempDir,
}

impl Database {
    pub(crate) fn start() -> Result<Self> {
        Ok(Self {
            postgres: Postgres::start()?,
            files: tempfile::tempdir()?,
        })
    }

    /// Those of the README, over a new database.
    pub(crate) fn settings(&self) -> Result<Vec<(&'static str, String)>> {
        let file = |name: &str, text: &str| -> Result<String> {
            let path = self.files.path().join(name);
            std::fs::write(&path, text)?;
            Ok(path.display().to_string())
        };
        Ok(vec![
            ("AUTH_ISSUER", "https://auth.example.org".to_owned()),
            ("DATABASE_URL", self.postgres.database()?),
            ("JWT_ACCESS_SECRET_FILE", file("access", &"a".repeat(32))?),
            ("JWT_REFRESH_SECRET_FILE", file("refresh", &"r".repeat(32))?),
            ("KEY_ENCRYPTION_KEY_FILE", file("sealing", &"s".repeat(32))?),
            ("AUTH_BOOTSTRAP_CLIENT_ID_FILE", file("id", CLIENT)?),
            ("AUTH_BOOTSTRAP_CLIENT_SECRET_FILE", file("secret", SECRET)?),
        ])
    }
}

/// A token first, to ask about it.
pub(crate) fn cases(address: SocketAddr) -> Result<[Case; 3]> {
    let token = first_token(address)?;
    Ok([
        Case::get("health", "/health"),
        issue(),
        Case::post(
            "introspection",
            "/oauth2/introspect",
            form(format!("token={token}")),
        ),
    ])
}

fn issue() -> Case {
    let body = "grant_type=client_credentials".to_owned();
    Case::post("token", "/oauth2/token", form(body))
}

fn form(body: String) -> Form {
    let user = format!("{CLIENT}:{SECRET}");
    Form { body, user }
}

/// As soon as there is a schema, and the client in it.
fn first_token(address: SocketAddr) -> Result<String> {
    let mut answer = curl(address, &issue());
    for _ in 0..100 {
        if answer.is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
        answer = curl(address, &issue());
    }
    let answer: Value = serde_json::from_slice(&answer?)?;
    let token = answer.get("access_token").and_then(Value::as_str);
    token.map(str::to_owned).context("the answer has a token")
}
