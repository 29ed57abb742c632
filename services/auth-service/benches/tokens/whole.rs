//! Whole requests through all layers, with a real PostgreSQL, but no socket in front.

use std::hint::black_box;
use std::time::Duration;

use anyhow::{Context as _, bail};
use auth_service::domain::keys::KeyRules;
use auth_service::domain::keys::sealing::KeyEncryptionKey;
use auth_service::domain::refresh::RefreshRules;
use auth_service::settings::{BootstrapClient, KeySettings, Lockout, Settings, Signing};
use auth_service::{INFO, build};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt, TryStreamExt, stream};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use jiff::SignedDuration;
use rustix::time::{ClockId, clock_gettime};
use secrecy::SecretString;
use serde_json::Value;
use service_kit::auth::Algorithm;
use service_kit::postgres::DatabaseSettings;
use service_kit::testing::{self, Postgres};
use service_kit::{Clock, metrics, service};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

use crate::bare::Bare;
use crate::{CLIENT, ISSUER, SECRET};

/// Requests at a time: the audit log writes those together that come together.
const AT_ONCE: usize = 64;

/// Signatures and requests for tokens are measured in turns.
const TURNS: usize = 40;
const OF_A_TURN: usize = 500;

const TOKEN: &str = "/oauth2/token";
const INTROSPECT: &str = "/oauth2/introspect";

/// In a second of processor time of this process.
pub(crate) struct Rates {
    /// Bare signatures, between the requests for tokens.
    pub(crate) signatures: f64,
    /// Requests for tokens.
    pub(crate) tokens: f64,
    /// Each about another token, which nobody asked about before.
    pub(crate) introspections: f64,
    /// All about the same token.
    pub(crate) again: f64,
}

/// The service, the server it keeps its data in, and the headers of all requests: what their sender takes is no time of the service.
pub(crate) struct Whole {
    runtime: Runtime,
    router: Router,
    headers: HeaderMap,
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
            headers: headers(),
            _postgres: postgres,
        })
    }

    pub(crate) fn measure(&self, bare: &Bare) -> anyhow::Result<Rates> {
        self.runtime.block_on(self.rates(bare))
    }

    async fn rates(&self, bare: &Bare) -> anyhow::Result<Rates> {
        let asked = form(&[("grant_type", "client_credentials")]);
        // Until the schema is made, and the first client.
        self.answered(TOKEN, asked.clone()).await?;
        let (mut signing, mut issuing, mut about) = (0.0, 0.0, Vec::new());
        for _ in 0..TURNS {
            signing += sign(bare)?;
            let (took, answers) = self.ask(TOKEN, vec![asked.clone(); OF_A_TURN]).await?;
            issuing += took;
            for answer in answers {
                about.push(question(&answer)?);
            }
        }
        let same = vec![about.first().context("a token")?.clone(); about.len()];
        Ok(Rates {
            signatures: rate(signing),
            tokens: rate(issuing),
            introspections: rate(self.ask(INTROSPECT, about).await?.0),
            again: rate(self.ask(INTROSPECT, same).await?.0),
        })
    }

    /// The time it takes, and the answers.
    async fn ask(&self, path: &str, forms: Vec<String>) -> anyhow::Result<(f64, Vec<Bytes>)> {
        let before = cpu_seconds();
        let answers = stream::iter(forms)
            .map(|form| self.answered(path, form))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok((cpu_seconds() - before, answers))
    }

    /// Asks again, as clients do, while the service is not ready, or its database is late on a busy machine.
    async fn answered(&self, path: &str, form: String) -> anyhow::Result<Bytes> {
        for _ in 0..1000 {
            if let Ok(answer) = self.send(path, form.clone()).await {
                return Ok(answer);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("{path}: the service does not get ready")
    }

    async fn send(&self, path: &str, form: String) -> anyhow::Result<Bytes> {
        let mut request = Request::post(path).body(Body::from(form))?;
        request.headers_mut().clone_from(&self.headers);
        let answer = self.router.clone().oneshot(request).await?;
        let status = answer.status();
        let body = to_bytes(answer.into_body(), 64 * 1024).await?;
        if !status.is_success() || body.starts_with(b"{\"active\":false") {
            bail!("{path}: {status}");
        }
        Ok(body)
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

/// What is asked about the token of an answer.
fn question(answer: &[u8]) -> anyhow::Result<String> {
    let answer: Value = serde_json::from_slice(answer)?;
    let token = answer.get("access_token").and_then(Value::as_str);
    Ok(form(&[("token", token.context("a token")?)]))
}

/// The time of a turn's signatures.
fn sign(bare: &Bare) -> anyhow::Result<f64> {
    let before = cpu_seconds();
    for _ in 0..OF_A_TURN {
        black_box(bare).sign().context("the key signs")?;
    }
    Ok(cpu_seconds() - before)
}

/// Of all turns, which took so long.
#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn rate(seconds: f64) -> f64 {
    (TURNS * OF_A_TURN) as f64 / seconds
}

/// User and system time of this process.
#[expect(
    clippy::cast_precision_loss,
    reason = "hours in nanoseconds are less than 2^52"
)]
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
