//! The service's Grafana dashboard asks only for what the service tells.

use std::collections::BTreeSet;

use promql_parser::parser::{Expr, LabelModifier, VectorSelector, parse};
use promql_parser::util::{ExprVisitor, walk_expr};

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

/// Labels that Prometheus adds, or renames because it adds one of this name.
const ADDED: [&str; 4] = ["namespace", "job", "pod", "exported_endpoint"];

/// The labels of each series that the service tells.
type Told = BTreeMap<String, BTreeSet<String>>;

fn told(metrics: &str) -> Told {
    let mut told = Told::from([("up".to_owned(), BTreeSet::new())]);
    for sample in metrics.lines().filter(|line| !line.starts_with('#')) {
        let end = sample.find(['{', ' ']).unwrap();
        let names = sample.match_indices("=\"").map(|(at, _)| {
            let start = sample[..at].rfind(['{', ',']).unwrap() + 1;
            sample[start..at].to_owned()
        });
        told.entry(sample[..end].to_owned()).or_default().extend(names);
    }
    told
}

/// What an expression asks for.
#[derive(Default)]
struct Asked {
    series: Vec<VectorSelector>,
    grouped_by: BTreeSet<String>,
}

impl Asked {
    /// Fails where PromQL does not parse. Grafana puts a duration in the place of its variable.
    fn by(expression: &str) -> Self {
        let expression = parse(&expression.replace("$__rate_interval", "1m")).unwrap();
        let mut asked = Self::default();
        walk_expr(&mut asked, &expression).unwrap();
        asked
    }
}

impl ExprVisitor for Asked {
    type Error = ();

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, ()> {
        match expr {
            Expr::VectorSelector(selector) => self.series.push(selector.clone()),
            Expr::MatrixSelector(matrix) => self.series.push(matrix.vs.clone()),
            Expr::Aggregate(aggregate) => {
                if let Some(LabelModifier::Include(labels)) = &aggregate.modifier {
                    self.grouped_by.extend(labels.labels.iter().cloned());
                }
            }
            _ => {}
        }
        Ok(true)
    }
}

#[tokio::test]
async fn every_series_and_label_of_the_dashboard_exists() {
    let scene = Scene::new().await;
    let token = scene.admin_token().await;
    scene.introspect(ADMIN, &token).await;
    scene.send(scene.get("/compliance/status")).await;
    scene.send(scene.get("/readiness")).await;
    scene.send(scene.get("/verify")).await;
    let told = told(&scene.server.metrics().unwrap());
    let expressions = expressions();
    assert!(expressions.len() > 25, "{expressions:?}");
    for (expression, legend) in expressions {
        let asked = Asked::by(&expression);
        let mut there = BTreeSet::from(ADDED.map(str::to_owned));
        for selector in &asked.series {
            let name = selector.name.as_deref().unwrap();
            let labels = told.get(name).unwrap_or_else(|| panic!("{name} is not told"));
            for matcher in &selector.matchers.matchers {
                let label = &matcher.name;
                let is_there = labels.contains(label) || ADDED.contains(&label.as_str());
                assert!(is_there, "{name} has no {label}");
            }
            there.extend(labels.iter().cloned());
        }
        assert!(!asked.series.is_empty(), "{expression}");
        let grouped_by = &asked.grouped_by;
        assert!(grouped_by.is_subset(&there), "{grouped_by:?}: {expression}");
        for label in legend
            .split("{{")
            .skip(1)
            .map(|rest| rest.split('}').next().unwrap())
        {
            assert!(grouped_by.contains(label.trim()), "{label}: {expression}");
        }
    }
}

#[test]
fn panels_have_titles_and_do_not_overlap() {
    service_kit::testing::check_panels(&panels()).unwrap();
}
