//! Whether somebody learns of it.

use serde_json::Value;

use super::Case;
use super::pods::each_container;
use crate::compliance::control::{Breach, Seen};
use crate::compliance::input::{Object, field, items, text};
use crate::plan::ReplicasPlan;
use crate::render::ChildKind;

const INSTALL: &str =
    "set it in spec.observability, and install the Prometheus operator's CRDs where the cluster lacks them";

pub(in crate::compliance) fn scraped(case: &Case<'_>) -> Seen {
    let monitor = case
        .input
        .all(ChildKind::ServiceMonitor)
        .find(|monitor| monitor.list("/spec/endpoints").next().is_some());
    monitor
        .map(|monitor| format!("{} has metrics scraped", monitor.title()))
        .ok_or_else(|| Breach::new("no ServiceMonitor: nobody scrapes metrics", INSTALL))
}

/// Some alert calls somebody.
pub(in crate::compliance) fn alerting(case: &Case<'_>) -> Seen {
    has_alert(case, "an alert of severity critical", |alert| {
        text(field(alert, "labels"), "severity") == "critical"
    })
}

/// The loss of the service, and so of its records, is noticed.
pub(in crate::compliance) fn loss_noticed(case: &Case<'_>) -> Seen {
    if case.input.plan.replicas == ReplicasPlan::Stopped {
        return Ok("stopped on purpose: scaling.minReplicas is 0".to_owned());
    }
    has_alert(case, "the alert HealthcareServiceDown", |alert| {
        text(alert, "alert") == "HealthcareServiceDown"
    })
}

fn has_alert(case: &Case<'_>, what: &str, is_it: impl Fn(&Value) -> bool) -> Seen {
    let rule = case
        .input
        .all(ChildKind::PrometheusRule)
        .find(|rule| rules(*rule).any(|alert| field(alert, "alert").is_string() && is_it(alert)));
    rule.map(|rule| format!("{} has {what}", rule.title()))
        .ok_or_else(|| Breach::new(format!("no PrometheusRule with {what}"), INSTALL))
}

fn rules(rule: Object<'_>) -> impl Iterator<Item = &Value> {
    rule.list("/spec/groups")
        .flat_map(|group| items(field(group, "rules")))
}

/// An objective, with rules that measure it.
pub(in crate::compliance) fn objective(case: &Case<'_>) -> Seen {
    let observability = case.input.service.spec.observability.as_ref();
    let Some(slo) = observability.and_then(|o| o.slo.as_ref()) else {
        return Err(Breach::new(
            "no objective is declared",
            "set spec.observability.slo.objective",
        ));
    };
    let measures = case
        .input
        .all(ChildKind::PrometheusRule)
        .any(|rule| rules(rule).any(|r| text(r, "alert") == "HealthcareServiceErrorBudgetBurn"));
    if !measures {
        return Err(Breach::new(
            "an objective is declared and no rule measures it",
            INSTALL,
        ));
    }
    Ok(format!(
        "{}% of requests shall succeed, and rules measure it",
        slo.objective
    ))
}

/// Calls can be followed from service to service.
pub(in crate::compliance) fn traced(case: &Case<'_>) -> Seen {
    each_container(
        case,
        "calls are traced",
        "set spec.observability.tracing.endpoint, or the operator's default endpoint, and leave tracing on",
        |_, container| {
            let exports = items(field(container, "env")).any(|variable| {
                text(variable, "name") == "OTEL_EXPORTER_OTLP_ENDPOINT" && !text(variable, "value").is_empty()
            });
            (!exports).then(|| "no traces are exported".to_owned())
        },
    )
}
