//! Whole requests through all layers, with a real PostgreSQL, but no socket in front.

use std::time::Duration;

use anyhow::{Context as _, bail};
use auth_service::domain::keys::KeyRules;
use auth_service::domain::keys::sealing::KeyEncryptionKey;
use auth_service::domain::refresh::RefreshRules;
use auth_service::settings::{BootstrapClient, KeySettings, Lockout, Settings, Signing};
use auth_service::{INFO, build};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt, TryStreamExt, stream};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::Value;
use service_kit::auth::Algorithm;
use service_kit::postgres::DatabaseSettings;
use service_kit::testing::{self, Postgres};
use service_kit::{Clock, metrics, service};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

use crate::{CLIENT, ISSUER, SECRET};

/// Requests at a time: the audit log writes those together that come together.
const AT_ONCE: usize = 64;
const REQUESTS: u32 = 20_000;

/// Requests in a second of processor time.
pub(crate) struct Rates {
    pub(crate) tokens: f64,
    pub(crate) introspections: f64,
}

/// The service, and the server it keeps its data in.
pub(crate) struct Whole {
    runtime: Runtime,
    router: Router,
    _postgres: Postgres,
}

impl Whole {
    pub(crate) fn start(algorithm: Algorithm) -> anyhow::Result<Self> {
        let postgres = Postgres::start()?;
        let settings = settings(algorithm, &postgres.database()?)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let router = runtime.block_on(async { router(settings) })?;
        Ok(Self {
            runtime,
            router,
            _postgres: postgres,
        })
    }

    pub(crate) fn measure(&self) -> anyhow::Result<Rates> {
        let asked = form(&[("grant_type", "client_credentials")]);
        let answer = self
            .runtime
            .block_on(self.first_answer("/oauth2/token", &asked))?;
        let answer: Value = serde_json::from_slice(&answer)?;
        let token = answer
            .get("access_token")
            .and_then(Value::as_str)
            .context("a token")?;
        let about = form(&[("token", token)]);
        self.runtime
            .block_on(self.first_answer("/oauth2/introspect", &about))?;
        Ok(Rates {
            tokens: self.runtime.block_on(self.rate("/oauth2/token", asked))?,
            introspections: self.runtime.block_on(self.rate("/oauth2/introspect", about))?,
        })
    }

    async fn rate(&self, path: &'static str, form: String) -> anyhow::Result<f64> {
        let before = cpu_seconds()?;
        stream::iter(0..REQUESTS)
            .map(|_| send(&self.router, path, form.clone()))
            .buffer_unordered(AT_ONCE)
            .try_for_each(|_| async { Ok(()) })
            .await?;
        Ok(f64::from(REQUESTS) / (cpu_seconds()? - before))
    }

    /// Once the schema is made, and the first client; and once it is known, in time, whether the token was revoked.
    async fn first_answer(&self, path: &str, form: &str) -> anyhow::Result<Vec<u8>> {
        for _ in 0..1000 {
            if let Ok(answer) = send(&self.router, path, form.to_owned()).await {
                return Ok(answer);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("{path}: the service does not get ready")
    }
}

fn router(settings: Settings) -> anyhow::Result<Router> {
    let context = testing::context(Clock::system(), metrics::registry(&INFO.build)?)?;
    let service = build(settings, &context)?;
    Ok(service::router(
        &INFO,
        &testing::server_config(),
        &context,
        service,
    )?)
}

fn settings(algorithm: Algorithm, url: &str) -> anyhow::Result<Settings> {
    let has_secret = algorithm == Algorithm::Hs256;
    let keys = KeySettings {
        algorithm,
        sealing: KeyEncryptionKey::new(&[7; 32]).context("32 bytes")?,
        rules: KeyRules::default(),
    };
    Ok(Settings {
        database: DatabaseSettings::of(&SecretString::from(url))
            .map_err(|error| anyhow::anyhow!("{error:?}"))?,
        issuer: ISSUER.to_owned(),
        audience: "auth-service".to_owned(),
        signing: Signing {
            secret: has_secret.then(|| vec![b'a'; 32].into()),
            keys: (!has_secret).then_some(keys),
        },
        refresh_secret: vec![b'r'; 32].into(),
        refresh: RefreshRules::default(),
        password_memory_mib: 19,
        lockout: Lockout {
            attempts: 10,
            time: SignedDuration::from_mins(30),
        },
        bootstrap_client: Some(BootstrapClient {
            id: CLIENT.to_owned(),
            secret: SECRET.into(),
        }),
    })
}

async fn send(router: &Router, path: &str, form: String) -> anyhow::Result<Vec<u8>> {
    let mut request = Request::post(path).body(Body::from(form))?;
    *request.headers_mut() = headers();
    let answer = router.clone().oneshot(request).await?;
    let status = answer.status();
    let body = to_bytes(answer.into_body(), 64 * 1024).await?;
    if !status.is_success() || body.starts_with(b"{\"active\":false") {
        bail!("{path}: {status}");
    }
    Ok(body.to_vec())
}

/// How the client proves who it is (RFC 6749, section 2.3.1).
pub(crate) fn headers() -> HeaderMap {
    let secret: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{secret}")));
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    let basic = HeaderValue::from_str(&basic).ok();
    let authorization = basic.map(|basic| (AUTHORIZATION, basic));
    authorization.into_iter().chain([(CONTENT_TYPE, form)]).collect()
}

pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// User and system time of this process: fields 14 and 15 of `proc_pid_stat(5)`, in hundredths of a second.
fn cpu_seconds() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let (_, after_name) = text.rsplit_once(')').context("the name stands in parentheses")?;
    let ticks = after_name.split_whitespace().skip(11).take(2);
    Ok(ticks.filter_map(|n| n.parse::<f64>().ok()).sum::<f64>() / 100.0)
}
