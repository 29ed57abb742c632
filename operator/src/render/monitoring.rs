//! The ServiceMonitor and the PrometheusRule of the Prometheus Operator, monitoring.coreos.com/v1.

use healthcare_crds::keys;
use kube::core::DynamicObject;
use serde_json::{Value, json};

use super::alerts::rule::Group;
use super::promql::RuleError;
use super::{ChildKind, alerts, burn_rate, labels, names};
use crate::plan::{MetricsPlan, PROPAGATED_LABELS, Plan, RulesPlan};

/// Milliseconds that Prometheus waits for an answer by default.
const SCRAPE_TIMEOUT: u64 = 10_000;

/// How the service is scraped. None when metrics are off or the cluster does not know the kind.
pub fn service_monitor(plan: &Plan) -> Option<DynamicObject> {
    let metrics = plan.metrics.as_ref().filter(|_| plan.service_monitor)?;
    let spec = json!({
        // The alerts select by this: the job is the service's name.
        "jobLabel": keys::SERVICE,
        // Tells a rollout's candidate from the stable pods.
        "podTargetLabels": [keys::TRACK],
        "targetLabels": PROPAGATED_LABELS,
        "selector": {"matchLabels": {keys::SERVICE: plan.owner.name}},
        "endpoints": [endpoint(metrics)],
    });
    Some(object(plan, ChildKind::ServiceMonitor, &spec))
}

/// Alerts and recording rules. None when there are none or the cluster does not know the kind.
///
/// # Errors
/// [`RuleError`] for what Prometheus would refuse: nothing is emitted then.
pub fn prometheus_rule(plan: &Plan) -> Result<Option<DynamicObject>, RuleError> {
    let Some(rules) = &plan.rules else { return Ok(None) };
    let groups = groups(plan, rules)?;
    Ok((!groups.is_empty()).then(|| object(plan, ChildKind::PrometheusRule, &json!({"groups": groups}))))
}

fn groups(plan: &Plan, rules: &RulesPlan) -> Result<Vec<Group>, RuleError> {
    alerts::check_shared(rules)?;
    let all = [
        alerts::standard(plan, rules),
        burn_rate::group(plan, rules),
        alerts::extra(plan, rules)?,
    ];
    Ok(all.into_iter().flatten().collect())
}

fn endpoint(metrics: &MetricsPlan) -> Value {
    json!({
        "port": metrics.port_name,
        "path": metrics.path,
        "interval": metrics.interval,
        "scrapeTimeout": timeout(&metrics.interval),
        // A service must not be able to pose as another by its own labels.
        "honorLabels": false,
    })
}

/// Prometheus' default, or four fifths of a short interval: scrapes must not overlap.
fn timeout(interval: &str) -> String {
    let unit = if interval.ends_with('m') { 60_000 } else { 1000 };
    let count: u64 = interval.trim_end_matches(['s', 'm']).parse().unwrap_or(u64::MAX);
    let milliseconds = SCRAPE_TIMEOUT.min(count.saturating_mul(unit) / 5 * 4);
    if milliseconds.is_multiple_of(1000) {
        format!("{}s", milliseconds / 1000)
    } else {
        format!("{milliseconds}ms")
    }
}

fn object(plan: &Plan, kind: ChildKind, spec: &Value) -> DynamicObject {
    let name = names::child(plan);
    let mut object = DynamicObject::new(name, &kind.resource()).data(json!({"spec": spec}));
    object.metadata = labels::metadata(plan, name);
    let own = object.metadata.labels.get_or_insert_default();
    for (key, value) in &plan.monitor_labels {
        own.entry(key.clone()).or_insert_with(|| value.clone());
    }
    object
}

#[cfg(test)]
pub(super) mod tests;
