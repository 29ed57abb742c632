//! Calls to other services: in time, repeated where that is safe, spared where the other side is down.
//!
//! ```ignore
//! let clients = HttpClient::new(settings.http_client, context)?;
//! let records = clients.upstream(&settings.records_url)?;
//! let response = records.send(Call::get(&format!("/records/{id}"))).await?;
//! ```
//!
//! A call never outlasts the request it is made for ([`deadline`](crate::deadline)), its body included. Idempotent ones are
//! tried again after failures that may pass, as far as time and the host's retry budget allow. A host that keeps failing
//! is left alone for a while (circuit breaker): calls fail at once.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::{Response, Url, redirect};
use tracing::{Instrument, Span};

use crate::telemetry::propagation;
use crate::{Clock, Context, backoff, deadline};

mod attempt;
mod breaker;
mod budget;
mod call;
mod config;
mod error;
mod metrics;
mod retry;

use attempt::Attempt;
pub use breaker::{Breaker, BreakerLimits, BreakerState, Pass};
pub use budget::{BudgetLimits, RetryBudget};
pub use call::Call;
pub use config::HttpClientSettings;
pub use error::{HttpClientError, UpstreamError};
use metrics::ClientMetrics;
use retry::{Retry, Try};

/// Makes the clients of a service, one for each host it calls.
#[derive(Clone, Debug)]
pub struct HttpClient {
    settings: HttpClientSettings,
    metrics: ClientMetrics,
    clock: Clock,
}

impl HttpClient {
    /// Registers the metrics. A process has one.
    pub fn new(settings: HttpClientSettings, context: &Context) -> Result<Self, prometheus::Error> {
        Ok(Self {
            settings,
            metrics: ClientMetrics::new(&context.registry)?,
            clock: context.clock.clone(),
        })
    }

    /// The client for a host, with a connection pool, a breaker and a retry budget of its own. `base` is a setting:
    /// its host is a metric label. Paths of calls are appended to its path.
    pub fn upstream(&self, base: &str) -> Result<Upstream, UpstreamError> {
        let base = Url::parse(base).map_err(|_| UpstreamError::Malformed)?;
        let host = base
            .host_str()
            .filter(|_| matches!(base.scheme(), "http" | "https"));
        let label = match (host.ok_or(UpstreamError::Malformed)?, base.port()) {
            (host, Some(port)) => format!("{host}:{port}"),
            (host, None) => host.to_owned(),
        };
        if base.query().is_some() || base.fragment().is_some() || !base.username().is_empty() {
            return Err(UpstreamError::NotABase);
        }
        let upstream = Upstream(Arc::new(Inner {
            client: self.transport(&base)?,
            guards: Mutex::new(Guards {
                breaker: Breaker::new(self.settings.breaker),
                budget: RetryBudget::new(self.settings.budget, Instant::now()),
            }),
            settings: self.settings.clone(),
            metrics: self.metrics.clone(),
            clock: self.clock.clone(),
            base,
            label,
        }));
        upstream.tell_state(BreakerState::Closed);
        Ok(upstream)
    }

    /// Follows no redirect: headers may hold a token, and another host has no breaker.
    fn transport(&self, base: &Url) -> Result<reqwest::Client, UpstreamError> {
        let builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .connect_timeout(self.settings.connect_timeout)
            .pool_idle_timeout(Duration::from_mins(1))
            .pool_max_idle_per_host(self.settings.max_idle_connections);
        let builder = match &self.settings.certificates {
            Some(certificates) => builder.tls_certs_only(certificates.iter().cloned()),
            None if base.scheme() == "https" => builder,
            // Those of the system need not be read, nor be there.
            None => builder.tls_certs_only([]),
        };
        builder.build().map_err(|_| UpstreamError::Transport)
    }
}

/// A host that this service calls. Clones share its connections, breaker and budget.
#[derive(Clone, Debug)]
pub struct Upstream(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: reqwest::Client,
    guards: Mutex<Guards>,
    settings: HttpClientSettings,
    metrics: ClientMetrics,
    clock: Clock,
    base: Url,
    label: String,
}

#[derive(Debug)]
struct Guards {
    breaker: Breaker,
    budget: RetryBudget,
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.label)
    }
}

impl Upstream {
    /// Sends the call and gives the answer's head; its body is read within the same time. An answer is an answer,
    /// whatever its status: `Err` means that there is none.
    pub async fn send(&self, call: Call) -> Result<Response, HttpClientError> {
        let settings = &self.0.settings;
        let limit = call.limit().unwrap_or(settings.timeout);
        let ends = Instant::now() + deadline::at_most(limit);
        let url = call.url(&self.0.base).ok_or(HttpClientError::Path)?;
        self.guards(|guards, now| guards.budget.deposit(now));
        let mut retries = 0;
        loop {
            let outcome = self.attempt(&call, &url, ends, retries).await;
            if retries > 0 {
                self.retried(if outcome.is_failure() {
                    "failure"
                } else {
                    "success"
                });
            }
            let pause = match self.judge(&call, &outcome, retries, ends) {
                Retry::After(pause) => pause,
                Retry::No(reason) => {
                    if let Some(reason) = reason {
                        self.retried(reason);
                    }
                    return outcome.into_result();
                }
            };
            tokio::time::sleep(pause).await;
            retries += 1;
        }
    }

    /// Whether to try again. The budget is asked last, for it pays.
    fn judge(&self, call: &Call, outcome: &Try, retries: u32, ends: Instant) -> Retry {
        let settings = &self.0.settings;
        let retry = Retry::decide(
            outcome,
            &retry::Situation {
                idempotent: call.is_idempotent(),
                retries,
                most: settings.max_retries,
                left: ends.saturating_duration_since(Instant::now()),
                pause: settings.backoff.pause(retries, backoff::chance()),
                retry_after: outcome.retry_after(self.0.clock.now()),
            },
        );
        match retry {
            Retry::After(_) if !self.guards(|guards, now| guards.budget.withdraw(now)) => {
                Retry::No(Some("no_budget"))
            }
            decided => decided,
        }
    }

    /// One request over the wire, with a span of its own.
    async fn attempt(&self, call: &Call, url: &Url, ends: Instant, retries: u32) -> Try {
        let pass = match self.guards(|guards, now| guards.breaker.admit(now)) {
            Ok(pass) => pass,
            Err(retry_after) => {
                self.tell_state(BreakerState::Open);
                return Try::Failed(HttpClientError::Open { retry_after });
            }
        };
        let left = ends.saturating_duration_since(Instant::now());
        if left.is_zero() {
            self.guards(|guards, _| guards.breaker.release(pass));
            return Try::Failed(HttpClientError::TimedOut);
        }
        let attempt = Attempt::start(self, call, pass, retries);
        let span = attempt.span();
        let outcome = self.exchange(call, url, left).instrument(span).await;
        attempt.finish(&outcome);
        outcome
    }

    async fn exchange(&self, call: &Call, url: &Url, left: Duration) -> Try {
        let mut request = call.request(url.clone());
        // The body may take what is left; the head less, so that there is time for another try.
        *request.timeout_mut() = Some(left);
        propagation::inject(request.headers_mut());
        let head_limit = self.0.settings.try_timeout.min(left);
        match tokio::time::timeout(head_limit, self.0.client.execute(request)).await {
            Ok(Ok(response)) => Try::Answered(response),
            Ok(Err(error)) => Try::Failed(HttpClientError::from_transport(&error)),
            Err(_) => Try::Failed(HttpClientError::TimedOut),
        }
    }

    fn retried(&self, outcome: &'static str) {
        self.0.metrics.retried(&self.0.label, outcome);
    }

    fn tell_state(&self, state: BreakerState) {
        self.0.metrics.breaker(&self.0.label, state);
    }

    /// Uses breaker and budget; never across an await.
    fn guards<T>(&self, using: impl FnOnce(&mut Guards, Instant) -> T) -> T {
        using(
            &mut self.0.guards.lock().unwrap_or_else(PoisonError::into_inner),
            Instant::now(),
        )
    }
}

/// The client span by the semantic conventions; without the URL, which may name a patient.
fn span(call: &Call, host: &str, retries: u32) -> Span {
    use tracing_opentelemetry::OpenTelemetrySpanExt;
    let method = call.method_label();
    let span = tracing::info_span!(
        "call",
        otel.name = format!("{method} {host}"),
        otel.kind = "client"
    );
    span.set_attribute("http.request.method", method);
    span.set_attribute("server.address", host.to_owned());
    if retries > 0 {
        span.set_attribute("http.request.resend_count", i64::from(retries));
    }
    span
}

#[cfg(test)]
mod tests;
