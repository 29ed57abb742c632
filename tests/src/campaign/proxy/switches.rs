//! Which faults a proxy injects at the moment.

use hyper::Response;
use serde_json::json;

use super::super::fault::Fault;
use super::{Answer, full};

/// Shares are percent of requests; 0 is off.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switches {
    /// Nothing passes, in either direction.
    pub(crate) cut_off: bool,
    /// Requests that are never answered.
    pub(crate) hang: u8,
    /// Requests that are held back for up to three seconds.
    pub(crate) slow: u8,
    /// Writes whose connection breaks before the answer.
    pub(crate) lose: u8,
    /// Requests that are refused.
    pub(crate) refuse: Option<Refusal>,
    /// Watches that are refused.
    pub(crate) gone: Option<Gone>,
    /// How often all watches were cut.
    pub(crate) cut: u64,
}

/// How the proxy refuses in the API server's name.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    /// 409, 429, or 500 and 503.
    pub(crate) fault: Fault,
    /// Share of requests.
    pub(crate) percent: u8,
}

/// How a watch is told that its resourceVersion is too old.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gone {
    /// Status 410.
    Code,
    /// An event ERROR in an answer of status 200.
    Event,
    /// Either.
    Both,
}

impl Refusal {
    pub(super) fn is_for(&self, write: bool) -> bool {
        write || self.fault != Fault::Conflicts
    }

    /// Code and answer; `first` chooses where there are two.
    pub(super) fn answer(&self, first: bool) -> (u16, Answer) {
        let (code, reason) = match self.fault {
            Fault::Conflicts => (409, "Conflict"),
            Fault::TooManyRequests => (429, "TooManyRequests"),
            _ if first => (500, "InternalError"),
            _ => (503, "ServiceUnavailable"),
        };
        (code, answer(code, status(code, reason).to_string()))
    }
}

/// Tells a watch that it is too old.
pub(super) fn gone(gone: Gone, first: bool) -> Answer {
    let too_old = status(410, "Expired");
    if matches!(gone, Gone::Code) || matches!(gone, Gone::Both) && first {
        return answer(410, too_old.to_string());
    }
    let event = json!({"type": "ERROR", "object": too_old});
    answer(200, format!("{event}\n"))
}

fn status(code: u16, reason: &str) -> serde_json::Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code, "reason": reason,
        "message": format!("{reason}, injected by the fault campaign"),
    })
}

fn answer(code: u16, body: String) -> Answer {
    let mut answer = Response::new(full(body));
    *answer.status_mut() = hyper::StatusCode::from_u16(code).unwrap_or_default();
    let json = hyper::header::HeaderValue::from_static("application/json");
    answer.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
    if code == 429 {
        let second = hyper::header::HeaderValue::from_static("1");
        answer.headers_mut().insert(hyper::header::RETRY_AFTER, second);
    }
    answer
}
