use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::testing::planned;

/// The plan of a service with this `observability` section, as YAML.
pub(in crate::render) fn plan(observability: &str) -> Plan {
    plan_of(&format!("observability: {observability}"))
}

/// The plan of a service with this spec, as YAML.
pub(in crate::render) fn plan_of(spec: &str) -> Plan {
    planned(serde_yaml::from_str(spec).unwrap())
}

/// Names of the rules in an object, by group.
pub(in crate::render) fn names(object: &DynamicObject) -> Vec<String> {
    let groups = object.data["spec"]["groups"].as_array().unwrap();
    let rules = groups.iter().flat_map(|group| group["rules"].as_array().unwrap());
    let name = |rule: &Value| {
        rule.get("alert")
            .or_else(|| rule.get("record"))
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    rules.map(name).collect()
}

const FULL: &str = r#"
    metrics: {path: /internal/metrics, interval: 15s}
    alerts:
      errorRatePercent: 0.5
      latencyMilliseconds: 250
      labels: {team: platform, pager: "yes"}
      runbookBaseUrl: https://runbooks.example.org/alerts
      extraRules:
        - alert: QueueTooLong
          expr: sum(queue_length{job="records"}) > 100
          for: 5m
          severity: critical
          summary: "{{ $value }} messages wait"
        - alert: Stale
          expr: time() - last_import_seconds{job="records"} > 3600
    slo: {objective: 99.95, latencyMilliseconds: 250}
"#;

#[test]
fn minimal_service() {
    let plan = plan("{}");
    insta::assert_yaml_snapshot!(service_monitor(&plan));
    insta::assert_yaml_snapshot!(prometheus_rule(&plan).unwrap());
}

#[test]
fn every_option() {
    let mut plan = plan(FULL);
    plan.owner.labels = [("app.kubernetes.io/part-of".to_owned(), "ward".to_owned())].into();
    insta::assert_yaml_snapshot!(service_monitor(&plan));
    insta::assert_yaml_snapshot!(prometheus_rule(&plan).unwrap());
}

#[test]
fn a_prometheus_that_selects_by_label_finds_both_and_our_labels_stay() {
    let mut plan = plan("{}");
    plan.monitor_labels = BTreeMap::from([
        ("release".to_owned(), "kube-prometheus-stack".to_owned()),
        (keys::SERVICE.to_owned(), "another".to_owned()),
    ]);
    for object in [service_monitor(&plan), prometheus_rule(&plan).unwrap()] {
        let labels = object.unwrap().metadata.labels.unwrap();
        assert_eq!(labels["release"], "kube-prometheus-stack");
        assert_eq!(labels[keys::SERVICE], plan.owner.name);
    }
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let bytes = || serde_json::to_vec(&prometheus_rule(&plan(FULL)).unwrap()).unwrap();
    assert_eq!(bytes(), bytes());
}

#[test]
fn a_scrape_ends_before_the_next_begins() {
    let cases = [
        ("1s", "800ms"),
        ("5s", "4s"),
        ("12s", "9600ms"),
        ("13s", "10s"),
        ("30s", "10s"),
        ("5m", "10s"),
    ];
    for (interval, expected) in cases {
        assert_eq!(timeout(interval), expected, "{interval}");
    }
}

#[test]
fn nothing_is_scraped_when_metrics_are_off_or_the_kind_is_missing() {
    assert_eq!(service_monitor(&plan("{metrics: {enabled: false}}")), None);
    let without_the_kind = Plan {
        service_monitor: false,
        ..plan("{}")
    };
    assert_eq!(service_monitor(&without_the_kind), None);
}

#[test]
fn a_port_of_its_own_is_scraped_by_name() {
    let plan = plan_of(
        "additionalPorts: [{name: metrics, port: 9090}]\n\
         observability: {metrics: {port: 9090}}",
    );
    assert_eq!(
        service_monitor(&plan).unwrap().data["spec"]["endpoints"][0]["port"],
        "metrics"
    );
}

#[test]
fn no_rules_no_object() {
    assert_eq!(prometheus_rule(&plan("{alerts: {enabled: false}}")), Ok(None));
    assert_eq!(
        prometheus_rule(&Plan {
            rules: None,
            ..plan("{}")
        }),
        Ok(None)
    );
    let stopped = plan_of(
        "scaling: {minReplicas: 0, maxReplicas: 1}\n\
         observability: {metrics: {enabled: false}}",
    );
    assert_eq!(prometheus_rule(&stopped), Ok(None));
}

#[test]
fn one_bad_expression_stops_the_whole_object() {
    let plan = plan(
        "{alerts: {extraRules: [{alert: Good, expr: up == 0}, {alert: Queue, expr: 'sum(queue_length > 5'}]}}",
    );
    assert_eq!(
        prometheus_rule(&plan).unwrap_err().to_string(),
        "spec.observability.alerts.extraRules: rule Queue: unclosed left parenthesis: correct the expression"
    );
    assert!(service_monitor(&plan).is_some());
}

#[test]
fn a_bad_template_or_label_stops_the_whole_object() {
    for (observability, expected) in [
        (
            "{alerts: {extraRules: [{alert: A, expr: up, summary: '{{ oops'}]}}",
            "alert A: summary",
        ),
        (
            "{alerts: {labels: {team: '{{ .Oops }}'}}}",
            "spec.observability.alerts.labels: team",
        ),
        ("{alerts: {labels: {severity: page}}}", "severity is set by"),
        ("{alerts: {labels: {__name__: x}}}", "__name__ is set by"),
        (
            "{alerts: {runbookBaseUrl: 'https://x.example/{{x}}'}}",
            "spec.observability.alerts.runbookBaseUrl",
        ),
    ] {
        let message = prometheus_rule(&plan(observability)).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

proptest! {
    // Each case parses some twenty expressions.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every objective the CRD allows, to three decimals.
    #[test]
    fn every_objective_renders_rules_that_parse(thousandths in 50_000_u32..=99_999, latency in proptest::option::of(1_i32..=600_000)) {
        let mut plan = plan("{slo: {objective: 99}}");
        let slo = plan.rules.as_mut().unwrap().slo.as_mut().unwrap();
        slo.objective = f64::from(thousandths) / 1000.0;
        slo.latency_milliseconds = latency;
        let text = prometheus_rule(&plan).unwrap().unwrap().data.to_string();
        prop_assert!(!text.contains("000000") && !text.contains("999999"), "noise of binary fractions: {text}");
    }

    #[test]
    fn every_limit_renders_rules_that_parse(percent in 0.001_f64..=100.0, latency in 1_i32..=600_000) {
        let mut plan = plan("{}");
        let alerts = &mut plan.rules.as_mut().unwrap().alerts;
        alerts.error_rate_percent = percent;
        alerts.latency_milliseconds = latency;
        prop_assert!(prometheus_rule(&plan).unwrap().is_some());
    }
}
