//! Prometheus's HTTP API: instant queries (<https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries>).

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::try_join;
use http::HeaderValue;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Certificate, Client, RequestBuilder, Response, Url, redirect};
use tokio::time::timeout;

use crate::analysis::{Limits, Measured, Queries, Verdict};

mod answer;
mod error;

pub use error::{PrometheusError, SettingsError};

/// Largest answer that is read. A single value takes some hundred bytes.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Largest token file that is read.
const MAX_TOKEN_BYTES: u64 = 64 * 1024;

/// Where Prometheus is, and how to ask it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrometheusSettings {
    /// Base URL, with the prefix of `--web.route-prefix` where there is one.
    pub url: String,
    /// File with a bearer token, read anew for each query: such tokens expire and are replaced.
    pub token_file: Option<PathBuf>,
    /// File of certificates (PEM) to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// Longest time for a query, the answer's body included.
    pub deadline: Duration,
}

/// A client. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Prometheus {
    client: Client,
    query: Url,
    token_file: Option<PathBuf>,
    deadline: Duration,
}

impl Prometheus {
    /// Sets the client up; nothing is asked yet.
    ///
    /// # Errors
    /// When the URL is none, or certificates cannot be read.
    pub fn new(settings: PrometheusSettings) -> Result<Self, SettingsError> {
        let PrometheusSettings {
            url,
            token_file,
            ca_file,
            deadline,
        } = settings;
        let query = endpoint(&url)?;
        Ok(Self {
            client: transport(&query, ca_file, deadline)?,
            query,
            token_file,
            deadline,
        })
    }

    /// The one value of an expression as of now. None when there is no data: no series, or a value that is not a number
    /// or infinite.
    ///
    /// # Errors
    /// Everything else; see [`PrometheusError`].
    pub async fn value(&self, expression: &str) -> Result<Option<f64>, PrometheusError> {
        timeout(self.deadline, self.ask(expression))
            .await
            .unwrap_or(Err(PrometheusError::TimedOut { after: self.deadline }))
    }

    /// One measurement.
    ///
    /// # Errors
    /// When one of the queries fails.
    pub async fn measure(&self, queries: &Queries) -> Result<Measured, PrometheusError> {
        let Queries {
            requests,
            failed,
            latency_seconds,
        } = queries;
        let (requests, failed, latency_seconds) = try_join!(
            self.value(requests),
            self.value(failed),
            self.value(latency_seconds)
        )?;
        Ok(Measured {
            requests,
            failed,
            latency_seconds,
        })
    }

    /// One measurement, judged. That Prometheus does not answer is missing data.
    pub async fn verdict(&self, queries: &Queries, limits: &Limits) -> Verdict {
        match self.measure(queries).await {
            Ok(measured) => limits.judge(&measured),
            Err(error) => Verdict::NoData {
                message: error.to_string(),
            },
        }
    }

    async fn ask(&self, expression: &str) -> Result<Option<f64>, PrometheusError> {
        let request = self.authorized(self.request(expression)).await?;
        let response = request
            .send()
            .await
            .map_err(|error| PrometheusError::from_transport(&error, self.deadline))?;
        let status = response.status();
        let body = self.body(response).await?;
        answer::value(status, &body)
    }

    /// By POST, so that no expression is too long for a URL. Prometheus gives up by itself at the same time as we do.
    fn request(&self, expression: &str) -> RequestBuilder {
        let mut form = self.query.clone();
        let limit = format!("{}ms", self.deadline.as_millis());
        form.query_pairs_mut()
            .append_pair("query", expression)
            .append_pair("timeout", &limit);
        self.client
            .post(self.query.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(form.query().unwrap_or_default().to_owned())
    }

    async fn authorized(&self, request: RequestBuilder) -> Result<RequestBuilder, PrometheusError> {
        let Some(path) = self.token_file.clone() else {
            return Ok(request);
        };
        let read = tokio::task::spawn_blocking(move || token(&path)).await;
        let token = read.map_err(|error| PrometheusError::Token(error.to_string()))??;
        Ok(request.header(AUTHORIZATION, token))
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, PrometheusError> {
        let mut body = Vec::new();
        loop {
            let chunk = response.chunk().await;
            match chunk.map_err(|error| PrometheusError::from_transport(&error, self.deadline))? {
                None => return Ok(body),
                Some(chunk) if body.len() + chunk.len() > MAX_ANSWER_BYTES => {
                    return Err(PrometheusError::TooLarge {
                        most: MAX_ANSWER_BYTES,
                    });
                }
                Some(chunk) => body.extend_from_slice(&chunk),
            }
        }
    }
}

fn endpoint(base: &str) -> Result<Url, SettingsError> {
    let mut url = Url::parse(base).map_err(|_| SettingsError::Malformed)?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(SettingsError::Malformed);
    }
    if url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err(SettingsError::NotABase);
    }
    let prefix = url.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{prefix}/api/v1/query"));
    Ok(url)
}

/// Follows no redirect: another host must not get the token.
fn transport(url: &Url, ca_file: Option<PathBuf>, deadline: Duration) -> Result<Client, SettingsError> {
    let builder = Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(deadline)
        .pool_idle_timeout(Duration::from_mins(1))
        .pool_max_idle_per_host(8);
    let builder = match ca_file {
        Some(path) => builder.tls_certs_only(certificates(&path)?),
        None if url.scheme() == "https" => builder,
        // Those of the system need not be there: images from scratch have none.
        None => builder.tls_certs_only([]),
    };
    builder.build().map_err(|_| SettingsError::Transport)
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, SettingsError> {
    let pem = std::fs::read(path).map_err(|error| SettingsError::Certificates(error.to_string()))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(SettingsError::Certificates(
            "holds no certificate (PEM)".to_owned(),
        )),
    }
}

/// The header of the token in a file.
fn token(path: &Path) -> Result<HeaderValue, PrometheusError> {
    let told = |problem: String| PrometheusError::Token(format!("{}: {problem}", path.display()));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| told(error.to_string()))?;
    file.take(MAX_TOKEN_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| told(error.to_string()))?;
    let token = text.trim();
    if token.is_empty() {
        return Err(told("is empty".to_owned()));
    }
    let mut header =
        HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| told("holds no token".to_owned()))?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests;
