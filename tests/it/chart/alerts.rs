//! Alerts and dashboard of the operator, judged by promtool.

use std::collections::BTreeSet;

use healthcare_crds::HealthcareService;
use healthcare_operator::metrics::{ChildOperation, OperatorMetrics};
use healthcare_operator::outcome::Next;
use healthcare_operator::queue::Counts;
use healthcare_operator::render::ChildKind;
use serde_json::{Value, json};
use service_kit::testing;

use super::{one, render};
use crate::tools::{documents, read, run};

/// Metrics that Prometheus and its client library make.
const STANDARD: [&str; 3] = ["process_cpu_seconds_total", "process_resident_memory_bytes", "up"];

/// The operator's own metrics, each touched once so that it is served.
fn served() -> BTreeSet<String> {
    let registry = prometheus::Registry::new();
    let metrics = OperatorMetrics::new(&registry).unwrap();
    metrics.set_leading("lease", true);
    metrics.request("200", "GET", "host");
    metrics.child_written(ChildKind::Service, ChildOperation::Apply);
    metrics.drift_repaired(ChildKind::Service);
    metrics.service_observed(
        &HealthcareService::new("lab", serde_json::from_value(json!({"image": "lab:1"})).unwrap()),
        true,
    );
    metrics.pass_started().finished(&Ok(Next::OnChange));
    metrics.queue_observed(Counts::default(), |_| 0);
    registry
        .gather()
        .iter()
        .map(|family| family.name().to_owned())
        .collect()
}

fn monitored() -> Vec<Value> {
    render(&["--set", "monitoring.enabled=true"])
}

fn rules() -> Value {
    one(&monitored(), "PrometheusRule")["spec"].clone()
}

/// Runs promtool on rules in a fresh folder, beside further files.
fn promtool(arguments: &[&str], rules: &Value, further: &[(&str, &str)]) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yaml"), rules.to_string()).unwrap();
    for (name, text) in further {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let file = further.first().map_or("rules.yaml", |(name, _)| name);
    let path = folder.path().join(file);
    run("promtool", &[arguments, &[path.to_str().unwrap()]].concat())
}

#[test]
fn promtool_accepts_the_rules() {
    let output = promtool(&["check", "rules"], &rules(), &[]).unwrap();
    assert!(output.contains("SUCCESS: 9 rules found"), "{output}");
}

/// Each alert fires on what it is for, and stays silent on what it is not for.
#[test]
fn alerts_fire_when_they_should() {
    let cases = read("tests/it/chart/alerts.test.yaml");
    let output = promtool(&["test", "rules"], &rules(), &[("alerts.test.yaml", &cases)]);
    assert!(output.as_ref().is_ok_and(|o| o.contains("SUCCESS")), "{output:?}");
    let tested: Vec<_> = documents(&cases)[0]["tests"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|t| t["alert_rule_test"].as_array().unwrap().clone())
        .filter(|t| t.get("exp_alerts").is_some())
        .map(|t| t["alertname"].clone())
        .collect();
    for rule in rules()["groups"][0]["rules"].as_array().unwrap() {
        assert!(
            tested.contains(&rule["alert"]),
            "no case in which {} fires",
            rule["alert"]
        );
    }
}

#[test]
fn every_alert_says_what_and_what_to_do() {
    for rule in rules()["groups"][0]["rules"].as_array().unwrap() {
        let severity = rule["labels"]["severity"].as_str().unwrap();
        assert!(["critical", "warning", "info"].contains(&severity), "{rule}");
        for text in ["summary", "description"] {
            assert!(rule["annotations"][text].as_str().unwrap().len() > 20, "{rule}");
        }
    }
}

#[test]
fn without_leader_election_no_leader_is_missed() {
    let objects = render(&[
        "--set",
        "monitoring.enabled=true,replicas=1,operator.leaderElection=false",
    ]);
    assert!(!one(&objects, "PrometheusRule").to_string().contains("Leader"));
}

fn dashboard() -> Value {
    let objects = monitored();
    let map = one(&objects, "ConfigMap");
    assert_eq!(map["metadata"]["labels"]["grafana_dashboard"], "1");
    serde_json::from_str(map["data"]["healthcare-operator.json"].as_str().unwrap()).unwrap()
}

/// The queries of the dashboard, Grafana's variables filled in.
fn queries() -> Vec<String> {
    let panels = dashboard()["panels"].as_array().unwrap().clone();
    let targets = panels
        .iter()
        .flat_map(|p| p["targets"].as_array().unwrap().clone());
    targets
        .map(|t| {
            t["expr"]
                .as_str()
                .unwrap()
                .replace("$__rate_interval", "5m")
                .replace("$job", ".+")
        })
        .collect()
}

#[test]
fn every_query_of_the_dashboard_is_promql() {
    let rules: Vec<_> = queries()
        .iter()
        .enumerate()
        .map(|(i, q)| json!({"record": format!("q{i}"), "expr": q}))
        .collect();
    let count = rules.len();
    let output = promtool(
        &["check", "rules"],
        &json!({"groups": [{"name": "dashboard", "rules": rules}]}),
        &[],
    )
    .unwrap();
    assert!(
        output.contains(&format!("SUCCESS: {count} rules found")),
        "{output}"
    );
}

/// The names of metrics in an expression: words followed by `{`, as every selector here has one.
fn metrics(expression: &str) -> Vec<String> {
    let before_braces = expression.split('{').collect::<Vec<_>>();
    let (_, selectors) = before_braces.split_last().unwrap();
    let word = |text: &&str| {
        let start = text
            .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .map_or(0, |at| at + 1);
        text[start..].trim_end_matches("_bucket").to_owned()
    };
    selectors.iter().map(word).collect()
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_the_operator_serves() {
    let alerts = rules()["groups"][0]["rules"].as_array().unwrap().clone();
    let alerts = alerts.iter().map(|r| r["expr"].as_str().unwrap().to_owned());
    let served = served();
    for expression in alerts.chain(queries()) {
        let asked = metrics(&expression);
        assert!(!asked.is_empty(), "{expression}");
        for metric in asked {
            let known = served.contains(&metric) || STANDARD.contains(&metric.as_str());
            assert!(known, "{metric} in {expression}");
        }
    }
}

#[test]
fn panels_do_not_overlap_and_have_titles() {
    testing::check_panels(dashboard()["panels"].as_array().unwrap()).unwrap();
}

#[test]
fn the_service_monitor_finds_the_service() {
    let objects = monitored();
    let monitor = &one(&objects, "ServiceMonitor")["spec"];
    let service = one(&objects, "Service");
    assert!(super::selects(
        &monitor["selector"]["matchLabels"],
        &service["metadata"]["labels"]
    ));
    assert_eq!(
        monitor["endpoints"][0]["port"],
        service["spec"]["ports"][0]["name"]
    );
    assert_eq!(
        monitor["namespaceSelector"]["matchNames"],
        json!([super::NAMESPACE])
    );
}
