//! Values: each is described, bounded by the schema, and wrong ones are refused with a message.

use serde_json::Value;

use super::{CHART, try_render};
use crate::tools::{assert_file, documents, read};

/// A value of values.yaml: dotted path, text, default.
struct Row {
    path: String,
    text: String,
}

/// The values that carry a `# --` comment, in the file's order.
fn described() -> Vec<Row> {
    let mut rows = Vec::new();
    let mut parents: Vec<(usize, String)> = Vec::new();
    let mut comment: Option<String> = None;
    for line in read(&format!("{CHART}/values.yaml")).lines() {
        let trimmed = line.trim_start();
        if let Some(text) = trimmed.strip_prefix("# -- ") {
            comment = Some(text.to_owned());
            continue;
        }
        let Some((key, _)) = trimmed
            .split_once(':')
            .filter(|_| !trimmed.starts_with(['#', '-']))
        else {
            continue;
        };
        let indent = line.len() - trimmed.len();
        parents.retain(|(at, _)| *at < indent);
        parents.push((indent, key.to_owned()));
        if let Some(text) = comment.take() {
            let path = parents
                .iter()
                .map(|(_, key)| key.as_str())
                .collect::<Vec<_>>()
                .join(".");
            rows.push(Row { path, text });
        }
    }
    rows
}

fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value.as_object().filter(|map| !map.is_empty()) {
        Some(map) => {
            for (key, child) in map {
                leaves(
                    child,
                    &if path.is_empty() {
                        key.clone()
                    } else {
                        format!("{path}.{key}")
                    },
                    found,
                );
            }
        }
        None => found.push(path.to_owned()),
    }
}

fn defaults() -> Value {
    documents(&read(&format!("{CHART}/values.yaml"))).remove(0)
}

#[test]
fn every_value_is_described() {
    let rows = described();
    let mut found = Vec::new();
    leaves(&defaults(), "", &mut found);
    for leaf in found {
        let covered = rows
            .iter()
            .any(|row| leaf == row.path || leaf.starts_with(&format!("{}.", row.path)));
        assert!(covered, "{leaf} has no `# --` comment in values.yaml");
    }
}

#[test]
fn the_table_of_the_readme_is_the_file() {
    let values = defaults();
    let row = |row: Row| {
        let default = row.path.split('.').try_fold(&values, |value, key| value.get(key));
        let default = default.unwrap_or_else(|| panic!("{} is not in values.yaml", row.path));
        format!("| `{}` | `{default}` | {} |\n", row.path, row.text)
    };
    let rows: String = described().into_iter().map(row).collect();
    let table = format!("| value | default | meaning |\n|---|---|---|\n{rows}");
    let file = format!("{CHART}/README.md");
    let text = read(&file);
    let (before, rest) = text.split_once("<!-- values -->\n").unwrap();
    let (_, after) = rest.split_once("<!-- /values -->").unwrap();
    assert_file(
        &file,
        &format!("{before}<!-- values -->\n{table}<!-- /values -->{after}"),
    );
}

/// The schema's description of a value: through `properties`, or free below an open object.
fn schema_knows(schema: &Value, path: &str) -> bool {
    let mut at = schema;
    for key in path.split('.') {
        let Some(properties) = at.get("properties") else {
            return at["additionalProperties"] != false;
        };
        let Some(next) = properties.get(key) else {
            return false;
        };
        at = next;
    }
    true
}

#[test]
fn the_schema_knows_every_value_and_nothing_else() {
    let schema: Value = serde_json::from_str(&read(&format!("{CHART}/values.schema.json"))).unwrap();
    let mut found = Vec::new();
    leaves(&defaults(), "", &mut found);
    for leaf in &found {
        let parent = found.iter().any(|other| other == leaf) && schema_knows(&schema, leaf);
        assert!(parent, "{leaf} is not in values.schema.json");
    }
    assert_eq!(schema["additionalProperties"], false);
}

/// `--set` arguments, and what the refusal must contain.
const WRONG: &[(&str, &str)] = &[
    ("replicas=two", "at '/replicas': got string, want integer"),
    ("replicas=9", "at '/replicas': maximum: got 9, want 5"),
    ("replica=2", "additional properties 'replica' not allowed"),
    (
        "operator.logLevel=verbose",
        "at '/operator/logLevel': value must be one of",
    ),
    (
        "operator.concurrency=0",
        "at '/operator/concurrency': minimum: got 0, want 1",
    ),
    (
        "watchNamespaces=clinic",
        "at '/watchNamespaces': got string, want array",
    ),
    (
        "watchNamespaces={Clinic}",
        "at '/watchNamespaces/0': 'Clinic' does not match pattern",
    ),
    ("image.tag=latest", "at '/image/tag': 'not' failed"),
    (
        "image.digest=sha256:abc",
        "at '/image/digest': 'sha256:abc' does not match pattern",
    ),
    (
        "image.pullPolicy=Sometimes",
        "at '/image/pullPolicy': value must be one of",
    ),
    (
        "protectChildren.validationActions={Deny,Warn}",
        "at '/protectChildren/validationActions': 'not' failed",
    ),
    (
        "protectChildren.validationActions=",
        "at '/protectChildren/validationActions'",
    ),
    (
        "commonLabels.app\\.kubernetes\\.io/managed-by=me",
        "at '/commonLabels'",
    ),
    (
        "tracing.endpoint=https://otel:4317",
        "at '/tracing/endpoint': 'https://otel:4317' does not match pattern",
    ),
    (
        "tracing.endpoint=otel:4317",
        "at '/tracing/endpoint': 'otel:4317' does not match pattern",
    ),
    (
        "prometheus.url=prometheus:9090",
        "at '/prometheus/url': 'prometheus:9090' does not match pattern",
    ),
    (
        "prometheus.url=http://user@prometheus",
        "at '/prometheus/url': 'http://user@prometheus' does not match pattern",
    ),
    (
        "prometheus.tokenFile=/run/token",
        "prometheus.tokenFile and prometheus.caFile need prometheus.url",
    ),
    (
        "prometheus.timeoutMilliseconds=1",
        "at '/prometheus/timeoutMilliseconds': minimum: got 1, want 100",
    ),
    (
        "monitoring.prometheusRule.serviceNotReadyFor=soon",
        "'soon' does not match pattern",
    ),
    (
        "networkPolicy.apiServerPorts={70000}",
        "maximum: got 70,000, want 65,535",
    ),
    (
        "networkPolicy.apiServerCIDRs={10.0.0.1}",
        "'10.0.0.1' does not match pattern",
    ),
    (
        "serviceAccount.create=false",
        "serviceAccount.name is needed when serviceAccount.create is false",
    ),
    (
        "operator.leaderElection=false",
        "operator.leaderElection is off with replicas: 2",
    ),
];

#[test]
fn wrong_values_are_refused_with_a_message() {
    for (set, message) in WRONG {
        let refusal = try_render(&["--set", set])
            .map(|_| set)
            .expect_err("was accepted");
        assert!(refusal.contains(message), "{set}: {refusal}");
    }
}
