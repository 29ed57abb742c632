//! Every manifest in `examples/` is accepted by the published CRD, planned and rendered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use healthcare_crds::HealthcareService;
use healthcare_operator::capabilities::Capabilities;
use healthcare_operator::plan::{OperatorDefaults, Plan};
use healthcare_operator::render::{self, Child, ChildKind};
use healthcare_tests::schema;
use serde::Deserialize;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| {
        if path.is_dir() {
            yaml_files(&path)
        } else {
            vec![path]
        }
    });
    files
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml" || ext == "yml"))
        .collect()
}

fn documents(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let parsed = serde_yaml::Deserializer::from_str(&text).map(Value::deserialize);
    parsed
        .map(|value| value.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        .collect()
}

/// Every `HealthcareService` with the file it stands in. Patches of kustomize, which have no image, aside.
fn services() -> Vec<(String, Value)> {
    let all = yaml_files(&root()).into_iter().flat_map(|path| {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        documents(&path)
            .into_iter()
            .map(move |document| (name.clone(), document))
    });
    let found: Vec<_> = all
        .filter(|(_, document)| document["kind"] == "HealthcareService")
        .filter(|(_, document)| !document.pointer("/spec/image").unwrap_or(&Value::Null).is_null())
        .collect();
    assert!(found.len() >= 3, "{found:?}");
    found
}

fn children(manifest: &Value, capabilities: Capabilities) -> Vec<Child> {
    let mut service: HealthcareService = serde_json::from_value(manifest.clone()).unwrap();
    service.metadata.uid = Some("uid".into());
    service.metadata.generation = Some(1);
    service
        .metadata
        .namespace
        .get_or_insert_with(|| "healthcare".into());
    let plan = Plan::new(&service, &OperatorDefaults::default(), capabilities).unwrap();
    render::children(&plan).unwrap().into_list().unwrap()
}

#[test]
fn every_example_is_accepted() {
    let schema = schema::published();
    for (file, manifest) in services() {
        assert_eq!(
            schema::violations(&schema, &manifest),
            Vec::<String>::new(),
            "{file}"
        );
    }
}

#[test]
fn every_example_renders_on_every_cluster() {
    let full = Capabilities {
        service_monitor: true,
        prometheus_rule: true,
        http_route: true,
    };
    for (file, manifest) in services() {
        for capabilities in [Capabilities::default(), full] {
            let kinds: Vec<_> = children(&manifest, capabilities)
                .iter()
                .map(|child| child.kind)
                .collect();
            for needed in [
                ChildKind::ServiceAccount,
                ChildKind::NetworkPolicy,
                ChildKind::Service,
                ChildKind::Deployment,
            ] {
                assert!(kinds.contains(&needed), "{file}: {kinds:?}");
            }
        }
    }
}

/// The types drop what they do not know; the schema of the API server would say so.
#[test]
fn nothing_in_an_example_is_lost_in_the_types() {
    for (file, manifest) in services() {
        let typed: HealthcareService = serde_json::from_value(manifest.clone()).unwrap();
        let written = serde_json::to_value(&typed).unwrap();
        let missing: Vec<_> = leaves(&manifest["spec"])
            .difference(&leaves(&written["spec"]))
            .cloned()
            .collect();
        assert!(missing.is_empty(), "{file}: {missing:?}");
    }
}

fn leaves(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk(value, "", &mut |path| {
        found.insert(path.to_owned());
    });
    found
}

/// Paths of all values that are not empty, without positions in lists.
fn walk(value: &Value, path: &str, visit: &mut impl FnMut(&str)) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                walk(value, &format!("{path}.{key}"), visit);
            }
        }
        Value::Array(items) => {
            for item in items {
                walk(item, &format!("{path}[]"), visit);
            }
        }
        _ => visit(path),
    }
}

#[test]
fn names_are_unique_within_a_namespace() {
    let mut seen = BTreeMap::new();
    for (file, manifest) in services()
        .into_iter()
        .filter(|(file, _)| !file.contains("testdata"))
    {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let name = (
            folder,
            manifest["metadata"]["namespace"].to_string(),
            manifest["metadata"]["name"].to_string(),
        );
        if let Some(other) = seen.insert(name.clone(), file.clone()) {
            panic!("{name:?} stands in {other} and in {file}");
        }
    }
}

/// Fields whose content is Kubernetes' own: that one is shown is enough.
const BORROWED: [&str; 18] = [
    ".env[].valueFrom",
    ".envFrom[].configMapRef",
    ".envFrom[].secretRef",
    ".volumes[].configMap",
    ".volumes[].csi",
    ".volumes[].downwardAPI",
    ".volumes[].emptyDir",
    ".volumes[].ephemeral",
    ".volumes[].persistentVolumeClaim",
    ".volumes[].projected",
    ".volumes[].secret",
    ".scaling.metrics",
    ".scaling.behavior",
    ".scheduling.tolerations",
    ".scheduling.affinity",
    ".scheduling.topologySpreadConstraints",
    "podSelector",
    "namespaceSelector",
];

/// One side of a choice: an example cannot show both.
const EITHER_OR: [(&str, &str); 1] = [(".disruption.minAvailable", ".disruption.maxUnavailable")];

/// Every field of the spec, by path.
fn fields(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    if !path.is_empty() && !path.ends_with("[]") {
        found.insert(path.to_owned());
    }
    if BORROWED.iter().any(|end| path.ends_with(end)) {
        return;
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        fields(property, &format!("{path}.{name}"), found);
    }
    if schema["items"].is_object() {
        fields(&schema["items"], &format!("{path}[]"), found);
    }
}

fn shown(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    found.insert(path.to_owned());
    for (key, value) in value.as_object().into_iter().flatten() {
        shown(value, &format!("{path}.{key}"), found);
    }
    for item in value.as_array().into_iter().flatten() {
        shown(item, &format!("{path}[]"), found);
    }
}

/// Both directions of the access policy and all three probes have the same fields: one of them shows each.
fn one_side(path: &str) -> String {
    let path = path.replace(".accessPolicy.inbound[].", ".accessPolicy.outbound[].");
    path.replace(".probes.startup.", ".probes.liveness.")
        .replace(".probes.readiness.", ".probes.liveness.")
}

#[test]
fn every_field_is_shown_by_the_example_of_every_field() {
    let (mut wanted, mut found) = (BTreeSet::new(), BTreeSet::new());
    fields(&schema::published()["properties"]["spec"], "", &mut wanted);
    assert!(
        wanted.len() > 100,
        "only {} fields: the schema was not walked",
        wanted.len()
    );
    let manifest = documents(&root().join("every-field.yaml")).remove(0);
    shown(&manifest["spec"], "", &mut found);
    let found: BTreeSet<_> = found.iter().map(|path| one_side(path)).collect();
    let is_shown = |path: &String| {
        let other = EITHER_OR
            .iter()
            .find_map(|(a, b)| (path == a).then_some(*b).or_else(|| (path == b).then_some(*a)));
        found.contains(&one_side(path)) || other.is_some_and(|other| found.contains(other))
    };
    let missing: Vec<_> = wanted.iter().filter(|path| !is_shown(path)).collect();
    assert!(
        missing.is_empty(),
        "examples/every-field.yaml does not show {missing:#?}"
    );
}
