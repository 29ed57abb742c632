//! The five standard alerts and those that the service's team adds.
//!
//! Request metrics follow the OpenTelemetry semantic conventions for HTTP servers, which service-kit exposes. The
//! state of pods and of the autoscaler comes from kube-state-metrics, scraped with `honorLabels: true` as
//! kube-prometheus does. Texts hold names and measured values, never request data.

use std::collections::BTreeMap;

use healthcare_crds::v1alpha1::{ExtraAlert, Severity};

use super::promql::{self, RuleError, decimal, template};
use crate::plan::{Plan, ReplicasPlan, RulesPlan};

pub mod rule;

use rule::{Alert, Group, Rule};

/// Labels that mean something to Prometheus or are set on every alert.
const RESERVED_LABELS: [&str; 7] = [
    "__name__",
    "alertname",
    "long_window",
    "namespace",
    "service",
    "severity",
    "short_window",
];

/// What makes one alert different from another.
pub(super) struct Template<'a> {
    pub(super) name: &'a str,
    pub(super) severity: Severity,
    pub(super) hold: Option<&'a str>,
    pub(super) expr: String,
    pub(super) summary: Option<String>,
    pub(super) description: Option<String>,
    pub(super) labels: Vec<(&'static str, &'static str)>,
}

/// The standard alerts, as far as there is data for them. None when they are switched off, or when nothing is
/// left: a service that is stopped and not scraped has no pods to miss and no requests to fail.
pub fn standard(plan: &Plan, rules: &RulesPlan) -> Option<Group> {
    if !rules.alerts.enabled {
        return None;
    }
    let stopped = plan.replicas == ReplicasPlan::Stopped;
    let autoscaled = matches!(plan.replicas, ReplicasPlan::Autoscaled(_));
    let candidates = [
        plan.service_monitor.then(|| error_rate(plan, rules)),
        plan.service_monitor.then(|| latency(plan, rules)),
        (plan.service_monitor && !stopped).then(|| down(plan)),
        (!stopped).then(|| pods_not_ready(plan)),
        autoscaled.then(|| replicas_at_maximum(plan)),
    ];
    let alerts: Vec<Rule> = candidates
        .into_iter()
        .flatten()
        .map(|t| Rule::Alert(t.alert(plan, rules)))
        .collect();
    (!alerts.is_empty()).then(|| Group {
        name: format!("{}.standard", plan.owner.name),
        rules: alerts,
    })
}

/// The team's own alerts, in the order of the spec.
///
/// # Errors
/// [`RuleError::Template`] when a summary holds a template that is not understood, [`RuleError::Expression`] for an expression
/// that Prometheus would refuse.
pub fn extra(plan: &Plan, rules: &RulesPlan) -> Result<Option<Group>, RuleError> {
    let field = "spec.observability.alerts.extraRules";
    let alerts = rules.alerts.extra_rules.iter().map(|extra| {
        check_text(
            &format!("{field}: alert {}: summary", extra.alert),
            extra.summary.as_deref(),
        )?;
        Ok(Rule::Alert(own(extra).alert(plan, rules)))
    });
    let alerts = alerts.collect::<Result<Vec<_>, RuleError>>()?;
    let group = Group {
        name: format!("{}.extra", plan.owner.name),
        rules: alerts,
    };
    group.check(field)?;
    Ok((!group.rules.is_empty()).then_some(group))
}

/// Checks what all alerts share: the user's labels and the base of the runbook links.
///
/// # Errors
/// [`RuleError::ReservedLabel`], or [`RuleError::Template`] for a value that Prometheus would refuse.
pub fn check_shared(rules: &RulesPlan) -> Result<(), RuleError> {
    for (label, value) in &rules.alerts.labels {
        if RESERVED_LABELS.contains(&label.as_str()) {
            return Err(RuleError::ReservedLabel { label: label.clone() });
        }
        check_text(&format!("spec.observability.alerts.labels: {label}"), Some(value))?;
    }
    check_text(
        "spec.observability.alerts.runbookBaseUrl",
        rules.alerts.runbook_base_url.as_deref(),
    )
}

fn check_text(field: &str, text: Option<&str>) -> Result<(), RuleError> {
    template::check(text.unwrap_or_default()).map_err(|problem| RuleError::Template {
        field: field.to_owned(),
        problem,
    })
}

/// Without requests the share is 0/0, which is above nothing; the bound on the denominator says so.
fn error_rate(plan: &Plan, rules: &RulesPlan) -> Template<'static> {
    let failed = promql::request_rate(plan, "count", &[&promql::failed()], "5m");
    let all = promql::request_rate(plan, "count", &[], "5m");
    let percent = rules.alerts.error_rate_percent;
    Template {
        name: "HealthcareServiceErrorRateHigh",
        severity: Severity::Critical,
        hold: Some("5m"),
        expr: format!("{failed}\n  / ({all} > 0)\n  > {}", decimal::share(percent)),
        summary: Some(format!("{} fails too many requests", subject(plan))),
        description: Some(format!(
            "{{{{ $value | humanizePercentage }}}} of requests were answered with a 5xx status over 5 minutes; \
             the limit is {}%. Look at the service's logs and its last change.",
            decimal::plain(percent)
        )),
        labels: Vec::new(),
    }
}

/// The quantile never exceeds the largest finite bound of the histogram: 10 s in service-kit. A limit beyond that
/// is never passed.
fn latency(plan: &Plan, rules: &RulesPlan) -> Template<'static> {
    let buckets =
        promql::request_rate(plan, "bucket", &[], "5m").replace("(namespace, job)", "(namespace, job, le)");
    let limit = decimal::seconds(rules.alerts.latency_milliseconds);
    Template {
        name: "HealthcareServiceLatencyHigh",
        severity: Severity::Warning,
        hold: Some("10m"),
        expr: format!("histogram_quantile(0.99, {buckets})\n  > {limit}"),
        summary: Some(format!("{} answers too slowly", subject(plan))),
        description: Some(format!(
            "The 99th percentile of request times is {{{{ $value | humanizeDuration }}}} over 5 minutes; the limit \
             is {limit}s. Look at the service's traces, its CPU throttling and what it calls."
        )),
        labels: Vec::new(),
    }
}

/// `absent` covers a service that Prometheus no longer finds at all.
fn down(plan: &Plan) -> Template<'static> {
    let up = format!("up{{{}}}", promql::target(plan));
    Template {
        name: "HealthcareServiceDown",
        severity: Severity::Critical,
        hold: Some("5m"),
        expr: format!("sum by (namespace, job) ({up}) == 0\nor\nabsent({up})"),
        summary: Some(format!("{} is down", subject(plan))),
        description: Some(
            "Prometheus reaches none of the service's pods. Look at the pods, their readiness and the \
             NetworkPolicy's rule for scraping."
                .to_owned(),
        ),
        labels: Vec::new(),
    }
}

/// Aggregated, because kube-state-metrics may run more than once and adds its own pod's labels. A rolling update
/// has an unavailable pod at any moment; one that lasts is a stuck update. Three restarts in half an hour is a
/// crash loop even when the pod is ready in between: the kubelet's back-off ends at five minutes. `increase`
/// extrapolates two restarts to a little more than two, hence the fraction.
fn pods_not_ready(plan: &Plan) -> Template<'static> {
    let (namespace, name) = (
        promql::quote(&plan.owner.namespace),
        promql::quote(&plan.owner.name),
    );
    Template {
        name: "HealthcareServicePodsNotReady",
        severity: Severity::Warning,
        hold: Some("10m"),
        expr: format!(
            "max by (namespace, deployment) \
             (kube_deployment_status_replicas_unavailable{{namespace={namespace},deployment={name}}}) > 0\nor\n\
             max by (namespace, pod) \
             (increase(kube_pod_container_status_restarts_total{{namespace={namespace},container={name}}}[30m])) > 2.5"
        ),
        summary: Some(format!("Pods of {} are not ready or keep restarting", subject(plan))),
        description: Some(
            "For 10 minutes pods have been unavailable or restarting. See the conditions of the HealthcareService \
             and the pods' events for the reason."
                .to_owned(),
        ),
        labels: Vec::new(),
    }
}

fn replicas_at_maximum(plan: &Plan) -> Template<'static> {
    let (namespace, name) = (
        promql::quote(&plan.owner.namespace),
        promql::quote(&plan.owner.name),
    );
    let series = |metric: &str| {
        format!(
            "max by (namespace, horizontalpodautoscaler) \
             (kube_horizontalpodautoscaler_{metric}{{namespace={namespace},horizontalpodautoscaler={name}}})"
        )
    };
    Template {
        name: "HealthcareServiceReplicasAtMaximum",
        severity: Severity::Warning,
        hold: Some("15m"),
        expr: format!(
            "{}\n  >= {}",
            series("status_current_replicas"),
            series("spec_max_replicas")
        ),
        summary: Some(format!("{} runs at its maximum of replicas", subject(plan))),
        description: Some(
            "The autoscaler has run {{ $value }} replicas, as many as it may, for 15 minutes. Raise \
             spec.scaling.maxReplicas or find out what takes the load."
                .to_owned(),
        ),
        labels: Vec::new(),
    }
}

fn own(extra: &ExtraAlert) -> Template<'_> {
    Template {
        name: &extra.alert,
        severity: extra.severity,
        hold: extra.hold.as_deref(),
        expr: extra.expr.clone(),
        summary: extra.summary.clone(),
        description: None,
        labels: Vec::new(),
    }
}

/// The service as summaries name it.
pub(super) fn subject(plan: &Plan) -> String {
    format!("{}/{}", plan.owner.namespace, plan.owner.name)
}

impl Template<'_> {
    /// The alert with what all alerts of a service share.
    pub(super) fn alert(self, plan: &Plan, rules: &RulesPlan) -> Alert {
        let mut labels = rules.alerts.labels.clone();
        labels.extend(
            self.labels
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        labels.insert("severity".to_owned(), self.severity.as_str().to_owned());
        labels.insert("namespace".to_owned(), plan.owner.namespace.clone());
        labels.insert("service".to_owned(), plan.owner.name.clone());
        let runbook = rules
            .alerts
            .runbook_base_url
            .as_deref()
            .map(|base| runbook(base, self.name));
        let annotations = [
            ("summary", self.summary),
            ("description", self.description),
            ("runbook_url", runbook),
        ];
        let present = annotations
            .into_iter()
            .filter_map(|(name, text)| Some((name.to_owned(), text?)));
        Alert {
            alert: self.name.to_owned(),
            expr: self.expr,
            hold: self.hold.map(str::to_owned),
            labels,
            annotations: present.collect::<BTreeMap<_, _>>(),
        }
    }
}

fn runbook(base: &str, alert: &str) -> String {
    let joint = if base.ends_with(['/', '#', '=']) { "" } else { "/" };
    format!("{base}{joint}{alert}")
}

#[cfg(test)]
mod tests;
