//! Whether a new version does well enough, by what Prometheus measured of its pods. Pure: asking is
//! [`prometheus`](crate::prometheus)'s part.
//!
//! What is missing holds a rollout: it neither promotes nor fails it.

use healthcare_crds::v1alpha1::{Analysis, Observability};

pub mod pods;
pub mod queries;

pub use pods::Pods;
pub use queries::Queries;

/// What was measured of the new version's pods, over the time of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Requests, probes aside. None when Prometheus knows of none.
    pub requests: Option<f64>,
    /// Those of them that were answered with a 5xx status.
    pub failed: Option<f64>,
    /// The 99th percentile of the time to answer, in seconds. Never more than the largest finite bound of the histogram.
    pub latency_seconds: Option<f64>,
}

/// What one measurement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Within the limits.
    Pass,
    /// Beyond one of them.
    Fail {
        /// Which: a condition's reason, CamelCase.
        reason: &'static str,
        /// What was measured and what is allowed.
        message: String,
    },
    /// Nothing can be said yet.
    NoData {
        /// What is missing.
        message: String,
    },
}

/// The reason of a version that fails too many requests.
pub const ERROR_RATE_TOO_HIGH: &str = "ErrorRateTooHigh";

/// The reason of a version that answers too slowly.
pub const LATENCY_TOO_HIGH: &str = "LatencyTooHigh";

/// How many requests must have failed for a verdict. One alone may be anything, and is more than most objectives leave of
/// a few hundred.
const FAILURES_THAT_TELL: f64 = 2.0;

/// What a new version may do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Percent of requests that may fail.
    pub error_rate_percent: f64,
    /// Milliseconds that the 99th percentile may take.
    pub latency_milliseconds: i32,
    /// Requests without which nothing is said.
    pub min_requests: i32,
}

impl Limits {
    /// The analysis' own limits, else those of the objective, else those of the alerts (whether they are on or not).
    pub fn new(analysis: &Analysis, observability: &Observability) -> Self {
        let Observability { alerts, slo, .. } = observability;
        let slo = slo.as_ref();
        Self {
            error_rate_percent: analysis
                .error_rate_percent
                .or_else(|| slo.map(|slo| 100.0 - slo.objective))
                .unwrap_or(alerts.error_rate_percent),
            latency_milliseconds: analysis
                .latency_milliseconds
                .or_else(|| slo.and_then(|slo| slo.latency_milliseconds))
                .unwrap_or(alerts.latency_milliseconds),
            min_requests: analysis.min_requests,
        }
    }

    /// Judges one measurement. An error rate beyond its limit counts even where the latency is not known.
    pub fn judge(&self, measured: &Measured) -> Verdict {
        let (requests, failed) = match self.counts(measured) {
            Ok(counts) => counts,
            Err(message) => return Verdict::NoData { message },
        };
        let errors = self.errors(requests, failed);
        match errors {
            Verdict::Fail { .. } => errors,
            Verdict::Pass | Verdict::NoData { .. } => match self.latency(measured.latency_seconds) {
                Verdict::Pass => errors,
                latency => latency,
            },
        }
    }

    /// Requests, and how many of them failed.
    fn counts(&self, measured: &Measured) -> Result<(f64, f64), String> {
        let requests =
            number(measured.requests).ok_or("Prometheus knows of no request to the new version")?;
        if requests < f64::from(self.min_requests) {
            return Err(format!(
                "{requests:.0} requests to the new version since the step began, and {} are needed to judge it",
                self.min_requests
            ));
        }
        let failed = number(measured.failed).ok_or("Prometheus does not tell how many requests failed")?;
        Ok((requests, failed))
    }

    fn errors(&self, requests: f64, failed: f64) -> Verdict {
        let percent = failed / requests * 100.0;
        if percent <= self.error_rate_percent {
            return Verdict::Pass;
        }
        let found = format!(
            "{} of {requests:.0} requests failed with a 5xx status; the limit is {}",
            percentage(percent),
            percentage(self.error_rate_percent)
        );
        // Between two scrapes a count is extrapolated: a single failure may look like one and a half.
        if failed < FAILURES_THAT_TELL {
            return Verdict::NoData {
                message: format!("{found}, but one failure alone does not tell"),
            };
        }
        Verdict::Fail {
            reason: ERROR_RATE_TOO_HIGH,
            message: found,
        }
    }

    fn latency(&self, seconds: Option<f64>) -> Verdict {
        let Some(seconds) = number(seconds) else {
            return Verdict::NoData {
                message: "Prometheus does not tell how long requests to the new version take".to_owned(),
            };
        };
        let milliseconds = seconds * 1000.0;
        if milliseconds <= f64::from(self.latency_milliseconds) {
            return Verdict::Pass;
        }
        Verdict::Fail {
            reason: LATENCY_TOO_HIGH,
            message: format!(
                "the 99th percentile takes {milliseconds:.0} ms; the limit is {} ms",
                self.latency_milliseconds
            ),
        }
    }
}

/// A count or a time; neither is infinite, negative or nothing.
fn number(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite() && *value >= 0.0)
}

/// Three decimals at most, as objectives have them.
fn percentage(percent: f64) -> String {
    let text = format!("{percent:.3}");
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

impl Verdict {
    /// How many measurements in a row have failed by now, after so many before. A missing one neither adds to the row nor ends
    /// it.
    pub fn failed_in_a_row(&self, before: i32) -> i32 {
        match self {
            Self::Pass => 0,
            Self::NoData { .. } => before,
            Self::Fail { .. } => before.saturating_add(1),
        }
    }
}

#[cfg(test)]
mod tests;
