use super::*;
use crate::render::monitoring::prometheus_rule;
use crate::render::monitoring::tests::{names, plan, plan_of};

fn alert_names(spec: &str) -> Vec<String> {
    names(&prometheus_rule(&plan_of(spec)).unwrap().unwrap())
}

const ERROR_RATE: &str = "HealthcareServiceErrorRateHigh";
const LATENCY: &str = "HealthcareServiceLatencyHigh";
const DOWN: &str = "HealthcareServiceDown";
const PODS: &str = "HealthcareServicePodsNotReady";
const MAXIMUM: &str = "HealthcareServiceReplicasAtMaximum";

#[test]
fn five_by_default() {
    assert_eq!(alert_names("{}"), [ERROR_RATE, LATENCY, DOWN, PODS, MAXIMUM]);
}

#[test]
fn a_fixed_number_of_replicas_has_no_maximum_to_reach() {
    assert_eq!(
        alert_names("scaling: {minReplicas: 3, maxReplicas: 3}"),
        [ERROR_RATE, LATENCY, DOWN, PODS]
    );
}

#[test]
fn a_stopped_service_is_neither_down_nor_unready() {
    assert_eq!(
        alert_names("scaling: {minReplicas: 0, maxReplicas: 3}"),
        [ERROR_RATE, LATENCY]
    );
}

/// `absent` would otherwise raise an alert for ever.
#[test]
fn without_scraping_only_the_clusters_own_metrics_are_used() {
    assert_eq!(
        alert_names("observability: {metrics: {enabled: false}}"),
        [PODS, MAXIMUM]
    );
}

#[test]
fn extra_rules_stand_alone_when_the_standard_ones_are_off() {
    let off = "observability: {alerts: {enabled: false, extraRules: [{alert: Queue, expr: queue > 1}]}}";
    assert_eq!(alert_names(off), ["Queue"]);
}

#[test]
fn what_is_set_here_wins_over_the_users_labels_and_nothing_else_is_added() {
    let plan = plan("{alerts: {labels: {team: platform}, extraRules: [{alert: Queue, expr: queue > 1}]}}");
    let group = extra(&plan, plan.rules.as_ref().unwrap()).unwrap().unwrap();
    let [Rule::Alert(alert)] = group.rules.as_slice() else {
        unreachable!("one alert")
    };
    let labels = alert
        .labels
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>();
    assert_eq!(
        labels,
        [
            "namespace=clinic",
            "service=records",
            "severity=warning",
            "team=platform"
        ]
    );
    assert_eq!((&alert.hold, alert.annotations.len()), (&None, 0));
}

#[test]
fn the_alerts_name_is_added_to_the_runbook_base() {
    for (base, expected) in [
        ("https://x.example/r", "https://x.example/r/Down"),
        ("https://x.example/r/", "https://x.example/r/Down"),
        ("https://x.example/r#", "https://x.example/r#Down"),
        ("https://x.example/r?alert=", "https://x.example/r?alert=Down"),
    ] {
        assert_eq!(runbook(base, "Down"), expected);
    }
}

/// Every standard alert tells what it is, for how long, how urgent, and what to do.
#[test]
fn every_standard_alert_is_complete() {
    let plan = plan("{alerts: {runbookBaseUrl: 'https://runbooks.example.org/'}}");
    for rule in standard(&plan, plan.rules.as_ref().unwrap()).unwrap().rules {
        let Rule::Alert(alert) = rule else {
            unreachable!("standard rules are alerts")
        };
        assert!(alert.hold.is_some(), "{}", alert.alert);
        let annotations: Vec<&str> = alert.annotations.keys().map(String::as_str).collect();
        assert_eq!(
            annotations,
            ["description", "runbook_url", "summary"],
            "{}",
            alert.alert
        );
        for text in alert.annotations.values() {
            assert_eq!(template::check(text), Ok(()), "{text}");
        }
    }
}
