//! PromQL as text: quoting and the selectors that rules share. Nothing is emitted that [`check`] refuses: one
//! expression that does not parse makes Prometheus reject every rule of the object it stands in.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::plan::Plan;

pub mod decimal;
mod syntax;
pub mod template;

pub use syntax::check;

/// Name of the histogram of the OpenTelemetry semantic conventions for HTTP servers, without suffix. Seconds.
pub const REQUEST_DURATION: &str = "http_server_request_duration_seconds";

/// Label of the answer's status, from the same conventions.
const STATUS: &str = "http_response_status_code";

/// Routes that machines ask every few seconds. They would thin out the errors of real requests, and a readiness
/// check that answers 503 during a shutdown is no failure.
const PROBE_ROUTES: [&str; 5] = [
    "/health",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/readiness",
];

/// Why a rule is not emitted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RuleError {
    /// The expression is not one that every Prometheus can evaluate.
    #[error("{field}: rule {rule}: {problem}: correct the expression")]
    Expression {
        /// Where in the spec the rule comes from.
        field: &'static str,
        /// Name of the alert or record.
        rule: String,
        /// What is wrong.
        problem: String,
    },
    /// A text holds a template that Prometheus would refuse, or that is not known to be harmless.
    #[error(
        "{field}: {problem}: use {{{{ $value }}}} or {{{{ $labels.name }}}}, alone or through a humanize function"
    )]
    Template {
        /// Where in the spec the text comes from, with the rule's name.
        field: String,
        /// What is wrong.
        problem: String,
    },
    /// A label of the user's has a meaning already.
    #[error(
        "spec.observability.alerts.labels: {label} is set by the operator or by Prometheus: choose another name"
    )]
    ReservedLabel {
        /// Name of the label.
        label: String,
    },
}

/// A string literal.
pub fn quote(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    )
}

/// Matchers of everything that is scraped from the service: the ServiceMonitor makes the job the service's name.
pub fn target(plan: &Plan) -> String {
    format!(
        "namespace={},job={}",
        quote(&plan.owner.namespace),
        quote(&plan.owner.name)
    )
}

/// Requests per second over `window`, by namespace and job, without probes; `matchers` narrow them further.
pub fn request_rate(plan: &Plan, suffix: &str, matchers: &[&str], window: &str) -> String {
    let requests = requests(plan, suffix, matchers);
    format!("sum by (namespace, job) (rate({requests}[{window}]))")
}

/// The series of the service's requests, without probes; `matchers` narrow them further.
pub fn requests(plan: &Plan, suffix: &str, matchers: &[&str]) -> String {
    let mut all = vec![target(plan)];
    all.extend(
        probe_paths(plan)
            .into_iter()
            .map(|path| format!("http_route!={}", quote(path))),
    );
    all.extend(matchers.iter().map(|&m| m.to_owned()));
    format!("{REQUEST_DURATION}_{suffix}{{{}}}", all.join(","))
}

/// Matcher of failed requests: the server's fault, in the terms of RFC 9110.
pub fn failed() -> String {
    format!("{STATUS}=~\"5..\"")
}

/// Matcher of all others.
pub fn not_failed() -> String {
    format!("{STATUS}!~\"5..\"")
}

/// Paths of this service's probes and the usual ones, in order. Routes never hold a query.
fn probe_paths(plan: &Plan) -> BTreeSet<&str> {
    let probes = [
        &plan.probes.startup,
        &plan.probes.liveness,
        &plan.probes.readiness,
    ];
    let own = probes.into_iter().map(|probe| probe.path.as_str());
    let metrics = plan.metrics.iter().map(|metrics| metrics.path.as_str());
    own.chain(metrics)
        .chain(PROBE_ROUTES)
        .map(|path| path.split('?').next().unwrap_or(path))
        .collect()
}

#[cfg(test)]
mod tests;
