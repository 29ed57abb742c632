use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgMatches, Args, FromArgMatches};
use prometheus::Registry;
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, TlsCertificates};
use secrecy::{ExposeSecret, SecretString};

use super::Redis;
use crate::config::{checked_args, parse_duration};

/// As written. The URL may hold a password, and is never parsed by clap, whose errors quote values.
#[derive(Args, Debug)]
#[group(skip)]
#[expect(clippy::struct_field_names, reason = "the flags are named after the fields")]
struct Written {
    /// Redis shared by all replicas: redis://host:port/database, or rediss:// for TLS
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    redis_url: Option<SecretString>,

    /// File with the password of Redis
    #[arg(long, env = "REDIS_PASSWORD_FILE")]
    redis_password_file: Option<PathBuf>,

    /// File with the certificates (PEM) of the authorities that may vouch for Redis
    #[arg(long, env = "REDIS_CA_FILE")]
    redis_ca_file: Option<PathBuf>,

    /// Longest a request waits for Redis
    #[arg(long, env = "REDIS_TIMEOUT", default_value = "20ms", value_parser = parse_duration)]
    redis_timeout: Duration,
}

/// The settings of Redis, read and checked: an `Args` to flatten into others.
#[derive(Clone, Debug, Default)]
pub struct RedisConfig {
    /// `None` without `REDIS_URL`.
    pub redis: Option<RedisSettings>,
}

/// How to reach a Redis.
#[derive(Clone)]
pub struct RedisSettings {
    pub(super) client: Client,
    /// Longest an operation may take.
    pub deadline: Duration,
}

impl RedisConfig {
    /// Begins to connect, where there is a Redis; within a Tokio runtime.
    pub fn connect(&self, registry: &Registry) -> Result<Option<Redis>, prometheus::Error> {
        let settings = self.redis.clone();
        settings
            .map(|settings| Redis::connect(settings, registry))
            .transpose()
    }

    /// The settings, or every mistake in them.
    pub(crate) fn read(matches: &ArgMatches) -> Result<Result<Self, Vec<String>>, clap::Error> {
        Written::from_arg_matches(matches).map(Written::read)
    }
}

impl RedisSettings {
    /// The same with another deadline.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Redis at `url`, with a deadline of 20 ms. Errors do not repeat the URL, which may hold a password.
    pub fn new(url: &str) -> Result<Self, String> {
        Self::from_info(url.into_connection_info().map_err(|_| not_a_url())?, None)
    }

    fn from_info(info: ConnectionInfo, ca: Option<Vec<u8>>) -> Result<Self, String> {
        let certificates = TlsCertificates {
            client_tls: None,
            root_cert: ca,
        };
        let client = match info.addr() {
            ConnectionAddr::TcpTls { .. } => Client::build_with_tls(info, certificates)
                .map_err(|error| format!("REDIS_CA_FILE: {}", error.category()))?,
            _ => Client::open(info).map_err(|_| not_a_url())?,
        };
        Ok(Self {
            client,
            deadline: Duration::from_millis(20),
        })
    }
}

impl std::fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisSettings")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

fn not_a_url() -> String {
    "REDIS_URL: not a URL of the form redis://host:port/database or rediss://host:port/database".to_owned()
}

checked_args!(RedisConfig: Written);

impl Written {
    fn read(self) -> Result<RedisConfig, Vec<String>> {
        let info = self
            .redis_url
            .as_ref()
            .map(|url| parse(url.expose_secret()))
            .transpose();
        let password = read(self.redis_password_file.as_deref(), "REDIS_PASSWORD_FILE");
        let ca = read(self.redis_ca_file.as_deref(), "REDIS_CA_FILE");
        let timeout = at_least_a_millisecond(self.redis_timeout);
        match (info, password, ca, timeout) {
            (Ok(Some(info)), Ok(password), Ok(ca), Ok(deadline)) => {
                let info = with_password(info, password.as_deref()).map_err(|mistake| vec![mistake])?;
                let settings = RedisSettings::from_info(info, ca).map_err(|mistake| vec![mistake])?;
                Ok(RedisConfig {
                    redis: Some(RedisSettings { deadline, ..settings }),
                })
            }
            (Ok(None), Ok(_), Ok(_), Ok(_)) => Ok(RedisConfig::default()),
            (info, password, ca, timeout) => Err([info.err(), password.err(), ca.err(), timeout.err()]
                .into_iter()
                .flatten()
                .collect()),
        }
    }
}

fn parse(url: &str) -> Result<ConnectionInfo, String> {
    url.into_connection_info().map_err(|_| not_a_url())
}

fn read(path: Option<&Path>, name: &str) -> Result<Option<Vec<u8>>, String> {
    path.map(std::fs::read)
        .transpose()
        .map_err(|error| format!("{name}: {error}"))
}

fn at_least_a_millisecond(timeout: Duration) -> Result<Duration, String> {
    if timeout < Duration::from_millis(1) {
        return Err("REDIS_TIMEOUT: at least 1ms".to_owned());
    }
    Ok(timeout)
}

fn with_password(info: ConnectionInfo, password: Option<&[u8]>) -> Result<ConnectionInfo, String> {
    let Some(password) = password else { return Ok(info) };
    let password =
        std::str::from_utf8(password).map_err(|_| "REDIS_PASSWORD_FILE: not UTF-8 text".to_owned())?;
    let settings = info
        .redis_settings()
        .clone()
        .set_password(password.trim_end_matches(['\r', '\n']));
    Ok(info.set_redis_settings(settings))
}

#[cfg(test)]
mod tests;
