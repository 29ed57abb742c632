use std::time::Duration;

use clap::Args;
use reqwest::Certificate;

use super::{BreakerLimits, BudgetLimits};
use crate::backoff::Backoff;
use crate::config::parse_duration;

/// How other services are called: an `Args` to flatten into the settings of a service.
#[derive(Args, Clone, Debug)]
pub struct HttpClientSettings {
    /// Longest a call may take, its retries and its body included
    #[arg(id = "http_client_timeout", long = "http-client-timeout", env = "HTTP_CLIENT_TIMEOUT", default_value = "10s", value_parser = parse_duration)]
    pub timeout: Duration,

    /// Longest to wait for the head of an answer before trying again
    #[arg(id = "http_client_try_timeout", long = "http-client-try-timeout", env = "HTTP_CLIENT_TRY_TIMEOUT", default_value = "3s", value_parser = parse_duration)]
    pub try_timeout: Duration,

    /// Longest to wait for a connection
    #[arg(id = "http_client_connect_timeout", long = "http-client-connect-timeout", env = "HTTP_CLIENT_CONNECT_TIMEOUT", default_value = "1s", value_parser = parse_duration)]
    pub connect_timeout: Duration,

    /// Most times an idempotent call is tried again
    #[arg(
        id = "http_client_max_retries",
        long = "http-client-max-retries",
        env = "HTTP_CLIENT_MAX_RETRIES",
        default_value = "2"
    )]
    pub max_retries: u32,

    /// Idle connections kept for each host
    #[arg(
        id = "http_client_max_idle_connections",
        long = "http-client-max-idle-connections",
        env = "HTTP_CLIENT_MAX_IDLE_CONNECTIONS",
        default_value = "32"
    )]
    pub max_idle_connections: usize,

    /// Certificates (PEM) to trust, instead of the system's
    #[arg(id = "http_client_ca_file", long = "http-client-ca-file", env = "HTTP_CLIENT_CA_FILE", value_parser = read_certificates)]
    pub(super) certificates: Option<Certificates>,

    #[arg(skip = BACKOFF)]
    /// Pauses between tries
    pub backoff: Backoff,

    /// The retry budget of each host
    #[arg(skip)]
    pub budget: BudgetLimits,

    /// The circuit breaker of each host
    #[arg(skip)]
    pub breaker: BreakerLimits,
}

/// Pauses of 50 ms and more at most, up to 2 s.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(50),
    longest: Duration::from_secs(2),
};

/// What a file of certificates holds.
pub(super) type Certificates = std::sync::Arc<[Certificate]>;

fn read_certificates(path: &str) -> Result<Certificates, String> {
    let pem = std::fs::read(path).map_err(|error| error.to_string())?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates.into()),
        _ => Err("holds no certificate (PEM)".to_owned()),
    }
}

impl Default for HttpClientSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            try_timeout: Duration::from_secs(3),
            connect_timeout: Duration::from_secs(1),
            max_retries: 2,
            max_idle_connections: 32,
            certificates: None,
            backoff: BACKOFF,
            budget: BudgetLimits::default(),
            breaker: BreakerLimits::default(),
        }
    }
}

#[cfg(test)]
mod tests;
