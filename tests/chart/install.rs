//! Install, upgrade, uninstall, reinstall; permissions of the accounts; Pod Security.

use local_cluster::Cluster;

use crate::setup::{CHART, NAMESPACE, cluster, eventually, helm, install};

const SERVICE: &str = "
apiVersion: gitops-health.io/v1alpha1
kind: HealthcareService
metadata: {name: lab, namespace: default}
spec: {image: 'registry.example.org/lab:1.0.0'}
";

fn uid(cluster: &Cluster, object: &str) -> String {
    cluster
        .kubectl(&["get", object, "-o", "jsonpath={.metadata.uid}"])
        .unwrap()
}

#[test]
fn services_survive_upgrade_uninstall_and_reinstall() {
    let cluster = cluster();
    dry_run(&cluster);
    install(&cluster, &["--set", "monitoring.enabled=true"]);
    cluster.apply(SERVICE).unwrap();
    let before = uid(&cluster, "hcs/lab");

    helm(
        &cluster,
        &["upgrade"],
        &[CHART, "--set", "monitoring.enabled=true,operator.logLevel=debug"],
    );
    let said = helm(&cluster, &["uninstall"], &[]);
    assert!(
        said.contains("[CustomResourceDefinition] healthcareservices.gitops-health.io"),
        "{said}"
    );
    assert_eq!(uid(&cluster, "hcs/lab"), before);
    let left = cluster.kubectl(&[
        "get",
        "deployments,services,validatingadmissionpolicies",
        "-n",
        NAMESPACE,
        "-o",
        "name",
    ]);
    assert_eq!(left.unwrap().trim(), "");

    install(&cluster, &[]);
    assert_eq!(uid(&cluster, "hcs/lab"), before);
}

/// The rendered chart is accepted whole, nothing being there yet.
fn dry_run(cluster: &Cluster) {
    cluster.kubectl(&["create", "namespace", NAMESPACE]).unwrap();
    cluster.kubectl(&["create", "namespace", "clinic"]).unwrap();
    let everything = "monitoring.enabled=true,flowSchema.enabled=true,argocd.healthConfigMap.create=true,tracing.endpoint=http://otel:4318,watchNamespaces={clinic}";
    for values in ["replicas=2", everything] {
        let manifests = helm(cluster, &["template"], &[CHART, "--set", values]);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), manifests).unwrap();
        cluster
            .kubectl(&[
                "apply",
                "--server-side",
                "--dry-run=server",
                "-f",
                file.path().to_str().unwrap(),
            ])
            .unwrap();
    }
}

#[test]
fn an_installed_chart_is_restricted_in_every_way() {
    let cluster = cluster();
    for namespace in [NAMESPACE, "clinic"] {
        cluster.kubectl(&["create", "namespace", namespace]).unwrap();
    }
    let label = "pod-security.kubernetes.io/enforce=restricted";
    cluster
        .kubectl(&["label", "namespace", NAMESPACE, label])
        .unwrap();
    install(&cluster, &["--set", "watchNamespaces={clinic}"]);
    pods_are_admitted(&cluster);
    the_operator_may_do_what_it_needs_and_no_more(&cluster);
    users_may_do_what_their_role_says(&cluster);
}

/// By Pod Security "restricted", which the namespace enforces.
fn pods_are_admitted(cluster: &Cluster) {
    let replicas = "--for=jsonpath={.status.replicas}=2";
    let deployment = "deployment/healthcare-operator";
    cluster
        .kubectl(&["wait", "-n", NAMESPACE, replicas, deployment, "--timeout=60s"])
        .unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), helm(cluster, &["get", "hooks"], &[])).unwrap();
    let path = file.path().to_str().unwrap();
    cluster
        .kubectl(&["create", "--dry-run=server", "-f", path])
        .unwrap();
}

fn may(cluster: &Cluster, user: &[&str], verb: &str, resource: &str, namespace: &str) -> bool {
    let command = ["auth", "can-i", verb, resource, "-n", namespace];
    cluster.kubectl(&[&command[..], user].concat()).is_ok()
}

const SERVICES: &str = "healthcareservices.gitops-health.io";

fn the_operator_may_do_what_it_needs_and_no_more(cluster: &Cluster) {
    let operator = [
        "--as",
        "system:serviceaccount:healthcare-system:healthcare-operator",
    ];
    let may = |verb, resource, namespace| may(cluster, &operator, verb, resource, namespace);
    eventually("the roles", || may("patch", "deployments.apps", "clinic"));
    assert!(!may("patch", "deployments.apps", "default"));
    assert!(!may("get", "secrets", "clinic"));
    assert!(!may("patch", SERVICES, "clinic"));
    assert!(may(
        "update",
        "leases.coordination.k8s.io/healthcare-operator",
        NAMESPACE
    ));
    assert!(!may("update", "leases.coordination.k8s.io/another", NAMESPACE));
}

/// Whoever holds one of the cluster's own roles holds its part of HealthcareService.
fn users_may_do_what_their_role_says(cluster: &Cluster) {
    for level in ["view", "edit", "admin"] {
        let (role, user) = (format!("--clusterrole={level}"), format!("--user={level}"));
        cluster
            .kubectl(&["create", "rolebinding", level, "-n", "default", &role, &user])
            .unwrap();
    }
    let may = |user, verb| may(cluster, &["--as", user], verb, SERVICES, "default");
    // Roles are aggregated by a controller, each after the one it contains.
    eventually("the aggregated roles", || {
        may("admin", "get") && may("edit", "get") && may("view", "get")
    });
    eventually("the aggregated roles", || {
        may("edit", "patch") && may("admin", "deletecollection")
    });
    assert!(!may("view", "patch"));
    assert!(!may("edit", "deletecollection"));
}
