//! The service's Grafana dashboard.

use regex::Regex;
use serde_json::Value;
use service_kit::testing;

fn dashboard() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/dashboards/synthetic-phi-service.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn panels() -> Vec<Value> {
    dashboard()["panels"].as_array().unwrap().clone()
}

/// Grafana's variables filled in, as it does when everything is chosen.
fn filled_in(text: &str) -> String {
    let text = text
        .replace("$__rate_interval", "1m")
        .replace("$namespace", ".+")
        .replace("$job", ".+");
    assert!(!text.contains('$'), "a variable that nobody sets: {text}");
    text
}

/// The expressions of all panels, each with the labels by which its series are told apart.
pub(crate) fn queries() -> Vec<(String, Vec<String>)> {
    let label = Regex::new(r"\{\{(\w+)\}\}").unwrap();
    let targets = panels()
        .into_iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap().clone());
    let query = |target: Value| {
        let legend = target["legendFormat"].as_str().unwrap();
        let labels = label
            .captures_iter(legend)
            .map(|found| found[1].to_owned())
            .collect();
        (filled_in(target["expr"].as_str().unwrap()), labels)
    };
    targets.map(query).collect()
}

/// What the choices on top of the dashboard ask for: a selector and a label.
pub(crate) fn variables() -> Vec<(String, String)> {
    let asked = Regex::new(r"^label_values\((.+), (\w+)\)$").unwrap();
    let dashboard = dashboard();
    let variables = dashboard["templating"]["list"].as_array().unwrap().iter();
    let found: Vec<_> = variables
        .filter(|variable| variable["type"] == "query")
        .map(|variable| {
            let query = filled_in(variable["query"].as_str().unwrap());
            let parts = asked.captures(&query).unwrap();
            (parts[1].to_owned(), parts[2].to_owned())
        })
        .collect();
    assert_eq!(found.len(), 2);
    found
}

#[test]
fn panels_have_titles_and_do_not_overlap() {
    let panels = panels();
    assert!(panels.len() > 20);
    testing::check_panels(&panels).unwrap();
}
