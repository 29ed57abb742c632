use std::time::Duration;

use crate::error::{ErrorCode, Problem};

/// Why a call has no answer. Says nothing of URL, headers or body: they may hold PHI or tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpClientError {
    /// The host failed too often; it is left alone.
    #[error("the host failed too often and is left alone for {} ms more", retry_after.as_millis())]
    Open {
        /// When asking again makes sense.
        retry_after: Duration,
    },
    /// No answer in time.
    #[error("the host did not answer in time")]
    TimedOut,
    /// There is no connection: refused, no such host, a certificate that is not trusted.
    #[error("no connection to the host: {0}")]
    Connect(&'static str),
    /// The connection broke before the answer was there: the host may have done what it was asked.
    #[error("the connection to the host broke")]
    Broken,
    /// The path is not one below the host's.
    #[error("the path of the call does not start with a slash or leads out of the base URL")]
    Path,
}

/// Why a host cannot be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// Not a URL.
    #[error("not a URL such as https://service.namespace:8443/base")]
    Malformed,
    /// A URL with more than scheme, host, port and path.
    #[error("user, query or fragment in a base URL")]
    NotABase,
    /// TLS could not be set up.
    #[error("there are no certificates to trust; name a file of them in HTTP_CLIENT_CA_FILE")]
    Transport,
}

impl HttpClientError {
    /// Takes the kind from the library's error and leaves its text, which holds the URL.
    pub(super) fn from_transport(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        if error.is_connect() {
            return Self::Connect(connect_reason(error));
        }
        Self::Broken
    }

    /// The metric label `error_type`.
    pub(super) const fn label(&self) -> &'static str {
        match self {
            Self::Open { .. } => "breaker_open",
            Self::TimedOut => "timeout",
            Self::Connect(_) => "connect",
            Self::Broken => "broken",
            Self::Path => "path",
        }
    }
}

/// What the chain of causes says, in words of ours.
fn connect_reason(error: &reqwest::Error) -> &'static str {
    let mut cause = std::error::Error::source(error);
    let mut reason = "the connection failed";
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            reason = match io.kind() {
                std::io::ErrorKind::ConnectionRefused => "connection refused; does it run?",
                std::io::ErrorKind::InvalidData => "its certificate is not trusted; see HTTP_CLIENT_CA_FILE",
                _ => reason,
            };
        }
        let text = error.to_string();
        if text.contains("failed to lookup address information") || text == "dns error" {
            reason = "its host name is not found";
        }
        cause = error.source();
    }
    reason
}

/// What the caller is told: 503, for asking again may help.
impl From<HttpClientError> for Problem {
    fn from(error: HttpClientError) -> Self {
        match &error {
            HttpClientError::Path => {
                tracing::error!(%error, "call to another service");
                Self::internal()
            }
            HttpClientError::TimedOut => {
                tracing::warn!(%error, "call to another service");
                Self::new(
                    ErrorCode::Timeout,
                    "Another service did not answer in time; try again later.",
                )
            }
            _ => {
                tracing::warn!(%error, "call to another service");
                Self::new(
                    ErrorCode::Unavailable,
                    "Another service cannot be reached; try again later.",
                )
            }
        }
    }
}
