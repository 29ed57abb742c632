//! Alerts on the error budget of a service-level objective: multiple windows, multiple burn rates (Google, The
//! Site Reliability Workbook, chapter 5, approach 6). A long window tells that the budget is being spent, a short
//! one that it still is.
//!
//! The base series are recorded once per evaluation and the windows are sums over them, so that a three-day window
//! costs two series and not every histogram bucket of every pod. Without requests a window has no ratio, and no
//! alert.

use healthcare_crds::v1alpha1::{Severity, Slo};

use super::alerts::rule::{Group, Record, Rule};
use super::alerts::{Template, subject};
use super::promql::{self, decimal};
use crate::plan::{Plan, RulesPlan};

/// Recorded requests per second.
const REQUESTS: &str = "job:slo_requests:rate5m";
/// Recorded bad requests per second.
const ERRORS: &str = "job:slo_errors:rate5m";

/// One pair of windows.
struct Burn {
    /// How many times faster than allowed the budget is spent, in tenths.
    tenths: u64,
    long: &'static str,
    short: &'static str,
    severity: Severity,
    hold: &'static str,
    /// Time in which thirty days' budget is gone at this rate.
    exhausted: &'static str,
}

/// Table 5-8 of the workbook, and its one-day window between.
const BURNS: [Burn; 4] = [
    Burn {
        tenths: 144,
        long: "1h",
        short: "5m",
        severity: Severity::Critical,
        hold: "2m",
        exhausted: "50 hours",
    },
    Burn {
        tenths: 60,
        long: "6h",
        short: "30m",
        severity: Severity::Critical,
        hold: "2m",
        exhausted: "5 days",
    },
    Burn {
        tenths: 30,
        long: "1d",
        short: "2h",
        severity: Severity::Warning,
        hold: "15m",
        exhausted: "10 days",
    },
    Burn {
        tenths: 10,
        long: "3d",
        short: "6h",
        severity: Severity::Warning,
        hold: "15m",
        exhausted: "30 days",
    },
];

/// Every window of [`BURNS`], from short to long.
const WINDOWS: [&str; 7] = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"];

/// The recording rules and the alerts. None without an objective, or without scraping: there is nothing to count.
pub fn group(plan: &Plan, rules: &RulesPlan) -> Option<Group> {
    let slo = rules.slo.as_ref().filter(|_| plan.service_monitor)?;
    let mut list = vec![
        record(REQUESTS, promql::request_rate(plan, "count", &[], "5m")),
        record(ERRORS, errors(plan, slo)),
    ];
    list.extend(
        WINDOWS
            .iter()
            .map(|window| record(&ratio_name(window), ratio(plan, window))),
    );
    let reachable = BURNS
        .iter()
        .filter(|burn| decimal::fits(burn.tenths, slo.objective));
    list.extend(reachable.map(|b| Rule::Alert(b.template(plan, slo).alert(plan, rules))));
    list.extend(
        slo.latency_milliseconds
            .map(|limit| Rule::Alert(not_measured(plan, limit).alert(plan, rules))),
    );
    Some(Group {
        name: format!("{}.slo", plan.owner.name),
        rules: list,
    })
}

fn record(name: &str, expr: String) -> Rule {
    Rule::Record(Record {
        record: name.to_owned(),
        expr,
    })
}

fn ratio_name(window: &str) -> String {
    format!("job:slo_errors_per_request:ratio_rate{window}")
}

/// Share of bad requests over a window, from the recorded series.
pub(crate) fn ratio(plan: &Plan, window: &str) -> String {
    let target = promql::target(plan);
    format!(
        "sum_over_time({ERRORS}{{{target}}}[{window}])\n  / (sum_over_time({REQUESTS}{{{target}}}[{window}]) > 0)"
    )
}

/// Bad requests per second: failures and, with a latency bound, what was not answered within it. Zero, not
/// absent, while no request has failed yet.
fn errors(plan: &Plan, slo: &Slo) -> String {
    let rate = |suffix: &str, matchers: &[&str]| promql::request_rate(plan, suffix, matchers, "5m");
    let Some(limit) = slo.latency_milliseconds else {
        return format!(
            "{}\nor\n0 * {}",
            rate("count", &[&promql::failed()]),
            rate("count", &[])
        );
    };
    let within = bucket(limit);
    let good = rate("bucket", &[&within, &promql::not_failed()]);
    let none = rate("bucket", &[&within]);
    format!("{}\n  - ({good}\n     or 0 * {none})", rate("count", &[]))
}

/// Matcher of the bucket of requests answered within so many milliseconds. Prometheus 3 and OpenMetrics write
/// whole bounds as `1.0`, Prometheus 2 keeps the `1` of the older text format.
fn bucket(milliseconds: i32) -> String {
    let bound = decimal::seconds(milliseconds);
    if bound.contains('.') {
        format!("le={}", promql::quote(&bound))
    } else {
        format!(r#"le=~"{bound}(\\.0)?""#)
    }
}

impl Burn {
    fn factor(&self) -> String {
        let (whole, tenth) = (self.tenths / 10, self.tenths % 10);
        if tenth == 0 {
            whole.to_string()
        } else {
            format!("{whole}.{tenth}")
        }
    }

    fn template(&self, plan: &Plan, slo: &Slo) -> Template<'static> {
        let target = promql::target(plan);
        let limit = format!("{} * {}", self.factor(), decimal::remainder(slo.objective));
        let above = |window: &str| format!("{}{{{target}}} > {limit}", ratio_name(window));
        Template {
            name: "HealthcareServiceErrorBudgetBurn",
            severity: self.severity,
            hold: Some(self.hold),
            expr: format!("{}\nand\n{}", above(self.long), above(self.short)),
            summary: Some(format!(
                "{} spends its error budget at more than {} times the allowed rate",
                subject(plan),
                self.factor()
            )),
            description: Some(format!(
                "{{{{ $value | humanizePercentage }}}} of requests were bad over {}; the objective is {}% good. At \
                 this rate the budget of 30 days is gone in {} or less.",
                self.long,
                decimal::plain(slo.objective),
                self.exhausted
            )),
            // The four share a name, and these tell them apart.
            labels: vec![("long_window", self.long), ("short_window", self.short)],
        }
    }
}

/// A latency bound that is no bucket of the histogram cannot be counted. That must not look like success.
fn not_measured(plan: &Plan, limit: i32) -> Template<'static> {
    let target = promql::target(plan);
    Template {
        name: "HealthcareServiceObjectiveNotMeasured",
        severity: Severity::Warning,
        hold: Some("30m"),
        expr: format!("{REQUESTS}{{{target}}} > 0\nunless\n{ERRORS}{{{target}}}"),
        summary: Some(format!("The objective of {} cannot be measured", subject(plan))),
        description: Some(format!(
            "{}_bucket has no bound of {}s. Set spec.observability.slo.latencyMilliseconds to a bound that the \
             service's histogram has.",
            promql::REQUEST_DURATION,
            decimal::seconds(limit)
        )),
        labels: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
