//! The example of a platform kept in Git.

use healthcare_crds::HealthcareService;
use serde_json::Value;

use crate::tools::{documents, read, run};

const FOLDER: &str = "examples/gitops";

fn kustomize(folder: &str) -> Vec<Value> {
    let text = run("kubectl", &["kustomize", folder]).unwrap_or_else(|e| panic!("{folder}: {e}"));
    documents(&text)
}

fn services(objects: Vec<Value>) -> Vec<HealthcareService> {
    let of_kind = objects.into_iter().filter(|o| o["kind"] == "HealthcareService");
    of_kind.map(|o| serde_json::from_value(o).unwrap()).collect()
}

#[test]
fn every_manifest_of_the_folder_is_in_the_kustomization() {
    let folder = crate::tools::root().join(FOLDER).join("base/services");
    let files = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(services(kustomize("examples/gitops/base")).len(), files);
}

#[test]
fn environments_differ_where_they_say() {
    let [staging] = services(kustomize("examples/gitops/staging")).try_into().unwrap();
    let [production] = services(kustomize("examples/gitops/production"))
        .try_into()
        .unwrap();
    assert_eq!(
        (
            staging.spec.scaling.min_replicas,
            staging.spec.scaling.max_replicas
        ),
        (1, 2)
    );
    assert_eq!(
        (
            production.spec.scaling.min_replicas,
            production.spec.scaling.max_replicas
        ),
        (3, 10)
    );
    assert_eq!(staging.metadata.namespace.as_deref(), Some("healthcare"));
}

#[test]
fn folders_share_one_kustomize_configuration() {
    let base = read("examples/gitops/base/kustomizeconfig.yaml");
    for overlay in ["staging", "production"] {
        assert_eq!(
            read(&format!("{FOLDER}/{overlay}/kustomizeconfig.yaml")),
            base,
            "{overlay}"
        );
    }
}

const REFERENCES: &str = "
apiVersion: gitops-health.io/v1alpha1
kind: HealthcareService
metadata: {name: callee}
spec: {image: 'registry.example.org/callee:1.0.0'}
---
apiVersion: gitops-health.io/v1alpha1
kind: HealthcareService
metadata: {name: caller}
spec:
  image: registry.example.org/caller:1.0.0
  secrets: [{name: credentials}]
  envFrom: [{configMapRef: {name: settings}}]
  accessPolicy: {outbound: [{service: callee}]}
";

const OVERLAY: &str = "
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: trial
namePrefix: trial-
resources: [services.yaml]
configurations: [kustomizeconfig.yaml]
images: [{name: registry.example.org/caller, newTag: 2.0.0}]
secretGenerator: [{name: credentials, literals: [token=x]}]
configMapGenerator: [{name: settings, literals: [a=b]}]
";

#[test]
fn images_prefixes_and_generated_names_reach_into_a_service() {
    let folder = tempfile::tempdir().unwrap();
    let config = read("examples/gitops/base/kustomizeconfig.yaml");
    for (name, text) in [
        ("services.yaml", REFERENCES),
        ("kustomization.yaml", OVERLAY),
        ("kustomizeconfig.yaml", &config),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let objects = kustomize(folder.path().to_str().unwrap());
    let named = |kind: &str| {
        let object = objects.iter().find(|o| o["kind"] == kind).unwrap();
        object["metadata"]["name"].as_str().unwrap().to_owned()
    };
    let caller = objects
        .iter()
        .find(|o| o["metadata"]["name"] == "trial-caller")
        .unwrap();
    assert_eq!(caller["spec"]["image"], "registry.example.org/caller:2.0.0");
    assert_eq!(
        caller["spec"]["accessPolicy"]["outbound"][0]["service"],
        "trial-callee"
    );
    assert_eq!(caller["spec"]["secrets"][0]["name"], named("Secret"));
    assert_eq!(
        caller["spec"]["envFrom"][0]["configMapRef"]["name"],
        named("ConfigMap")
    );
}

#[test]
fn applications_point_at_folders_that_exist() {
    let applications = kustomize("examples/gitops/argocd");
    assert_eq!(applications.len(), 2);
    for application in applications {
        assert_eq!(application["kind"], "Application");
        let path = application["spec"]["source"]["path"].as_str().unwrap();
        assert!(crate::tools::root().join(path).is_dir(), "{path}");
    }
}

/// Values the Application sets must be values the chart knows.
#[test]
fn the_operator_s_application_renders() {
    let application = documents(&read("examples/gitops/argocd/operator.yaml")).remove(0);
    let values = tempfile::NamedTempFile::new().unwrap();
    let helm = &application["spec"]["source"]["helm"];
    std::fs::write(values.path(), helm["valuesObject"].to_string()).unwrap();
    let objects = crate::chart::render(&["-f", values.path().to_str().unwrap()]);
    let deployment = crate::chart::one(&objects, "Deployment");
    let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(
        image,
        "registry.example.org/gitops-health/healthcare-operator:0.1.0"
    );
}
