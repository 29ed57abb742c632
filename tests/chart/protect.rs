//! What the policies refuse, and what they let through.

use local_cluster::Cluster;

use crate::setup::{cluster, eventually, install};

const OPERATOR: &[&str] = &[
    "--as",
    "system:serviceaccount:healthcare-system:healthcare-operator",
];
const AUTOSCALER: &[&str] = &[
    "--as",
    "system:serviceaccount:kube-system:horizontal-pod-autoscaler",
];

const SERVICES: &str = "
apiVersion: gitops-health.io/v1alpha1
kind: HealthcareService
metadata: {name: lab, namespace: clinic}
spec: {image: 'registry.example.org/lab:1.0.0'}
---
apiVersion: gitops-health.io/v1alpha1
kind: HealthcareService
metadata: {name: other, namespace: clinic}
spec: {image: 'registry.example.org/other:1.0.0', paused: true}
";

/// One object of each kind the operator makes: API version, kind, resource, the rest of it, a change by hand.
const CHILDREN: [(&str, &str, &str, &str, &str); 11] = [
    (
        "apps/v1",
        "Deployment",
        "deployments",
        "spec: {replicas: 3, selector: {matchLabels: &pods {gitops-health.io/service: lab, gitops-health.io/track: primary}}, template: {metadata: {labels: *pods}, spec: {containers: [{name: lab, image: 'registry.example.org/lab:1.0.0'}]}}}",
        r#"{"spec":{"template":{"spec":{"hostNetwork":true}}}}"#,
    ),
    (
        "v1",
        "Service",
        "services",
        "spec: {selector: {a: b}, ports: [{name: http, port: 80}]}",
        r#"{"spec":{"selector":{"a":"c"}}}"#,
    ),
    (
        "v1",
        "ServiceAccount",
        "serviceaccounts",
        "automountServiceAccountToken: false",
        r#"{"automountServiceAccountToken":true}"#,
    ),
    (
        "v1",
        "ConfigMap",
        "configmaps",
        "data: {a: b}",
        r#"{"binaryData":{"c":"ZA=="}}"#,
    ),
    (
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        "spec: {maxReplicas: 5, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: lab}}",
        r#"{"spec":{"maxReplicas":6}}"#,
    ),
    (
        "policy/v1",
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        "spec: {minAvailable: 1, selector: {matchLabels: {a: b}}}",
        r#"{"spec":{"minAvailable":0}}"#,
    ),
    (
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "networkpolicies",
        "spec: {podSelector: {matchLabels: {a: b}}, policyTypes: [Ingress]}",
        r#"{"spec":{"ingress":[{}]}}"#,
    ),
    (
        "networking.k8s.io/v1",
        "Ingress",
        "ingresses",
        "spec: {defaultBackend: {service: {name: lab, port: {number: 80}}}}",
        r#"{"spec":{"ingressClassName":"other"}}"#,
    ),
    (
        "monitoring.coreos.com/v1",
        "ServiceMonitor",
        "servicemonitors",
        "spec: {selector: {}, endpoints: [{port: http}]}",
        r#"{"spec":{"endpoints":[]}}"#,
    ),
    (
        "monitoring.coreos.com/v1",
        "PrometheusRule",
        "prometheusrules",
        "spec: {groups: []}",
        r#"{"spec":{"groups":[{"name":"mine"}]}}"#,
    ),
    (
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        "httproutes",
        "spec: {hostnames: [lab.example.org]}",
        r#"{"spec":{"hostnames":["mine.example.org"]}}"#,
    ),
];

fn child(child: (&str, &str, &str, &str, &str), uid: &str) -> String {
    let (version, kind, _, rest, _) = child;
    format!(
        "apiVersion: {version}
kind: {kind}
metadata:
  name: lab
  namespace: clinic
  labels: {{app.kubernetes.io/managed-by: healthcare-operator, gitops-health.io/service: lab}}
  ownerReferences: [{{apiVersion: gitops-health.io/v1alpha1, kind: HealthcareService, name: lab, uid: {uid}, controller: true, blockOwnerDeletion: true}}]
{rest}
---
"
    )
}

/// The chart, two services, and one child of each kind, made by the operator's account with its own rights.
fn clinic() -> Cluster {
    let cluster = cluster();
    install(&cluster, &["--set", "protectChildren.exemptGroups={break-glass}"]);
    cluster.kubectl(&["create", "namespace", "clinic"]).unwrap();
    cluster.apply(SERVICES).unwrap();
    let uid = cluster
        .kubectl(&[
            "get",
            "hcs",
            "lab",
            "-n",
            "clinic",
            "-o",
            "jsonpath={.metadata.uid}",
        ])
        .unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), CHILDREN.map(|c| child(c, &uid)).concat()).unwrap();
    let apply = [
        "apply",
        "--server-side",
        "--field-manager=healthcare-operator",
        "-f",
        file.path().to_str().unwrap(),
    ];
    eventually("roles and new kinds", || {
        cluster.kubectl(&[&apply[..], OPERATOR].concat()).is_ok()
    });
    eventually("the policies", || {
        kubectl(&cluster, "patch cm lab -p {\"data\":{\"probe\":\"x\"}}", &[]).is_err()
    });
    cluster
}

/// A kubectl command in words, in the namespace of the test. None of them holds a blank inside a word.
fn kubectl(cluster: &Cluster, words: &str, user: &[&str]) -> Result<String, String> {
    let words: Vec<_> = words
        .split(' ')
        .chain(["-n", "clinic"])
        .chain(user.iter().copied())
        .collect();
    cluster.kubectl(&words).map_err(|e| format!("{e:#}"))
}

fn refused(cluster: &Cluster, words: &str, message: &str) {
    let answer = kubectl(cluster, words, &[]);
    assert!(
        answer.as_ref().is_err_and(|e| e.contains(message)),
        "{words}: {answer:?}"
    );
}

fn allowed(cluster: &Cluster, words: &str, user: &[&str]) {
    kubectl(cluster, words, user).unwrap_or_else(|e| panic!("{words} as {user:?}: {e}"));
}

#[test]
fn managed_objects_of_every_kind_are_changed_through_their_service_only() {
    let cluster = clinic();
    for (_, kind, resource, _, change) in CHILDREN {
        let patch = format!("patch {resource}/lab --type=merge -p {change}");
        let made_for = format!(
            "{kind} lab is made by healthcare-operator for HealthcareService clinic/lab and this change would be undone: change the HealthcareService instead (kubectl edit hcs lab -n clinic"
        );
        refused(&cluster, &patch, &made_for);
        refused(
            &cluster,
            &format!("delete {resource}/lab"),
            "and would be made again at once: delete that, or switch this part off",
        );
        let relabel = format!("label {resource}/lab app.kubernetes.io/managed-by-");
        refused(
            &cluster,
            &relabel,
            "its owner and the labels app.kubernetes.io/managed-by and gitops-health.io/service stay",
        );
        let disown =
            format!(r#"patch {resource}/lab --type=merge -p {{"metadata":{{"ownerReferences":null}}}}"#);
        refused(&cluster, &disown, "its owner and the labels");
        allowed(&cluster, &format!("annotate {resource}/lab note=x"), &[]);
        allowed(&cluster, &format!("label {resource}/lab team=x"), &[]);
        allowed(&cluster, &patch, OPERATOR);
    }
    restart_and_scale(&cluster);
    unmanaged(&cluster);
    exempt_and_paused(&cluster);
    deleted(&cluster);
}

/// `kubectl rollout restart` and `kubectl scale` have a clear answer.
fn restart_and_scale(cluster: &Cluster) {
    allowed(cluster, "rollout restart deployment/lab", &[]);
    let more = r#"patch deployment/lab --type=merge -p {"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"x","a":"b"}}}}}"#;
    refused(cluster, more, "this change would be undone");
    refused(
        cluster,
        r#"patch deployment/lab --type=merge -p {"spec":{"minReadySeconds":1}}"#,
        "this change would be undone",
    );
    refused(
        cluster,
        "scale deployment/lab --replicas=7",
        "kubectl scale hcs/lab -n clinic --replicas=7",
    );
    autoscale(cluster);
    allowed(cluster, "scale hcs/lab --replicas=4", &[]);
}

/// As the HorizontalPodAutoscaler's controller does it, with the rights the cluster gives it.
fn autoscale(cluster: &Cluster) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let scale = r#"{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"lab","namespace":"clinic"},"spec":{"replicas":7}}"#;
    std::fs::write(file.path(), scale).unwrap();
    let path = "/apis/apps/v1/namespaces/clinic/deployments/lab/scale";
    let replace = ["replace", "--raw", path, "-f", file.path().to_str().unwrap()];
    cluster.kubectl(&[&replace[..], AUTOSCALER].concat()).unwrap();
    let replicas = kubectl(cluster, "get deployment/lab -o jsonpath={.spec.replicas}", &[]);
    assert_eq!(replicas.as_deref(), Ok("7"));
}

/// Objects nobody's service owns are nobody's business, even with the labels on them.
fn unmanaged(cluster: &Cluster) {
    allowed(cluster, "create configmap free --from-literal=a=b", &[]);
    allowed(
        cluster,
        "label configmap/free app.kubernetes.io/managed-by=healthcare-operator gitops-health.io/service=lab",
        &[],
    );
    allowed(
        cluster,
        r#"patch configmap/free --type=merge -p {"data":{"c":"d"}}"#,
        &[],
    );
    allowed(cluster, "delete configmap/free", &[]);
    allowed(
        cluster,
        "create deployment free --image=registry.example.org/free:1.0.0",
        &[],
    );
    allowed(cluster, "scale deployment/free --replicas=2", &[]);
}

fn exempt_and_paused(cluster: &Cluster) {
    let break_glass = [
        "--as",
        "someone",
        "--as-group",
        "break-glass",
        "--as-group",
        "system:masters",
    ];
    let patch = |value: &str| format!(r#"patch configmap/lab --type=merge -p {{"data":{{"a":"{value}"}}}}"#);
    allowed(cluster, &patch("exempt"), &break_glass);
    refused(cluster, &patch("admin"), "spec.paused: true");

    allowed(
        cluster,
        r#"patch hcs/lab --type=merge -p {"spec":{"paused":true}}"#,
        &[],
    );
    eventually("the pause", || kubectl(cluster, &patch("by-hand"), &[]).is_ok());
    allowed(cluster, "scale deployment/lab --replicas=1", &[]);
    allowed(
        cluster,
        r#"patch hcs/lab --type=merge -p {"spec":{"paused":false}}"#,
        &[],
    );
    eventually("the end of the pause", || {
        kubectl(cluster, &patch("again"), &[]).is_err()
    });
}

/// The cluster's own controllers are not in the policies' way: a service takes its objects with it.
fn deleted(cluster: &Cluster) {
    allowed(cluster, "delete hcs/lab", &[]);
    for (_, _, resource, _, _) in CHILDREN {
        eventually(resource, || {
            let left = kubectl(
                cluster,
                &format!("get {resource} -l gitops-health.io/service=lab -o name"),
                &[],
            );
            left.is_ok_and(|names| names.trim().is_empty())
        });
    }
}
