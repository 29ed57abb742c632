//! The operator at work with no more rights than the chart gives its account.

use std::path::PathBuf;

use local_cluster::Cluster;

use crate::operator::Operator;
use crate::setup::{NAMESPACE, cluster, eventually, install};

const SERVICE: &str = "
apiVersion: gitops-health.io/v1alpha1
kind: HealthcareService
metadata: {name: lab, namespace: clinic}
spec:
  image: registry.example.org/lab:1.0.0
  config: {MODE: trial}
  exposure: {hostnames: [lab.example.org], gateway: {name: outside}}
  observability: {slo: {objective: 99.9}}
";

const KINDS: [&str; 10] = [
    "serviceaccounts",
    "services",
    "configmaps",
    "deployments",
    "horizontalpodautoscalers",
    "poddisruptionbudgets",
    "networkpolicies",
    "servicemonitors",
    "prometheusrules",
    "httproutes",
];

/// A kubeconfig with a token of the chart's ServiceAccount.
fn account(cluster: &Cluster) -> PathBuf {
    let token = cluster
        .kubectl(&["create", "token", "healthcare-operator", "-n", NAMESPACE])
        .unwrap();
    let admin: serde_json::Value =
        serde_yaml::from_str(&std::fs::read_to_string(cluster.kubeconfig()).unwrap()).unwrap();
    let mut config = admin.clone();
    let user = config["users"][0]["name"].clone();
    config["users"] = serde_json::json!([{"name": user, "user": {"token": token.trim()}}]);
    let path = cluster.kubeconfig().with_file_name("operator-account.kubeconfig");
    std::fs::write(&path, config.to_string()).unwrap();
    path
}

fn children(cluster: &Cluster, kind: &str) -> Vec<String> {
    let selector = "gitops-health.io/service=lab";
    let names = cluster
        .kubectl(&["get", kind, "-n", "clinic", "-l", selector, "-o", "name"])
        .unwrap();
    names.lines().map(str::to_owned).collect()
}

fn field(cluster: &Cluster, object: &str, path: &str) -> String {
    cluster
        .kubectl(&["get", object, "-n", "clinic", "-o", &format!("jsonpath={path}")])
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chart_s_rights_are_enough_in_a_watched_namespace() {
    let cluster = cluster();
    cluster.kubectl(&["create", "namespace", "clinic"]).unwrap();
    let exempt = "protectChildren.exemptGroups={break-glass},replicas=0";
    install(&cluster, &["--set", exempt, "--set", "watchNamespaces={clinic}"]);
    know_the_kind(&cluster);
    let arguments = ["--lease-namespace", NAMESPACE, "--watch-namespaces", "clinic"];
    let mut operator = Operator::start(&account(&cluster), "scoped", &arguments).unwrap();
    operator.wait_ready().await.unwrap();

    cluster.apply(SERVICE).unwrap();
    for kind in KINDS {
        eventually(kind, || children(&cluster, kind).len() == 1);
    }
    repaired(&cluster);
    pruned(&cluster);
    deleted(&cluster);

    let refused = requests(&operator, "code=\"403\"").await;
    assert!(refused.is_empty(), "{refused:?}\n{}", operator.log());
    assert!(!requests(&operator, "code=\"200\"").await.is_empty());
    assert_eq!(operator.terminate().unwrap(), 0);
}

/// A child of the service that is yet to come. Owners are not looked up, only their kind.
const OWNED: &str = "
apiVersion: v1
kind: ConfigMap
metadata:
  name: probe
  namespace: clinic
  ownerReferences:
    - {apiVersion: gitops-health.io/v1alpha1, kind: HealthcareService, name: lab, uid: '0', blockOwnerDeletion: true}
";

/// OwnerReferencesPermissionEnforcement answers 403 for some seconds after a CRD is new, whatever the rights are.
fn know_the_kind(cluster: &Cluster) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), OWNED).unwrap();
    let account = "system:serviceaccount:healthcare-system:healthcare-operator";
    let path = file.path().to_str().unwrap();
    let create = ["create", "--dry-run=server", "--as", account, "-f", path];
    eventually("the API server to know the kind", || {
        cluster.kubectl(&create).is_ok()
    });
}

/// A change by somebody the policies let through is undone by the operator, whom they let through too.
fn repaired(cluster: &Cluster) {
    let patch = r#"{"spec":{"selector":{"gitops-health.io/service":"mine"}}}"#;
    let user = [
        "--as",
        "someone",
        "--as-group",
        "break-glass",
        "--as-group",
        "system:masters",
    ];
    let command = [
        "patch",
        "service/lab",
        "-n",
        "clinic",
        "--type=merge",
        "-p",
        patch,
    ];
    cluster.kubectl(&[&command[..], &user].concat()).unwrap();
    let selected = || {
        field(
            cluster,
            "service/lab",
            r"{.spec.selector.gitops-health\.io/service}",
        )
    };
    eventually("the repair", || selected() == "lab");
}

/// What is switched off is deleted, what replaces it is made: the operator may, and the policies let it.
fn pruned(cluster: &Cluster) {
    let patch = |spec: &str| {
        let patch = format!(r#"{{"spec":{{"exposure":{spec}}}}}"#);
        cluster
            .kubectl(&["patch", "hcs/lab", "-n", "clinic", "--type=merge", "-p", &patch])
            .unwrap();
    };
    patch(r#"{"gateway":null}"#);
    eventually("the route to go", || children(cluster, "httproutes").is_empty());
    eventually("the ingress to come", || {
        children(cluster, "ingresses").len() == 1
    });
    patch("null");
    eventually("the ingress to go", || children(cluster, "ingresses").is_empty());
}

fn deleted(cluster: &Cluster) {
    cluster.kubectl(&["delete", "hcs/lab", "-n", "clinic"]).unwrap();
    for kind in KINDS {
        eventually(kind, || children(cluster, kind).is_empty());
    }
}

/// The operator's own count of requests to the API server with a label.
async fn requests(operator: &Operator, label: &str) -> Vec<String> {
    let url = format!("http://{}/metrics", operator.admin);
    let request = reqwest::Client::new().get(url);
    let metrics = request.send().await.unwrap().text().await.unwrap();
    let lines = metrics
        .lines()
        .filter(|line| line.starts_with("rest_client_requests_total") && line.contains(label));
    lines.map(str::to_owned).collect()
}
