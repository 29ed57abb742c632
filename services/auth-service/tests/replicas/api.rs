//! What clients, people and administrators do, over HTTP; every secret that is seen is kept, to be looked for in logs.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{RequestBuilder, redirect};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::cluster::{ADMIN, Cluster};

pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const REDIRECT_URI: &str = "https://portal.example.org/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// How often somebody tries again who is told to, on a machine that does much else.
const PATIENCE: usize = 20;

/// One address of the service. Clones keep secrets together.
#[derive(Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    base: String,
    seen: Arc<Mutex<BTreeSet<String>>>,
}

/// A client and its secret.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// An answer, read.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) has_retry_after: bool,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn member(&self, name: &str) -> String {
        let json = self.json();
        let text = json[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name}: {self:?}"));
        text.to_owned()
    }

    /// It did not work now; it will when asked again.
    pub(crate) fn is_unavailable(&self) -> bool {
        self.status == 503 && self.has_retry_after
    }
}

impl Api {
    /// The service behind the proxy. Each request takes a connection of its own, and so the next replica.
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let http = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Self {
            http,
            base: cluster.issuer.clone(),
            seen: Arc::default(),
        }
    }

    /// One replica of it.
    pub(crate) fn replica(&self, cluster: &Cluster, number: usize) -> Self {
        Self {
            base: cluster.url(number),
            ..self.clone()
        }
    }

    /// All secrets so far, those that are known from the start too.
    pub(crate) fn seen(&self) -> BTreeSet<String> {
        let mut seen = self.seen.lock().unwrap().clone();
        seen.extend([PASSWORD, VERIFIER, ADMIN.1].map(str::to_owned));
        seen
    }

    pub(crate) fn see(&self, secret: &str) {
        self.seen.lock().unwrap().insert(secret.to_owned());
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.base))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(format!("{}{path}", self.base))
    }

    /// The answer, or none where the connection broke.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Option<Answer> {
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = Answer {
            status,
            has_retry_after: headers.contains_key("retry-after"),
            headers,
            text: response.text().await.ok()?,
        };
        self.keep_secrets(&answer);
        Some(answer)
    }

    fn keep_secrets(&self, answer: &Answer) {
        let json: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        for name in ["access_token", "refresh_token", "id_token", "client_secret"] {
            if let Some(secret) = json[name].as_str() {
                self.see(secret);
            }
        }
        if let Some(code) = code_of(answer) {
            self.see(&code);
        }
    }

    pub(crate) async fn form(&self, path: &str, client: &Client, pairs: &[(&str, &str)]) -> Option<Answer> {
        let (id, secret) = (encoded(&client.id), encoded(&client.secret));
        let request = self.post(path).basic_auth(id, Some(secret));
        self.send(request.form(pairs)).await
    }

    /// A token of the client's own.
    pub(crate) async fn own_token(&self, client: &Client) -> Option<Answer> {
        self.form("/oauth2/token", client, &[("grant_type", "client_credentials")])
            .await
    }

    pub(crate) async fn refresh(&self, client: &Client, token: &str) -> Option<Answer> {
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.form("/oauth2/token", client, &pairs).await
    }

    pub(crate) async fn revoke(&self, client: &Client, token: &str) -> Option<Answer> {
        self.form("/oauth2/revoke", client, &[("token", token)]).await
    }

    /// Whether it is active; none where nobody could tell.
    pub(crate) async fn is_active(&self, client: &Client, token: &str) -> Option<bool> {
        let answer = self
            .form("/oauth2/introspect", client, &[("token", token)])
            .await?;
        (answer.status == 200).then(|| answer.json()["active"] == true)
    }

    pub(crate) async fn admin_token(&self) -> String {
        let (id, secret) = (ADMIN.0.to_owned(), ADMIN.1.to_owned());
        let answer = self.own_token(&Client { id, secret }).await.unwrap();
        answer.member("access_token")
    }

    pub(crate) async fn admin(&self, path: &str, body: Option<Value>) -> Answer {
        let request = self.post(path).bearer_auth(self.admin_token().await);
        let request = body.iter().fold(request, RequestBuilder::json);
        self.send(request).await.unwrap()
    }

    /// A new client, with some of its members replaced.
    pub(crate) async fn client(&self, id: &str, change: Value) -> Client {
        let mut client = json!({
            "name": "Patient portal",
            "authentication": "client_secret",
            "grants": ["authorization_code", "client_credentials", "refresh_token"],
            "redirect_uris": [REDIRECT_URI],
            "scopes": ["openid", "fhirUser", "offline_access", "records.read", "system/*.rs"],
            "audiences": ["records"],
        });
        for (name, value) in change.as_object().unwrap() {
            client[name] = value.clone();
        }
        let body = json!({ "id": id, "client": client });
        let created = self.admin("/admin/clients", Some(body)).await;
        assert_eq!(created.status, 201, "{created:?}");
        let secret = created.json()["client_secret"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        Client {
            id: id.to_owned(),
            secret,
        }
    }

    /// A new account with the usual password.
    pub(crate) async fn user(&self, login: &str) {
        let body = json!({ "user": {"login": login, "roles": ["clinician"]}, "password": PASSWORD });
        let created = self.admin("/admin/users", Some(body)).await;
        assert_eq!(created.status, 201, "{created:?}");
    }

    /// Somebody fills in the login page, in a new browser.
    pub(crate) async fn log_in(&self, client: &Client, scope: &str, login: &str, password: &str) -> Answer {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &client.id)
            .append_pair("redirect_uri", REDIRECT_URI)
            .append_pair("scope", scope)
            .append_pair("state", "st4te")
            .append_pair(
                "code_challenge",
                &URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER)),
            )
            .append_pair("code_challenge_method", "S256")
            .finish();
        let page = self.get(&format!("/oauth2/authorize?{query}"));
        let page = self.send(page).await.unwrap();
        if page.is_unavailable() {
            return page;
        }
        assert_eq!(page.status, 200, "{page:?}");
        let cookie = page.headers["set-cookie"].to_str().unwrap();
        let pairs = [
            ("authorization_request", hidden(&page, "authorization_request")),
            ("form_token", hidden(&page, "form_token")),
            ("login", login.to_owned()),
            ("password", password.to_owned()),
        ];
        let request = self
            .post("/oauth2/authorize")
            .header("cookie", cookie.split(';').next().unwrap())
            .form(&pairs);
        self.send(request).await.unwrap()
    }

    /// A code, for somebody with the usual password, who tries again when told to.
    pub(crate) async fn code(&self, client: &Client, scope: &str, login: &str) -> String {
        let mut answer = self.log_in(client, scope, login, PASSWORD).await;
        for _ in 0..PATIENCE {
            if !answer.is_unavailable() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            answer = self.log_in(client, scope, login, PASSWORD).await;
        }
        code_of(&answer).unwrap_or_else(|| panic!("{answer:?}"))
    }

    pub(crate) async fn redeem(&self, client: &Client, code: &str) -> Option<Answer> {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        self.form("/oauth2/token", client, &pairs).await
    }

    /// Tokens of somebody with the usual password.
    pub(crate) async fn tokens(&self, client: &Client, login: &str) -> Value {
        for _ in 0..PATIENCE {
            let code = self.code(client, "records.read", login).await;
            let answer = self.redeem(client, &code).await.unwrap();
            if answer.is_unavailable() {
                continue;
            }
            assert_eq!(answer.status, 200, "{answer:?}");
            return answer.json();
        }
        panic!("never available");
    }
}

fn hidden(page: &Answer, name: &str) -> String {
    let (_, rest) = page
        .text
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap();
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

fn code_of(answer: &Answer) -> Option<String> {
    let location = answer.headers.get("location")?.to_str().ok()?;
    let url = url::Url::parse(location).ok()?;
    let code = url.query_pairs().find(|(name, _)| name == "code");
    code.map(|(_, code)| code.into_owned())
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
