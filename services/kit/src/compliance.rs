//! `GET /compliance/status`: the service checks its own promises again and says what it found.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use prometheus::{IntCounterVec, Opts, Registry};
use serde::Serialize;
use utoipa::ToSchema;

/// One promise a service can verify about itself, without side effects.
pub struct ComplianceCheck {
    /// Stable name, the metric label `type`.
    pub name: &'static str,
    /// The rule it supports, with its citation.
    pub control: &'static str,
    /// Verifies it; the error says what is wrong.
    pub verify: Box<dyn Fn() -> Result<(), String> + Send + Sync>,
}

impl fmt::Debug for ComplianceCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComplianceCheck")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// All checks of a service, and their counter.
#[derive(Clone, Debug)]
pub(crate) struct Compliance {
    checks: Arc<[ComplianceCheck]>,
    counter: IntCounterVec,
}

/// The body of `/compliance/status`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplianceStatus {
    service: &'static str,
    compliant: bool,
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    checks: Vec<Outcome>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Outcome {
    r#type: &'static str,
    control: &'static str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Compliance {
    /// Registers `<prefix>_compliance_checks_total`.
    pub(crate) fn new(
        checks: Vec<ComplianceCheck>,
        registry: &Registry,
        prefix: &str,
    ) -> Result<Self, prometheus::Error> {
        let name = format!("{prefix}_compliance_checks_total");
        let counter = IntCounterVec::new(
            Opts::new(name, "Checks of the service's own promises."),
            &["type", "result"],
        )?;
        registry.register(Box::new(counter.clone()))?;
        Ok(Self {
            checks: checks.into(),
            counter,
        })
    }

    /// Runs every check.
    pub(crate) fn status(&self, service: &'static str, timestamp: Timestamp) -> ComplianceStatus {
        let checks: Vec<Outcome> = self.checks.iter().map(|check| self.run(check)).collect();
        let compliant = checks.iter().all(|outcome| outcome.detail.is_none());
        ComplianceStatus {
            service,
            compliant,
            timestamp,
            checks,
        }
    }

    fn run(&self, check: &ComplianceCheck) -> Outcome {
        let detail = (check.verify)().err();
        let result = if detail.is_none() { "pass" } else { "fail" };
        self.counter.with_label_values(&[check.name, result]).inc();
        Outcome {
            r#type: check.name,
            control: check.control,
            result,
            detail,
        }
    }
}
