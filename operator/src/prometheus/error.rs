//! Why there is no answer.

use std::error::Error;
use std::io;
use std::time::Duration;

use thiserror::Error;

/// Why Prometheus cannot be asked at all.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SettingsError {
    /// Not a URL.
    #[error("--prometheus-url is not a URL such as http://prometheus.monitoring:9090")]
    Malformed,
    /// A URL with more than scheme, host, port and path.
    #[error(
        "--prometheus-url holds a user, query or fragment: name a token file instead, and leave the rest out"
    )]
    NotABase,
    /// Certificates cannot be read.
    #[error("--prometheus-ca-file: {0}")]
    Certificates(String),
    /// TLS could not be set up.
    #[error(
        "there are no certificates to trust for --prometheus-url; name a file of them with --prometheus-ca-file"
    )]
    Transport,
}

/// Why a query has no answer. Says nothing of headers: they hold a token.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PrometheusError {
    /// The bearer token cannot be read.
    #[error("the token for Prometheus cannot be read: {0}")]
    Token(String),
    /// There is no connection, or it broke.
    #[error("Prometheus cannot be reached: {0}")]
    Unreachable(&'static str),
    /// No answer in time, from us or by its own clock.
    #[error("Prometheus did not answer within {} ms", after.as_millis())]
    TimedOut {
        /// The time it had.
        after: Duration,
    },
    /// Prometheus answered that it does not answer.
    #[error("Prometheus refused the query with status {status}: {error_type}: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// `bad_data`, `timeout`, `execution` and so on.
        error_type: String,
        /// What it says, its beginning.
        message: String,
    },
    /// The answer is not one of Prometheus.
    #[error("what answers with status {status} is not Prometheus: check the URL and its path prefix")]
    NotPrometheus {
        /// HTTP status.
        status: u16,
    },
    /// More than a value can take.
    #[error("Prometheus answered with more than {most} bytes")]
    TooLarge {
        /// Bytes that are read.
        most: usize,
    },
    /// More than one value.
    #[error("Prometheus answered with {0} values in place of one")]
    Ambiguous(usize),
}

impl PrometheusError {
    /// Takes the kind from the library's error and leaves its text, which holds the URL.
    pub(super) fn from_transport(error: &reqwest::Error, deadline: Duration) -> Self {
        if error.is_timeout() {
            return Self::TimedOut { after: deadline };
        }
        Self::Unreachable(reason(error))
    }
}

/// What the chain of causes says, in words of ours.
fn reason(error: &reqwest::Error) -> &'static str {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    for cause in causes {
        match cause.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => return "connection refused; does it run?",
            Some(io::ErrorKind::InvalidData) => {
                return "its certificate is not trusted; see --prometheus-ca-file";
            }
            _ if cause.to_string() == "dns error" => return "its host name is not found",
            _ => {}
        }
    }
    if error.is_connect() {
        "the connection failed"
    } else {
        "the connection broke"
    }
}
