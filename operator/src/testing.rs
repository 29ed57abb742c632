//! Fixtures shared by unit tests.

use std::path::Path;

use healthcare_crds::HealthcareService;
use serde_json::{Value, json};

use crate::capabilities::Capabilities;
use crate::compliance::{Cluster, Live};
use crate::plan::{OperatorDefaults, Plan};
use crate::render::{self, Child, ChildKind};

pub(crate) const NAME: &str = "records";
pub(crate) const NAMESPACE: &str = "clinic";
pub(crate) const UID: &str = "7c1d2e3f-0000-4000-8000-000000000001";

/// A cluster with every optional API.
pub(crate) const ALL_APIS: Capabilities = Capabilities {
    service_monitor: true,
    prometheus_rule: true,
    http_route: true,
};

/// A cluster with none of them.
pub(crate) const NO_APIS: Capabilities = Capabilities {
    service_monitor: false,
    prometheus_rule: false,
    http_route: false,
};

/// A service as read from an API server: the given fields besides an image.
pub(crate) fn service(spec: Value) -> HealthcareService {
    named(NAME, spec)
}

pub(crate) fn named(name: &str, mut spec: Value) -> HealthcareService {
    let fields = spec.as_object_mut().expect("a spec is an object");
    fields
        .entry("image")
        .or_insert_with(|| json!("registry.example.org/team/records:1.0.0"));
    let object = json!({
        "apiVersion": "gitops-health.io/v1alpha1",
        "kind": "HealthcareService",
        "metadata": {"name": name, "namespace": NAMESPACE, "uid": UID, "generation": 1},
        "spec": spec,
    });
    serde_json::from_value(object).expect("a valid spec")
}

/// A manifest of `examples/`, with the metadata that an API server would add.
pub(crate) fn example(name: &str) -> HealthcareService {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(format!("{name}.yaml"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut service: HealthcareService = serde_yaml::from_str(&text).expect("a valid manifest");
    service.metadata.uid = Some(UID.to_owned());
    service.metadata.generation = Some(1);
    service
}

/// The plan of a service on a cluster with every optional API.
pub(crate) fn plan(service: &HealthcareService) -> Plan {
    Plan::new(service, &OperatorDefaults::default(), ALL_APIS).expect("a spec that can be planned")
}

/// The plan of a spec.
pub(crate) fn planned(spec: Value) -> Plan {
    plan(&service(spec))
}

/// Every child of a plan.
pub(crate) fn rendered(plan: &Plan) -> Vec<Child> {
    render::children(plan)
        .and_then(render::Children::into_list)
        .expect("a plan that can be rendered")
}

/// Children that all stand in the cluster as planned.
pub(crate) fn in_place(children: &[Child]) -> Cluster {
    Cluster {
        children: vec![Live::default(); children.len()],
        ..Cluster::default()
    }
}

/// The body of one kind of child, none when there is no such child.
pub(crate) fn body(children: &[Child], kind: ChildKind) -> Option<&Value> {
    children
        .iter()
        .find(|child| child.kind == kind)
        .map(|child| &child.body)
}
