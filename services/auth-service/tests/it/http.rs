//! The service over real sockets, with a real PostgreSQL: one server for all tests, a database for each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use auth_service::domain::keys::KeyRules;
use auth_service::domain::keys::sealing::KeyEncryptionKey;
use auth_service::domain::refresh::RefreshRules;
use auth_service::settings::{BootstrapClient, KeySettings, Lockout, Settings, Signing};
use auth_service::{INFO, build};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use reqwest::{RequestBuilder, Response, redirect};
use secrecy::SecretString;
use serde_json::{Value, json};
use service_kit::Clock;
use service_kit::auth::Algorithm;
use service_kit::clock::ManualClock;
use service_kit::config::ServerConfig;
use service_kit::postgres::DatabaseSettings;
use service_kit::telemetry::TelemetryConfig;
use service_kit::testing::{Postgres, Shared, TestServer, server_config, telemetry_config};
use sha2::{Digest, Sha256};

mod admin;
mod audit;
mod authorize;
mod code;
mod dashboard;
mod discovery;
mod forward;
mod introspect;
mod keys;
mod lockout;
mod memory;
mod openapi;
mod process;
mod refresh;
mod revoke;
mod secrets;
mod spans;
mod token;

static SERVER: Shared<Postgres> = Shared::new();

const ISSUER: &str = "https://auth.example.org";
const ADMIN: (&str, &str) = ("first", "a secret of the first client, 32 bytes or more");
const PASSWORD: &str = "correct horse battery staple";
const REDIRECT_URI: &str = "https://portal.example.org/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A database, and a service over it.
struct Scene {
    postgres: Arc<Postgres>,
    url: String,
    hand: ManualClock,
    server: TestServer,
    http: reqwest::Client,
}

/// What a service is started with.
struct Options {
    keys: Option<KeySettings>,
    has_secret: bool,
    password_memory_mib: u32,
    /// Longest wait for a connection to PostgreSQL.
    patience: Duration,
    config: ServerConfig,
    telemetry: TelemetryConfig,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            keys: None,
            has_secret: true,
            password_memory_mib: 19 * 8,
            // Where nothing is to fail, a slow machine is no reason to.
            patience: Duration::from_secs(20),
            config: server_config(),
            telemetry: telemetry_config(),
        }
    }
}

impl Options {
    /// Access and ID tokens signed with keys of this algorithm.
    fn keys(algorithm: Algorithm) -> Self {
        Self {
            keys: Some(key_settings(algorithm, KeyRules::default())),
            has_secret: false,
            ..Self::default()
        }
    }
}

fn key_settings(algorithm: Algorithm, rules: KeyRules) -> KeySettings {
    KeySettings {
        algorithm,
        sealing: KeyEncryptionKey::new(&[7; 32]).unwrap(),
        rules,
    }
}

fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn settings(url: &str, options: Options) -> Settings {
    let mut database = DatabaseSettings::of(&SecretString::from(url)).unwrap();
    database.acquire_timeout = options.patience;
    database.statement_timeout = options.patience;
    Settings {
        database,
        issuer: ISSUER.to_owned(),
        audience: "auth-service".to_owned(),
        signing: Signing {
            secret: options.has_secret.then(|| vec![b'a'; 32].into()),
            keys: options.keys,
        },
        refresh_secret: vec![b'r'; 32].into(),
        refresh: RefreshRules::default(),
        password_memory_mib: options.password_memory_mib,
        lockout: Lockout {
            attempts: 10,
            time: SignedDuration::from_mins(30),
        },
        bootstrap_client: Some(BootstrapClient {
            id: ADMIN.0.to_owned(),
            secret: ADMIN.1.into(),
        }),
    }
}

/// An answer, read.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Answer {
    async fn of(response: Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn member(&self, name: &str) -> String {
        self.json()[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name}: {self:?}"))
            .to_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Scene {
    async fn new() -> Self {
        Self::with(Options::default()).await
    }

    async fn with(options: Options) -> Self {
        let postgres = SERVER.get(Postgres::start).unwrap();
        let url = postgres.database().unwrap();
        let (clock, hand) = Clock::manual(noon());
        Self::start(postgres, url, clock, hand, options).await
    }

    async fn start(
        postgres: Arc<Postgres>,
        url: String,
        clock: Clock,
        hand: ManualClock,
        options: Options,
    ) -> Self {
        let (config, telemetry) = (options.config.clone(), options.telemetry.clone());
        let settings = settings(&url, options);
        let build = |context: &service_kit::Context| build(settings, context);
        let server = TestServer::start_with(&INFO, clock, &config, &telemetry, build)
            .await
            .unwrap();
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .build()
            .unwrap();
        let scene = Self {
            postgres,
            url,
            hand,
            server,
            http,
        };
        scene.until_ready().await;
        scene
    }

    /// Another replica over the same database, by the same clock.
    async fn replica(&self, clock: Clock, options: Options) -> Self {
        let (postgres, url) = (Arc::clone(&self.postgres), self.url.clone());
        Self::start(postgres, url, clock, self.hand.clone(), options).await
    }

    async fn until_ready(&self) {
        let mut last = None;
        for _ in 0..1500 {
            let answer = self.own_token(ADMIN, &[]).await;
            if answer.status == 200 {
                return;
            }
            last = Some(answer);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("not ready: {last:?}\n{}", self.server.logs.text());
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.server.url(path))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(self.server.url(path))
    }

    async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::of(request.send().await.unwrap()).await
    }

    /// The answer to a request that is sent again while it is refused with 503: whether a token was revoked is found out within
    /// 250 ms or not at all, and the machine may be busy.
    async fn served(&self, ask: impl AsyncFn() -> Answer) -> Answer {
        for _ in 0..20 {
            let answer = ask().await;
            if answer.status != 503 {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        ask().await
    }

    /// A form, from a client with a secret.
    async fn form(&self, path: &str, client: (&str, &str), pairs: &[(&str, &str)]) -> Answer {
        let (id, secret) = client;
        let request = self.post(path).basic_auth(encoded(id), Some(encoded(secret)));
        self.send(request.form(pairs)).await
    }

    /// A form from a client without one.
    async fn public_form(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        self.send(self.post(path).form(pairs)).await
    }

    async fn own_token(&self, client: (&str, &str), more: &[(&str, &str)]) -> Answer {
        let pairs = [&[("grant_type", "client_credentials")], more].concat();
        self.form("/oauth2/token", client, &pairs).await
    }

    async fn admin_token(&self) -> String {
        self.own_token(ADMIN, &[]).await.member("access_token")
    }

    /// A request to the admin API with all scopes.
    async fn admin(&self, method: &str, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Answer {
        let method = method.parse().unwrap();
        let token = self.admin_token().await;
        let request = self
            .http
            .request(method, self.server.url(path))
            .bearer_auth(token);
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        let request = body.iter().fold(request, RequestBuilder::json);
        self.send(request).await
    }

    /// A new client with a secret, with some of its members replaced; the secret.
    async fn client(&self, id: &str, change: Value) -> String {
        let mut client = json!({
            "name": "Patient portal",
            "authentication": "client_secret",
            "grants": ["authorization_code", "client_credentials", "refresh_token"],
            "redirect_uris": [REDIRECT_URI],
            "scopes": ["openid", "fhirUser", "offline_access", "records.read", "records.write", "user/*.rs", "system/*.rs"],
            "roles": ["robot"],
            "audiences": ["records"],
        });
        for (name, value) in change.as_object().unwrap() {
            client[name] = value.clone();
        }
        let body = json!({ "id": id, "client": client });
        let create = async || {
            self.admin("POST", "/admin/clients", Some(body.clone()), &[])
                .await
        };
        let created = self.served(create).await;
        assert_eq!(created.status, 201, "{created:?}");
        created.json()["client_secret"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// A new account; its id.
    async fn user(&self, login: &str) -> String {
        let user = json!({"login": login, "roles": ["clinician"], "fhir_user": "https://fhir.example.org/Practitioner/7"});
        let body = json!({ "user": user, "password": PASSWORD });
        let create = async || self.admin("POST", "/admin/users", Some(body.clone()), &[]).await;
        let created = self.served(create).await;
        assert_eq!(created.status, 201, "{created:?}");
        created.member("id")
    }

    /// The login page for this query, and what it holds.
    async fn page(&self, query: &str) -> Page {
        let answer = self.send(self.get(&format!("/oauth2/authorize?{query}"))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        Page::of(&answer)
    }

    /// What the browser of the page sends.
    async fn log_in(&self, page: &Page, login: &str, password: &str) -> Answer {
        let pairs = [
            ("authorization_request", page.query.as_str()),
            ("form_token", page.token.as_str()),
            ("login", login),
            ("password", password),
        ];
        let request = self
            .post("/oauth2/authorize")
            .form(&pairs)
            .header("cookie", page.cookies());
        self.send(request).await
    }

    /// A code for a client, by a person who logs in with the usual password.
    async fn code(&self, query: &str, login: &str) -> String {
        let page = self.page(query).await;
        let answer = self.log_in(&page, login, PASSWORD).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        parameters(answer.header("location"))["code"].clone()
    }

    /// Tokens of somebody who logs in.
    async fn tokens(&self, client: (&str, &str), query: &str, login: &str) -> Value {
        let code = self.code(query, login).await;
        let answer = self.form("/oauth2/token", client, &redemption(&code)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    async fn refresh(&self, client: (&str, &str), token: &str) -> Answer {
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.form("/oauth2/token", client, &pairs).await
    }

    async fn introspect(&self, client: (&str, &str), token: &str) -> Value {
        let ask = async || self.form("/oauth2/introspect", client, &[("token", token)]).await;
        let answer = self.served(ask).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    fn advance(&self, seconds: i64) {
        self.hand.advance(SignedDuration::from_secs(seconds));
    }

    fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap()
    }

    /// Runs SQL as a superuser.
    fn sql(&self, sql: &str) -> String {
        self.postgres.admin(self.name(), sql).unwrap()
    }

    /// How many audit events of a type there are.
    fn audited(&self, event: &str) -> u64 {
        let sql = format!(
            "SELECT count(*) FROM audit_entry WHERE canonical::json -> 'event' ->> 'type' = '{event}'"
        );
        self.sql(&sql).trim().parse().unwrap()
    }
}

/// A login page, in a browser.
#[derive(Clone, Debug)]
struct Page {
    query: String,
    token: String,
    form_cookie: String,
    device_cookie: Option<String>,
}

impl Page {
    fn of(answer: &Answer) -> Self {
        let query = between(&answer.text, "name=\"authorization_request\" value=\"", "\"");
        Self {
            query: query.replace("&amp;", "&"),
            token: between(&answer.text, "name=\"form_token\" value=\"", "\""),
            form_cookie: set_cookie(answer, "__Host-auth-form").unwrap(),
            device_cookie: None,
        }
    }

    fn cookies(&self) -> String {
        let device = self
            .device_cookie
            .iter()
            .map(|value| format!("; __Host-auth-device={value}"));
        format!(
            "__Host-auth-form={}{}",
            self.form_cookie,
            device.collect::<String>()
        )
    }
}

/// The value of a cookie that an answer sets.
fn set_cookie(answer: &Answer, name: &str) -> Option<String> {
    let values = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|value| value.to_str().unwrap());
    let start = format!("{name}=");
    values
        .filter_map(|value| value.strip_prefix(&start))
        .map(|value| value.split(';').next().unwrap().to_owned())
        .next()
}

fn between(text: &str, start: &str, end: &str) -> String {
    let from = text
        .find(start)
        .unwrap_or_else(|| panic!("{start} is not in {text}"))
        + start.len();
    text[from..].split(end).next().unwrap().to_owned()
}

/// The parameters of a URL.
fn parameters(url: &str) -> BTreeMap<String, String> {
    let url = url::Url::parse(url).unwrap_or_else(|error| panic!("{error}: {url}"));
    url.query_pairs().into_owned().collect()
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// An authorization request as a query.
fn query(client: &str, scope: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", client)
        .append_pair("redirect_uri", REDIRECT_URI)
        .append_pair("scope", scope)
        .append_pair("state", "st4te")
        .append_pair("nonce", "n0nce")
        .append_pair("code_challenge", &challenge(VERIFIER))
        .append_pair("code_challenge_method", "S256")
        .finish()
}

fn redemption(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ]
}

/// What a JWT says.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
