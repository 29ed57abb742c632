//! What Prometheus is asked.

use std::time::Duration;

use super::pods::Pods;
use crate::plan::Plan;
use crate::render::burn_rate;
use crate::render::promql::{self, decimal};

/// Shortest time that is looked at: four scrapes, of which a lost one still leaves enough for a difference.
const SCRAPES: u32 = 4;

/// Time between scrapes where the plan says none.
const USUAL_SCRAPE: Duration = Duration::from_secs(30);

/// The expressions of one measurement. Each gives one value, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queries {
    /// Number of requests.
    pub requests: String,
    /// Number of requests that failed.
    pub failed: String,
    /// 99th percentile of the time to answer, in seconds.
    pub latency_seconds: String,
}

impl Queries {
    /// What these pods did in the time since the step began, or since four scrapes ago where that is longer.
    pub fn new(plan: &Plan, pods: Pods<'_>, since_step_began: Duration) -> Self {
        let pods = pods.matcher();
        let window = window(plan, since_step_began);
        let sum = |suffix: &str, matchers: &[&str], by: &str| {
            let series = promql::requests(plan, suffix, matchers);
            format!("sum{by} ({})", counted(&series, &window))
        };
        let requests = sum("count", &[&pods], "");
        let failed = sum("count", &[&pods, &promql::failed()], "");
        let buckets = sum("bucket", &[&pods], " by (le)");
        Self {
            // None of them has failed yet, which is no missing answer.
            failed: format!("{failed}\nor\n0 * {requests}"),
            requests,
            latency_seconds: format!("histogram_quantile(0.99, {buckets})"),
        }
    }
}

/// How much counters grew. A counter that is new counts in full: its pod, or what it counts, began within the time, and
/// `increase` would leave out all up to the first scrape. That is where the failures of a version that is broken from
/// the start are.
fn counted(series: &str, window: &str) -> String {
    format!(
        "({series} unless {series} offset {window}) or (increase({series}[{window}]) and {series} offset {window})"
    )
}

fn window(plan: &Plan, since: Duration) -> String {
    let interval = plan
        .metrics
        .as_ref()
        .map_or(USUAL_SCRAPE, |metrics| scrape(&metrics.interval));
    let seconds = since.max(interval * SCRAPES).as_secs().max(1);
    format!("{seconds}s")
}

/// `30s` or `1m`, as the CRD allows.
fn scrape(interval: &str) -> Duration {
    let number: Option<u32> = interval.trim_end_matches(['s', 'm']).parse().ok();
    let unit = if interval.ends_with('m') { 60 } else { 1 };
    number.map_or(USUAL_SCRAPE, |number| {
        Duration::from_secs(u64::from(number) * unit)
    })
}

/// Share of the error budget of thirty days that is spent: 1 when all of it is. None without an objective, for then nothing
/// is recorded either.
pub fn error_budget_spent(plan: &Plan) -> Option<String> {
    let rules = plan.rules.as_ref().filter(|_| plan.service_monitor)?;
    let left = decimal::remainder(rules.slo.as_ref()?.objective);
    Some(format!("{}\n  / {left}", burn_rate::ratio(plan, "30d")))
}

#[cfg(test)]
mod tests;
