//! Whether a call is tried again. Pure.

use std::time::Duration;

use http::StatusCode;
use http::header::{HeaderMap, RETRY_AFTER};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::Response;

use super::error::HttpClientError;

/// What came of one try.
#[derive(Debug)]
pub(super) enum Try {
    Answered(Response),
    Failed(HttpClientError),
}

impl Try {
    pub(super) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Answered(response) => Some(response.status()),
            Self::Failed(_) => None,
        }
    }

    /// Something that may be different the next time.
    pub(super) fn is_failure(&self) -> bool {
        match self {
            Self::Answered(response) => is_passing(response.status()),
            Self::Failed(error) => !matches!(error, HttpClientError::Open { .. } | HttpClientError::Path),
        }
    }

    /// The host itself, or the way to it, is not well. 429 is our fault; 500 one of this one request's perhaps.
    pub(super) fn is_hosts_failure(&self) -> bool {
        self.is_failure() && self.status() != Some(StatusCode::TOO_MANY_REQUESTS)
    }

    pub(super) fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        match self {
            Self::Answered(response) => retry_after(response.headers(), now),
            Self::Failed(_) => None,
        }
    }

    /// The metric labels for status and error; by the semantic conventions, the status is the error from 400 on.
    pub(super) fn labels(&self) -> (String, String) {
        match self {
            Self::Answered(response) => {
                let status = response.status();
                let is_error = status.is_client_error() || status.is_server_error();
                let text = status.as_str().to_owned();
                (text.clone(), if is_error { text } else { String::new() })
            }
            Self::Failed(error) => (String::new(), error.label().to_owned()),
        }
    }

    pub(super) fn into_result(self) -> Result<Response, HttpClientError> {
        match self {
            Self::Answered(response) => Ok(response),
            Self::Failed(error) => Err(error),
        }
    }
}

/// Too many requests, or a host that is restarting, overloaded or behind a proxy that says so.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

/// What the decision depends on, beside the try itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation {
    pub(super) idempotent: bool,
    /// Retries made so far.
    pub(super) retries: u32,
    /// Retries allowed.
    pub(super) most: u32,
    /// The rest of the call's time.
    pub(super) left: Duration,
    /// The pause by back-off.
    pub(super) pause: Duration,
    /// The pause the host asks for.
    pub(super) retry_after: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// After this pause.
    After(Duration),
    /// No; why, if it could have helped.
    No(Option<&'static str>),
}

impl Retry {
    pub(super) fn decide(outcome: &Try, situation: &Situation) -> Self {
        if !outcome.is_failure() || !situation.idempotent {
            return Self::No(None);
        }
        // What the host asks for is the least.
        let pause = situation
            .retry_after
            .map_or(situation.pause, |asked| asked.max(situation.pause));
        if situation.retries >= situation.most {
            Self::No(Some("no_more"))
        } else if pause >= situation.left {
            Self::No(Some("no_time"))
        } else {
            Self::After(pause)
        }
    }
}

/// The pause of `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests;
