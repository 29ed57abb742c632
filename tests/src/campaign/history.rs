//! What was seen, as values that the checks judge.

use std::time::Duration;

/// One write of an operator, as the proxy before it saw it. Times count from the beginning of the campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Write {
    /// Who sent it.
    pub(crate) operator: String,
    /// `PATCH`, `DELETE`, ….
    pub(crate) method: String,
    /// Path without query.
    pub(crate) path: String,
    /// When it was read from the operator.
    pub(crate) arrived: Duration,
    /// When the API server had answered.
    pub(crate) answered: Option<Duration>,
    /// What came of it.
    pub(crate) outcome: Outcome,
    /// The object's resourceVersion afterwards: in etcd one count for all objects, and so an order of all writes.
    pub(crate) revision: Option<u64>,
}

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The API server answered with this code.
    Answered(u16),
    /// The proxy answered with this code; the API server never saw it.
    Refused(u16),
    /// Kept from the API server without an answer.
    Withheld,
    /// Sent to the API server, no answer known.
    Unknown,
}

impl Write {
    /// Whether it is part of leader election.
    pub(crate) fn is_election(&self) -> bool {
        self.path.contains("/leases")
    }

    /// Whether the API server did it.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.outcome, Outcome::Answered(code) if code < 300)
    }

    /// One line.
    pub(crate) fn told(&self) -> String {
        format!(
            "{:.3}s {} {} {} -> {:?}, revision {:?}",
            self.arrived.as_secs_f64(),
            self.operator,
            self.method,
            self.path,
            self.outcome,
            self.revision
        )
    }
}

/// A record of the Lease that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeaseRecord {
    /// Its resourceVersion.
    pub(crate) revision: u64,
    /// Who holds it, empty for nobody.
    pub(crate) holder: String,
    /// When it was known to be so: a moment after it became so.
    pub(crate) known: Duration,
    /// When the request that made it so was read from its sender; none when it was seen by a watch alone.
    pub(crate) sent: Option<Duration>,
}

/// A rule that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Which rule.
    pub(crate) rule: &'static str,
    /// What was seen.
    pub(crate) seen: String,
    /// When it happened, where that is not now.
    pub(crate) at: Option<Duration>,
}

impl Violation {
    /// A violation of `rule`.
    pub(crate) fn of(rule: &'static str, seen: impl Into<String>) -> Self {
        Self {
            rule,
            seen: seen.into(),
            at: None,
        }
    }

    /// A violation by a write.
    pub(crate) fn by(rule: &'static str, write: &Write, more: &str) -> Self {
        Self {
            at: Some(write.arrived),
            ..Self::of(rule, format!("{}{more}", write.told()))
        }
    }
}
