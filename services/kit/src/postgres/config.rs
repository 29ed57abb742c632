//! The settings of [`Database`](super::Database): an `Args` to flatten into those of a service.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::{ArgMatches, Args, FromArgMatches};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::config::{checked_args, parse_duration};

/// How much longer than the server we wait for a statement: its own time-out is the better error.
const GRACE: Duration = Duration::from_secs(1);

/// As written; what is in files is not read yet. The URL is never parsed by clap, whose errors quote values.
#[derive(Args, Debug)]
#[expect(
    clippy::struct_field_names,
    reason = "flags and variables are named after the fields"
)]
struct Written {
    /// postgres://user:password@host:port/database; better as a file
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<SecretString>,

    /// File with the URL; read again when the server rejects what it said before
    #[arg(long, env = "DATABASE_URL_FILE")]
    database_url_file: Option<PathBuf>,

    /// Certificates (PEM) that the server's one may be signed by, beside the public ones
    #[arg(long, env = "DATABASE_CA_FILE")]
    database_ca_file: Option<PathBuf>,

    /// Most connections this process holds
    #[arg(long, env = "DATABASE_MAX_CONNECTIONS", default_value = "10", value_parser = clap::value_parser!(u32).range(1..=1000))]
    database_max_connections: u32,

    /// Longest to wait for a connection
    #[arg(long, env = "DATABASE_ACQUIRE_TIMEOUT", default_value = "2s", value_parser = parse_duration)]
    database_acquire_timeout: Duration,

    /// Longest a statement may take
    #[arg(long, env = "DATABASE_STATEMENT_TIMEOUT", default_value = "5s", value_parser = parse_duration)]
    database_statement_timeout: Duration,

    /// Longest a transaction may take, its repetitions included
    #[arg(long, env = "DATABASE_TRANSACTION_TIMEOUT", default_value = "15s", value_parser = parse_duration)]
    database_transaction_timeout: Duration,

    /// Longest the migrations may take, the wait for other replicas' included
    #[arg(long, env = "DATABASE_MIGRATION_TIMEOUT", default_value = "5m", value_parser = parse_duration)]
    database_migration_timeout: Duration,
}

/// The settings of a database, read and checked: a service with a wrong one does not start (exit code 78).
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    target: Target,
    source: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    /// Most connections this process holds.
    pub max_connections: u32,
    /// Longest to wait for a connection.
    pub acquire_timeout: Duration,
    /// Longest a statement may take.
    pub statement_timeout: Duration,
    /// Longest a transaction may take, its repetitions included.
    pub transaction_timeout: Duration,
    /// Longest the migrations may take, the wait for other replicas' included.
    pub migration_timeout: Duration,
}

/// Which database. Its `Debug` says nothing: it holds the password.
#[derive(Clone)]
struct Target(PgConnectOptions);

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Target(..)")
    }
}

/// What is wrong with a URL. The texts quote nothing of it: any part may be a part of the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not a URL of the kind.
    #[error("not a URL such as postgres://user:password@host:5432/database")]
    Malformed,
    /// A parameter that sqlx does not know.
    #[error(
        "a query parameter is not known; known are sslmode, sslrootcert, sslcert, sslkey, host, hostaddr, port, \
         dbname, user, password, application_name, options and statement-cache-capacity"
    )]
    UnknownParameter,
    /// `prefer` and `allow`.
    #[error("sslmode: take verify-full; with prefer and allow, whoever is between can switch encryption off")]
    OptionalTls,
}

impl DatabaseSettings {
    /// The settings, or every mistake in them.
    fn read(matches: &ArgMatches) -> Result<Result<Self, Vec<String>>, clap::Error> {
        Written::from_arg_matches(matches).map(Written::read)
    }

    /// Usual settings for the database of the URL.
    pub fn of(url: &SecretString) -> Result<Self, UrlError> {
        Ok(Self::usual(Target::parse(url.expose_secret())?, None))
    }

    /// Usual settings for the database of the URL in a file, which is read again when the server rejects us.
    pub fn from_file(path: &Path) -> Result<Self, String> {
        Ok(Self::usual(read_target(path)?, Some(path.to_owned())))
    }

    const fn usual(target: Target, source: Option<PathBuf>) -> Self {
        Self {
            target,
            source,
            ca_file: None,
            max_connections: 10,
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            transaction_timeout: Duration::from_secs(15),
            migration_timeout: Duration::from_mins(5),
        }
    }

    /// The longest a single operation may take, seen from here.
    pub(super) const fn operation_limit(&self) -> Duration {
        self.statement_timeout.saturating_add(GRACE)
    }

    /// How to connect for the service's own statements.
    pub(super) fn connect_options(&self) -> PgConnectOptions {
        self.options().options([
            ("statement_timeout", milliseconds(self.statement_timeout)),
            (
                "idle_in_transaction_session_timeout",
                milliseconds(self.transaction_timeout),
            ),
        ])
    }

    /// How to connect for the migrations, whose statements may take long.
    pub(super) fn migration_options(&self) -> PgConnectOptions {
        self.options().options([
            ("statement_timeout", milliseconds(self.migration_timeout)),
            (
                "idle_in_transaction_session_timeout",
                milliseconds(self.migration_timeout),
            ),
        ])
    }

    fn options(&self) -> PgConnectOptions {
        let options = self.target.0.clone().disable_statement_logging().options([
            // Notices quote values, and would be logged.
            ("client_min_messages", "error"),
            // The server notices within seconds that nobody waits for a statement any more.
            ("client_connection_check_interval", "5s"),
        ]);
        match &self.ca_file {
            Some(path) => options.ssl_root_cert(path),
            None => options,
        }
    }

    /// Reads the URL's file again; whether it says something else now. A file that is wrong now changes nothing.
    pub(super) fn reread(&mut self) -> bool {
        let read = self.source.as_deref().and_then(|path| read_target(path).ok());
        match read {
            Some(target) if !target.is(&self.target) => {
                self.target = target;
                true
            }
            _ => false,
        }
    }

    /// The database's name, for spans.
    pub(super) fn database(&self) -> &str {
        self.target.0.get_database().unwrap_or_default()
    }
}

impl Target {
    /// Without an `sslmode`, servers elsewhere must prove who they are; connections within this machine are not
    /// encrypted.
    fn parse(text: &str) -> Result<Self, UrlError> {
        let url = Url::parse(text).map_err(|_| UrlError::Malformed)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(UrlError::Malformed);
        }
        if !url.query_pairs().all(|(key, _)| is_known(&key)) {
            return Err(UrlError::UnknownParameter);
        }
        let options = PgConnectOptions::from_str(text).map_err(|_| UrlError::Malformed)?;
        let says_mode = url
            .query_pairs()
            .any(|(key, _)| matches!(&*key, "sslmode" | "ssl-mode"));
        let mode = match options.get_ssl_mode() {
            _ if !says_mode && is_local(&options) => PgSslMode::Disable,
            _ if !says_mode => PgSslMode::VerifyFull,
            PgSslMode::Prefer | PgSslMode::Allow => return Err(UrlError::OptionalTls),
            mode => mode,
        };
        Ok(Self(options.ssl_mode(mode)))
    }

    fn is(&self, other: &Self) -> bool {
        self.0.to_url_lossy() == other.0.to_url_lossy()
    }
}

fn is_known(key: &str) -> bool {
    const KNOWN: [&str; 18] = [
        "sslmode",
        "ssl-mode",
        "sslrootcert",
        "ssl-root-cert",
        "ssl-ca",
        "sslcert",
        "ssl-cert",
        "sslkey",
        "ssl-key",
        "host",
        "hostaddr",
        "port",
        "dbname",
        "user",
        "password",
        "application_name",
        "options",
        "statement-cache-capacity",
    ];
    KNOWN.contains(&key) || key.starts_with("options[")
}

fn is_local(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// PostgreSQL's settings take whole milliseconds, and zero for "no limit".
fn milliseconds(limit: Duration) -> String {
    limit.as_millis().clamp(1, 2_000_000_000).to_string()
}

fn read_target(path: &Path) -> Result<Target, String> {
    let text = std::fs::read_to_string(path)
        .map(SecretString::from)
        .map_err(|error| error.to_string())?;
    Target::parse(text.expose_secret().trim()).map_err(|error| error.to_string())
}

checked_args!(DatabaseSettings: Written);

impl Written {
    /// Reads the files and checks it all; every mistake is told.
    fn read(self) -> Result<DatabaseSettings, Vec<String>> {
        let target = match (&self.database_url, &self.database_url_file) {
            (Some(url), None) => {
                Target::parse(url.expose_secret()).map_err(|error| format!("DATABASE_URL: {error}"))
            }
            (None, Some(path)) => read_target(path).map_err(|error| format!("DATABASE_URL_FILE: {error}")),
            (None, None) => Err("DATABASE_URL_FILE (or DATABASE_URL): set one of them".to_owned()),
            (Some(_), Some(_)) => {
                Err("DATABASE_URL, DATABASE_URL_FILE: set one of them, not both".to_owned())
            }
        };
        let ca = self
            .database_ca_file
            .as_deref()
            .map_or(Ok(()), check_certificates);
        match (target, ca) {
            (Ok(target), Ok(())) => Ok(self.with(target)),
            (target, ca) => Err(target.err().into_iter().chain(ca.err()).collect()),
        }
    }

    fn with(self, target: Target) -> DatabaseSettings {
        DatabaseSettings {
            target,
            source: self.database_url_file,
            ca_file: self.database_ca_file,
            max_connections: self.database_max_connections,
            acquire_timeout: self.database_acquire_timeout,
            statement_timeout: self.database_statement_timeout,
            transaction_timeout: self.database_transaction_timeout,
            migration_timeout: self.database_migration_timeout,
        }
    }
}

fn check_certificates(path: &Path) -> Result<(), String> {
    let pem = std::fs::read(path).map_err(|error| format!("DATABASE_CA_FILE: {error}"))?;
    match reqwest::Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(()),
        _ => Err("DATABASE_CA_FILE: holds no certificate (PEM)".to_owned()),
    }
}

#[cfg(test)]
mod tests;
