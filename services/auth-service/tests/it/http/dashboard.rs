//! The service's Grafana dashboard asks only for what the service tells.

use std::collections::BTreeSet;

use super::*;

fn panels() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/dashboards/auth-service.json");
    let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    dashboard["panels"].as_array().unwrap().clone()
}

fn expressions() -> Vec<(String, String)> {
    let targets = panels()
        .into_iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap().clone());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    targets
        .map(|target| (text(&target["expr"]), text(&target["legendFormat"])))
        .collect()
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// The words that stand right before `after`.
fn words_before(text: &str, after: char) -> BTreeSet<String> {
    let word = |end: usize| {
        let start = text[..end]
            .rfind(|character| !is_name(character))
            .map_or(0, |at| at + 1);
        text[start..end].to_owned()
    };
    let found = text.match_indices(after).map(|(at, _)| word(at));
    found.filter(|name| !name.is_empty()).collect()
}

/// Labels that Prometheus adds, or renames because it adds one of this name.
const ADDED: [&str; 4] = ["namespace", "job", "pod", "exported_endpoint"];

#[tokio::test]
async fn every_series_and_label_of_the_dashboard_exists() {
    let scene = Scene::new().await;
    let token = scene.admin_token().await;
    scene.introspect(ADMIN, &token).await;
    scene.send(scene.get("/compliance/status")).await;
    scene.send(scene.get("/readiness")).await;
    scene.send(scene.get("/verify")).await;
    let metrics = scene.server.metrics().unwrap();
    let samples = words_before(&metrics, '{')
        .into_iter()
        .chain(
            metrics
                .lines()
                .filter_map(|line| line.split(' ').next())
                .map(str::to_owned),
        )
        .chain(["up".to_owned()])
        .collect::<BTreeSet<_>>();
    let labels = words_before(&metrics, '=');
    let expressions = expressions();
    assert!(expressions.len() > 25, "{expressions:?}");
    for (expression, legend) in expressions {
        for name in words_before(&expression, '{') {
            assert!(samples.contains(&name), "{name} is not told");
        }
        let legend_labels = legend
            .split("{{")
            .skip(1)
            .map(|rest| rest.split('}').next().unwrap());
        let matched = words_before(&expression.replace("=~", "=").replace("!~", "="), '=');
        for label in matched.iter().map(String::as_str).chain(legend_labels) {
            assert!(
                labels.contains(label) || ADDED.contains(&label),
                "{label}: {expression}"
            );
        }
    }
}

#[test]
fn panels_have_titles_and_do_not_overlap() {
    let panels = panels();
    let cell = |panel: &Value, key: &str| panel["gridPos"][key].as_u64().unwrap();
    for (i, a) in panels.iter().enumerate() {
        assert!(!a["title"].as_str().unwrap().is_empty() && !a["fieldConfig"]["defaults"]["unit"].is_null());
        assert!(cell(a, "x") + cell(a, "w") <= 24, "{}", a["title"]);
        for b in &panels[i + 1..] {
            assert_ne!(a["id"], b["id"]);
            let apart = |at: &str, size: &str| {
                cell(a, at) + cell(a, size) <= cell(b, at) || cell(b, at) + cell(b, size) <= cell(a, at)
            };
            assert!(
                apart("x", "w") || apart("y", "h"),
                "{} and {}",
                a["title"],
                b["title"]
            );
        }
    }
}
