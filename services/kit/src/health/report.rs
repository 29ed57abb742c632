use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

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

/// The body of `/readiness`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether requests should be sent here.
    pub ready: bool,
    /// `ready`, `degraded: …` or `not ready: …`, by check.
    pub checks: BTreeMap<&'static str, String>,
}

/// The body of `/health/ready`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReadinessInFull {
    /// The worst of the checks.
    pub status: Level,
    /// When they were run.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// How long all took together, milliseconds.
    pub duration_ms: f64,
    /// Each check's outcome.
    pub checks: BTreeMap<&'static str, CheckInFull>,
}

/// One check of `/health/ready`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckInFull {
    /// What it found.
    pub status: Level,
    /// How long it took, milliseconds.
    pub duration_ms: f64,
    /// What is missing or wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// How well something works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// All is well.
    Up,
    /// With less than everything.
    Degraded,
    /// Not at all.
    Down,
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
    pub fn summary(&self) -> Readiness {
        let text = |check: &CheckReport| (check.name, check.status.text());
        Readiness {
            ready: self.is_ready(),
            checks: self.checks.iter().map(text).collect(),
        }
    }

    /// The body of `/health/ready`.
    pub fn in_full(&self) -> ReadinessInFull {
        let in_full = |check: &CheckReport| (check.name, check.in_full());
        ReadinessInFull {
            status: self.overall(),
            timestamp: self.at,
            duration_ms: milliseconds(self.took),
            checks: self.checks.iter().map(in_full).collect(),
        }
    }

    fn overall(&self) -> Level {
        let degraded = self
            .checks
            .iter()
            .any(|check| matches!(check.status, Status::Degraded(_)));
        match (self.is_ready(), degraded) {
            (false, _) => Level::Down,
            (true, true) => Level::Degraded,
            (true, false) => Level::Up,
        }
    }
}

impl CheckReport {
    fn in_full(&self) -> CheckInFull {
        let (status, detail) = match &self.status {
            Status::Ready => (Level::Up, None),
            Status::Degraded(detail) => (Level::Degraded, Some(detail.clone())),
            Status::NotReady(detail) => (Level::Down, Some(detail.clone())),
        };
        CheckInFull {
            status,
            duration_ms: milliseconds(self.took),
            detail,
        }
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
