//! What the operator makes of `examples/synthetic-phi-service.yaml`.

use std::net::SocketAddr;

use healthcare_crds::HealthcareService;
use healthcare_operator::capabilities::Capabilities;
use healthcare_operator::plan::{OperatorDefaults, Plan};
use healthcare_operator::render::{self, ChildKind};
use promql_parser::parser::Expr;
use promql_parser::util::{ExprVisitor, walk_expr};
use serde_json::{Map, Value, json};

/// The objects that Prometheus gets to know.
pub(crate) struct Rendered {
    service: Value,
    monitor: Value,
    rules: Value,
}

impl Rendered {
    pub(crate) fn new() -> Self {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../examples/synthetic-phi-service.yaml"
        );
        let mut service: HealthcareService =
            serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        service.metadata.uid = Some("uid".into());
        service.metadata.generation = Some(1);
        let capabilities = Capabilities {
            service_monitor: true,
            prometheus_rule: true,
            http_route: true,
        };
        let plan = Plan::new(&service, &OperatorDefaults::default(), capabilities).unwrap();
        let children = render::children(&plan).unwrap().into_list().unwrap();
        let body = |kind| {
            children
                .iter()
                .find(|child| child.kind == kind)
                .unwrap()
                .body
                .clone()
        };
        Self {
            service: body(ChildKind::Service),
            monitor: body(ChildKind::ServiceMonitor),
            rules: body(ChildKind::PrometheusRule),
        }
    }

    pub(crate) fn groups(&self) -> &Value {
        &self.rules["spec"]["groups"]
    }

    /// Every expression of the rules.
    pub(crate) fn expressions(&self) -> Vec<String> {
        let groups = self.groups().as_array().unwrap();
        let rules = groups.iter().flat_map(|group| group["rules"].as_array().unwrap());
        rules
            .map(|rule| rule["expr"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A scrape configuration with the labels that the Prometheus Operator derives from the ServiceMonitor for each pod
    /// (its documentation, "ServiceMonitor": `jobLabel`, `targetLabels`, and those it always adds).
    pub(crate) fn scrape(&self, pods: &[SocketAddr]) -> Value {
        let spec = &self.monitor["spec"];
        let endpoint = &spec["endpoints"][0];
        let targets: Vec<_> = pods
            .iter()
            .enumerate()
            .map(|(number, address)| json!({"targets": [address], "labels": self.labels(number)}))
            .collect();
        json!({
            "job_name": "serviceMonitor",
            "metrics_path": endpoint["path"],
            "honor_labels": endpoint["honorLabels"],
            "static_configs": targets,
        })
    }

    fn labels(&self, pod: usize) -> Value {
        let (spec, metadata) = (&self.monitor["spec"], &self.service["metadata"]);
        let of_service = |key: &Value| metadata["labels"][key.as_str().unwrap()].clone();
        let mut labels = Map::new();
        for key in spec["targetLabels"].as_array().unwrap() {
            labels.insert(
                key.as_str().unwrap().replace(['.', '/', '-'], "_"),
                of_service(key),
            );
        }
        labels.insert("job".to_owned(), of_service(&spec["jobLabel"]));
        labels.insert("gitops_health_io_track".to_owned(), "primary".into());
        labels.insert("namespace".to_owned(), metadata["namespace"].clone());
        labels.insert("service".to_owned(), metadata["name"].clone());
        labels.insert("container".to_owned(), metadata["name"].clone());
        labels.insert("endpoint".to_owned(), spec["endpoints"][0]["port"].clone());
        labels.insert("pod".to_owned(), format!("synthetic-phi-service-{pod}").into());
        Value::Object(labels)
    }
}

/// The metrics in an expression, each with its selector.
pub(crate) fn selectors(expression: &str) -> Vec<(String, String)> {
    struct Found(Vec<(String, String)>);

    impl ExprVisitor for Found {
        type Error = ();

        fn pre_visit(&mut self, expr: &Expr) -> Result<bool, ()> {
            if let Expr::VectorSelector(selector) = expr {
                self.0
                    .push((selector.name.clone().unwrap(), selector.to_string()));
            }
            if let Expr::MatrixSelector(matrix) = expr {
                self.0
                    .push((matrix.vs.name.clone().unwrap(), matrix.vs.to_string()));
            }
            Ok(true)
        }
    }

    let mut found = Found(Vec::new());
    walk_expr(&mut found, &promql_parser::parser::parse(expression).unwrap()).unwrap();
    assert!(!found.0.is_empty(), "{expression}");
    found.0
}
