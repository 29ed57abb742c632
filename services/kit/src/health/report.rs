use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Status;

/// The outcome of all checks.
#[derive(Clone, Debug)]
pub struct Report {
    /// When they were run.
    pub at: Timestamp,
    /// How long all took together.
    pub took: Duration,
    /// Each check's outcome, in the order given.
    pub checks: Vec<CheckReport>,
}

/// The outcome of one check.
#[derive(Clone, Debug)]
pub struct CheckReport {
    /// The check's name.
    pub name: &'static str,
    /// What it found.
    pub status: Status,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    pub(super) fn draining(at: Timestamp) -> Self {
        let status = Status::NotReady("the process is shutting down".to_owned());
        let check = CheckReport {
            name: "shutdown",
            status,
            took: Duration::ZERO,
        };
        Self {
            at,
            took: Duration::ZERO,
            checks: vec![check],
        }
    }

    /// Whether requests should be sent here.
    pub fn is_ready(&self) -> bool {
        self.checks
            .iter()
            .all(|check| !matches!(check.status, Status::NotReady(_)))
    }

    /// 200 or 503.
    pub fn http_status(&self) -> StatusCode {
        if self.is_ready() {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }

    /// The body of `/readiness`.
    pub fn summary(&self) -> Value {
        let checks: Map<String, Value> = self
            .checks
            .iter()
            .map(|check| (check.name.to_owned(), check.status.text().into()))
            .collect();
        json!({ "ready": self.is_ready(), "checks": checks })
    }

    /// The body of `/health/ready`.
    pub fn in_full(&self) -> Value {
        let checks: Map<String, Value> = self
            .checks
            .iter()
            .map(|check| (check.name.to_owned(), check.in_full()))
            .collect();
        json!({
            "status": self.overall(),
            "timestamp": self.at,
            "duration_ms": milliseconds(self.took),
            "checks": checks,
        })
    }

    fn overall(&self) -> &'static str {
        let degraded = self
            .checks
            .iter()
            .any(|check| matches!(check.status, Status::Degraded(_)));
        match (self.is_ready(), degraded) {
            (false, _) => "DOWN",
            (true, true) => "DEGRADED",
            (true, false) => "UP",
        }
    }
}

impl CheckReport {
    fn in_full(&self) -> Value {
        let (status, detail) = match &self.status {
            Status::Ready => ("UP", None),
            Status::Degraded(detail) => ("DEGRADED", Some(detail)),
            Status::NotReady(detail) => ("DOWN", Some(detail)),
        };
        json!({ "status": status, "duration_ms": milliseconds(self.took), "detail": detail })
    }
}

impl Status {
    fn text(&self) -> String {
        match self {
            Self::Ready => "ready".to_owned(),
            Self::Degraded(detail) => format!("degraded: {detail}"),
            Self::NotReady(detail) => format!("not ready: {detail}"),
        }
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
