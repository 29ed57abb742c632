//! What breaks which controls: one way for each check at least.
#![expect(clippy::too_many_lines, reason = "tables")]

use super::*;

/// How the exemplary service is broken.
pub(super) enum How {
    /// By its spec: a JSON merge patch.
    Spec(Value),
    /// By a child that is changed: a JSON pointer, and the value that is put there.
    Child(ChildKind, &'static str, Value),
    /// By a child that is gone.
    Gone(ChildKind),
}

/// One way to break controls.
pub(super) struct Breach {
    pub(super) name: &'static str,
    /// What holds before and after: a JSON merge patch of the spec.
    pub(super) given: Value,
    pub(super) how: How,
    /// Every control that is violated then, and no other.
    pub(super) breaks: &'static [&'static str],
}

impl Breach {
    pub(super) fn before(&self) -> Scene {
        Scene::patched(&self.given)
    }

    pub(super) fn after(&self) -> Scene {
        match &self.how {
            How::Spec(patch) => Scene::patched_twice(&self.given, patch),
            How::Child(kind, pointer, value) => {
                let mut scene = self.before();
                put(scene.child(*kind), pointer, value.clone());
                scene
            }
            How::Gone(kind) => {
                let mut scene = self.before();
                scene.children.retain(|child| child.kind != *kind);
                scene
            }
        }
    }
}

/// Puts a value where the pointer leads, whether or not something is there.
fn put(body: &mut Value, pointer: &str, value: Value) {
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = body
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("nothing at {pointer}"));
    match parent {
        Value::Array(items) => items[field.parse::<usize>().unwrap()] = value,
        other => other[field] = value,
    }
}

fn spec(name: &'static str, patch: Value, breaks: &'static [&'static str]) -> Breach {
    Breach {
        name,
        given: json!({}),
        how: How::Spec(patch),
        breaks,
    }
}

fn child(
    name: &'static str,
    (kind, pointer): (ChildKind, &'static str),
    value: Value,
    breaks: &'static [&'static str],
) -> Breach {
    Breach {
        name,
        given: json!({}),
        how: How::Child(kind, pointer, value),
        breaks,
    }
}

fn gone(name: &'static str, kind: ChildKind, breaks: &'static [&'static str]) -> Breach {
    Breach {
        name,
        given: json!({}),
        how: How::Gone(kind),
        breaks,
    }
}

const CONTAINER: &str = "/spec/template/spec/containers/0";

fn container(field: &'static str) -> (ChildKind, &'static str) {
    debug_assert!(field.starts_with(CONTAINER));
    (ChildKind::Deployment, field)
}

const ALL_NON_ROOT: &[&str] = &[
    "HIPAA-164.308(a)(1)(ii)(B)-non-root",
    "PCI-DSS-7.2.5-non-root",
    "SOX-ITGC-AC-06",
    "21-CFR-11.10(d)-non-root",
];
const ALL_ESCALATION: &[&str] = &[
    "HIPAA-164.308(a)(1)(ii)(B)-escalation",
    "PCI-DSS-2.2.6-escalation",
];
const ALL_CAPABILITIES: &[&str] = &[
    "HIPAA-164.308(a)(1)(ii)(B)-capabilities",
    "PCI-DSS-2.2.4-capabilities",
];
const ALL_SECCOMP: &[&str] = &["HIPAA-164.308(a)(1)(ii)(B)-seccomp", "PCI-DSS-2.2.6-seccomp"];
const ALL_HOST: &[&str] = &[
    "HIPAA-164.308(a)(1)(ii)(B)-host-isolation",
    "PCI-DSS-2.2.6-host-isolation",
];
const ALL_READ_ONLY: &[&str] = &["HIPAA-164.308(a)(5)(ii)(B)", "PCI-DSS-11.5.2-read-only-root"];
const ALL_TOKEN: &[&str] = &[
    "HIPAA-164.312(a)(1)-service-account-token",
    "PCI-DSS-2.2.4-service-account-token",
    "SOX-ITGC-AC-04",
    "21-CFR-11.10(d)-service-account-token",
];
const ALL_ACCOUNT: &[&str] = &[
    "HIPAA-164.312(a)(2)(i)",
    "PCI-DSS-7.2.5-account",
    "SOX-ITGC-AC-03",
    "21-CFR-11.10(d)-account",
];
const ALL_SECRETS: &[&str] = &[
    "HIPAA-164.308(a)(5)(ii)(D)",
    "PCI-DSS-8.6.2",
    "SOX-ITGC-AC-05",
    "21-CFR-11.300(d)",
];
const ALL_LIMITS: &[&str] = &["HIPAA-164.308(a)(7)(i)-limits", "SOX-ITGC-OP-06"];
const ALL_PROBES: &[&str] = &[
    "HIPAA-164.308(a)(7)(i)-probes",
    "SOX-ITGC-OP-08",
    "21-CFR-11.10(a)-probes",
];
const ALL_STRUCTURED: &[&str] = &[
    "HIPAA-164.312(b)-structured-logs",
    "PCI-DSS-10.2.2",
    "SOX-ITGC-DA-01",
    "21-CFR-11.10(e)-structured-logs",
];
const ALL_RECORDING: &[&str] = &[
    "HIPAA-164.312(b)-recording",
    "PCI-DSS-10.2.1",
    "21-CFR-11.10(e)-recording",
];
/// An inbound peer that is everybody.
const ALL_INBOUND: &[&str] = &[
    "HIPAA-164.308(a)(4)(ii)(B)",
    "HIPAA-164.312(e)(1)-network-policy",
    "PCI-DSS-1.3.1-callers",
    "SOX-ITGC-AC-02",
    "21-CFR-11.10(d)-callers",
];
/// And one of every namespace.
const ALL_INBOUND_NAMESPACES: &[&str] = &[
    "HIPAA-164.308(a)(4)(ii)(B)",
    "HIPAA-164.312(e)(1)-network-policy",
    "PCI-DSS-1.3.1-callers",
    "PCI-DSS-6.5.3",
    "SOX-ITGC-AC-02",
    "21-CFR-11.10(d)-callers",
];
const ALL_OUTBOUND: &[&str] = &[
    "HIPAA-164.312(e)(1)-network-policy",
    "PCI-DSS-1.3.2-callees",
    "SOX-ITGC-AC-02",
];
/// No default refusal of inbound traffic: what the rules say is then worth nothing either.
const ALL_DENY_INBOUND: &[&str] = &[
    "HIPAA-164.308(a)(4)(ii)(B)",
    "HIPAA-164.312(a)(1)-default-deny",
    "HIPAA-164.312(e)(1)-network-policy",
    "PCI-DSS-1.2.5",
    "PCI-DSS-1.3.1-default-deny",
    "PCI-DSS-1.3.1-callers",
    "PCI-DSS-6.5.3",
    "PCI-DSS-7.3.3",
    "SOX-ITGC-AC-01",
    "SOX-ITGC-AC-02",
    "21-CFR-11.10(d)-default-deny",
    "21-CFR-11.10(d)-callers",
];
const ALL_DENY_OUTBOUND: &[&str] = &[
    "HIPAA-164.312(a)(1)-default-deny",
    "HIPAA-164.312(e)(1)-network-policy",
    "PCI-DSS-1.2.5",
    "PCI-DSS-1.3.2-default-deny",
    "PCI-DSS-1.3.2-callees",
    "PCI-DSS-6.5.3",
    "PCI-DSS-7.3.3",
    "SOX-ITGC-AC-01",
    "SOX-ITGC-AC-02",
    "21-CFR-11.10(d)-default-deny",
];
const ALL_DENY: &[&str] = &[
    "HIPAA-164.308(a)(4)(ii)(B)",
    "HIPAA-164.312(a)(1)-default-deny",
    "HIPAA-164.312(e)(1)-network-policy",
    "PCI-DSS-1.2.5",
    "PCI-DSS-1.3.1-default-deny",
    "PCI-DSS-1.3.1-callers",
    "PCI-DSS-1.3.2-default-deny",
    "PCI-DSS-1.3.2-callees",
    "PCI-DSS-6.5.3",
    "PCI-DSS-7.3.3",
    "SOX-ITGC-AC-01",
    "SOX-ITGC-AC-02",
    "21-CFR-11.10(d)-default-deny",
    "21-CFR-11.10(d)-callers",
];
const ALL_SETTINGS: &[&str] = &[
    "HIPAA-164.312(c)(1)-config",
    "PCI-DSS-11.5.2-config",
    "SOX-ITGC-CM-02",
    "21-CFR-11.10(a)-config",
];
const FOREIGN_SETTINGS: &[&str] = &["SOX-ITGC-CM-02", "21-CFR-11.10(a)-config"];
const ALL_ROUTES: &[&str] = &[
    "HIPAA-164.312(e)(2)(ii)-exposure",
    "PCI-DSS-4.2.1-exposure",
    "SOX-ITGC-DA-03",
    "21-CFR-11.30-exposure",
    "21-CFR-11.30-transport",
];
const ALL_TRANSPORT: &[&str] = &[
    "HIPAA-164.312(e)(2)(i)",
    "HIPAA-164.312(e)(2)(ii)-transport",
    "PCI-DSS-4.2.1-transport",
    "21-CFR-11.30-transport",
];
const ALL_REPLICAS: &[&str] = &["HIPAA-164.308(a)(7)(ii)(C)-replicas", "SOX-ITGC-OP-04"];
const ALL_BUDGET: &[&str] = &["HIPAA-164.308(a)(7)(ii)(C)-disruption-budget", "SOX-ITGC-OP-05"];
const ALL_SCRAPED: &[&str] = &[
    "HIPAA-164.308(a)(1)(ii)(D)-metrics",
    "PCI-DSS-10.7.2-metrics",
    "SOX-ITGC-OP-01",
];
const ALL_ALERTS: &[&str] = &["HIPAA-164.308(a)(6)(ii)", "PCI-DSS-12.10.5", "SOX-ITGC-OP-02"];
const ALL_RULES: &[&str] = &[
    "HIPAA-164.308(a)(6)(ii)",
    "HIPAA-164.308(a)(7)(ii)(E)",
    "PCI-DSS-10.7.2-alert",
    "PCI-DSS-12.10.5",
    "SOX-ITGC-OP-02",
    "SOX-ITGC-OP-03",
];
const ALL_SLO: &[&str] = &["HIPAA-164.308(a)(7)(ii)(E)", "SOX-ITGC-OP-03"];
const ALL_IMAGE: &[&str] = &[
    "HIPAA-164.312(c)(1)-image",
    "PCI-DSS-6.3.2",
    "SOX-ITGC-CM-01",
    "21-CFR-11.10(a)-image-digest",
];
const ALL_PAUSED: &[&str] = &[
    "HIPAA-164.312(c)(1)-drift",
    "PCI-DSS-6.5.1-established-procedure",
    "SOX-ITGC-CM-05",
    "21-CFR-11.10(a)-drift",
];

/// Every way of the table.
pub(super) fn all() -> Vec<Breach> {
    [
        pods(),
        images_and_settings(),
        network(),
        routes(),
        availability(),
        declared(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn pods() -> Vec<Breach> {
    use ChildKind::Deployment as D;
    vec![
        child(
            "may be root",
            (D, "/spec/template/spec/containers/0/securityContext/runAsNonRoot"),
            json!(false),
            ALL_NON_ROOT,
        ),
        child(
            "is user 0",
            (D, "/spec/template/spec/containers/0/securityContext/runAsUser"),
            json!(0),
            ALL_NON_ROOT,
        ),
        child(
            "gains privileges",
            (
                D,
                "/spec/template/spec/containers/0/securityContext/allowPrivilegeEscalation",
            ),
            json!(null),
            ALL_ESCALATION,
        ),
        child(
            "is privileged",
            (D, "/spec/template/spec/containers/0/securityContext/privileged"),
            json!(true),
            ALL_ESCALATION,
        ),
        child(
            "adds a capability",
            (
                D,
                "/spec/template/spec/containers/0/securityContext/capabilities/add",
            ),
            json!(["NET_RAW"]),
            ALL_CAPABILITIES,
        ),
        child(
            "drops too little",
            (
                D,
                "/spec/template/spec/containers/0/securityContext/capabilities/drop",
            ),
            json!(["NET_RAW"]),
            ALL_CAPABILITIES,
        ),
        child(
            "unfiltered system calls",
            (
                D,
                "/spec/template/spec/containers/0/securityContext/seccompProfile",
            ),
            json!({"type": "Unconfined"}),
            ALL_SECCOMP,
        ),
        child(
            "network of the node",
            (D, "/spec/template/spec/hostNetwork"),
            json!(true),
            ALL_HOST,
        ),
        child(
            "processes of the node",
            (D, "/spec/template/spec/hostPID"),
            json!(true),
            ALL_HOST,
        ),
        child(
            "port of the node",
            container("/spec/template/spec/containers/0/ports/0/hostPort"),
            json!(8080),
            ALL_HOST,
        ),
        child(
            "files of the node",
            (D, "/spec/template/spec/volumes/0"),
            json!({"name": "tmp", "hostPath": {"path": "/"}}),
            ALL_HOST,
        ),
        child(
            "writable root",
            container("/spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem"),
            json!(false),
            ALL_READ_ONLY,
        ),
        child(
            "init container with a writable root",
            (D, "/spec/template/spec/initContainers"),
            json!([{
                "name": "prepare", "image": format!("prepare@sha256:{}", "cd".repeat(32)),
                "env": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "LOG_FORMAT", "value": "json"}, {"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://c"}],
                "resources": {"requests": {"cpu": "1", "memory": "1"}, "limits": {"memory": "1"}},
                "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
            }]),
            ALL_READ_ONLY,
        ),
        child(
            "token",
            (D, "/spec/template/spec/automountServiceAccountToken"),
            json!(true),
            ALL_TOKEN,
        ),
        spec(
            "token in a volume",
            json!({"volumes": [{"name": "id", "mountPath": "/id", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}]}),
            ALL_TOKEN,
        ),
        child(
            "account of others",
            (D, "/spec/template/spec/serviceAccountName"),
            json!("default"),
            ALL_ACCOUNT,
        ),
        gone("no account", ChildKind::ServiceAccount, ALL_ACCOUNT),
        child(
            "no memory limit",
            container("/spec/template/spec/containers/0/resources/limits"),
            json!({}),
            ALL_LIMITS,
        ),
        spec(
            "no CPU reserved",
            json!({"resources": {"requests": {"cpu": "0"}}}),
            ALL_LIMITS,
        ),
        child(
            "no liveness probe",
            container("/spec/template/spec/containers/0/livenessProbe"),
            json!(null),
            ALL_PROBES,
        ),
        child(
            "no readiness probe",
            container("/spec/template/spec/containers/0/readinessProbe"),
            json!(null),
            ALL_PROBES,
        ),
        spec(
            "logs as text",
            json!({"env": [{"name": "LOG_FORMAT", "value": "text"}]}),
            ALL_STRUCTURED,
        ),
        spec(
            "errors only",
            json!({"observability": {"logging": {"level": "error"}}}),
            ALL_RECORDING,
        ),
        spec(
            "payloads in the logs",
            json!({"observability": {"logging": {"level": "debug"}}}),
            &["HIPAA-164.312(b)-log-level"],
        ),
        spec(
            "payloads by filter",
            json!({"env": [{"name": "RUST_LOG", "value": "info,sqlx=TRACE"}]}),
            &["HIPAA-164.312(b)-log-level"],
        ),
        spec(
            "no traces",
            json!({"observability": {"tracing": {"enabled": false}}}),
            &["HIPAA-164.308(a)(1)(ii)(D)-traces"],
        ),
    ]
}

fn images_and_settings() -> Vec<Breach> {
    vec![
        child(
            "tag latest",
            container("/spec/template/spec/containers/0/image"),
            json!("registry.example.org:5000/records:latest"),
            ALL_IMAGE,
        ),
        child(
            "no tag",
            container("/spec/template/spec/containers/0/image"),
            json!("registry.example.org:5000/records"),
            ALL_IMAGE,
        ),
        spec(
            "tag alone",
            json!({"image": "registry.example.org/team/records:1.0.0"}),
            &["21-CFR-11.10(a)-image-digest"],
        ),
        spec(
            "password in the environment",
            json!({"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}),
            ALL_SECRETS,
        ),
        spec(
            "password in a URL",
            json!({"env": [{"name": "DATABASE_URL", "value": "postgres://records:hunter2@db/records"}]}),
            ALL_SECRETS,
        ),
        spec(
            "password in an argument",
            json!({"args": ["--db-password=hunter2"]}),
            ALL_SECRETS,
        ),
        spec(
            "token among the settings",
            json!({"config": {"API_TOKEN": "hunter2"}}),
            ALL_SECRETS,
        ),
        spec(
            "private key among the settings",
            json!({"config": {"tls.pem": "-----BEGIN PRIVATE KEY-----\nhunter2"}}),
            ALL_SECRETS,
        ),
        child(
            "mutable settings",
            (ChildKind::ConfigMap, "/immutable"),
            json!(false),
            ALL_SETTINGS,
        ),
        gone("no settings", ChildKind::ConfigMap, ALL_SETTINGS),
        spec(
            "settings of others",
            json!({"envFrom": [{"configMapRef": {"name": "shared"}}]}),
            FOREIGN_SETTINGS,
        ),
        spec(
            "settings of others as files",
            json!({"volumes": [{"name": "shared", "mountPath": "/shared", "configMap": {"name": "shared"}}]}),
            FOREIGN_SETTINGS,
        ),
    ]
}

fn network() -> Vec<Breach> {
    use ChildKind::NetworkPolicy as N;
    vec![
        gone("no policy", N, ALL_DENY),
        child(
            "policy for some pods",
            (N, "/spec/podSelector/matchLabels/tier"),
            json!("web"),
            ALL_DENY,
        ),
        child(
            "policy without inbound",
            (N, "/spec/policyTypes"),
            json!(["Egress"]),
            ALL_DENY_INBOUND,
        ),
        child(
            "policy without outbound",
            (N, "/spec/policyTypes"),
            json!(["Ingress"]),
            ALL_DENY_OUTBOUND,
        ),
        spec(
            "callers from everywhere",
            json!({"accessPolicy": {"inbound": [{"cidr": "0.0.0.0/0"}]}}),
            ALL_INBOUND,
        ),
        spec(
            "callers from half the world",
            json!({"accessPolicy": {"inbound": [{"cidr": "128.0.0.0/1"}]}}),
            ALL_INBOUND,
        ),
        spec(
            "callers of IPv6",
            json!({"accessPolicy": {"inbound": [{"cidr": "::/0"}]}}),
            ALL_INBOUND,
        ),
        spec(
            "every pod of the namespace",
            json!({"accessPolicy": {"inbound": [{"podSelector": {}}]}}),
            ALL_INBOUND,
        ),
        spec(
            "every namespace",
            json!({"accessPolicy": {"inbound": [{"namespaceSelector": {}}]}}),
            ALL_INBOUND_NAMESPACES,
        ),
        spec(
            "labelled pods of every namespace",
            json!({"accessPolicy": {"inbound": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "x"}}}]}}),
            &["PCI-DSS-6.5.3"],
        ),
        child(
            "rule without peers",
            (N, "/spec/ingress/0/from"),
            json!(null),
            ALL_INBOUND,
        ),
        spec(
            "callees everywhere",
            json!({"accessPolicy": {"outbound": [{"cidr": "0.0.0.0/0", "ports": [{"port": 443}]}]}}),
            ALL_OUTBOUND,
        ),
        spec(
            "callees at any port",
            json!({"accessPolicy": {"outbound": [{"service": "ledger"}]}}),
            &["PCI-DSS-1.2.5"],
        ),
    ]
}

fn routes() -> Vec<Breach> {
    let ingress = json!({"exposure": {"gateway": null, "tlsSecretName": "records-tls"}});
    let stored = json!({
        "exposure": null,
        "compliance": {"dataClassification": "CardholderData"},
        "volumes": [{"name": "data", "mountPath": "/data", "persistentVolumeClaim": {"claimName": "data"}}],
    });
    vec![
        spec(
            "plain HTTP too",
            json!({"exposure": {"gateway": {"sectionName": null}}}),
            ALL_ROUTES,
        ),
        Breach {
            given: ingress.clone(),
            ..spec(
                "no certificate",
                json!({"exposure": {"tlsSecretName": null}}),
                ALL_ROUTES,
            )
        },
        Breach {
            given: ingress,
            ..child(
                "host without a certificate",
                (ChildKind::Ingress, "/spec/tls/0/hosts"),
                json!(["other.example.org"]),
                ALL_ROUTES,
            )
        },
        Breach {
            given: stored,
            ..spec(
                "stores that are exposed",
                json!({"exposure": exemplary()["exposure"]}),
                &["PCI-DSS-1.4.4"],
            )
        },
        spec(
            "nobody encrypts",
            json!({"compliance": {"transportEncryption": null}}),
            ALL_TRANSPORT,
        ),
    ]
}

fn availability() -> Vec<Breach> {
    vec![
        Breach {
            name: "one pod",
            given: json!({}),
            how: How::Spec(json!({"scaling": {"minReplicas": 1}})),
            breaks: &[
                "HIPAA-164.308(a)(7)(ii)(C)-replicas",
                "HIPAA-164.308(a)(7)(ii)(C)-disruption-budget",
                "SOX-ITGC-OP-04",
                "SOX-ITGC-OP-05",
            ],
        },
        child(
            "one pod by the autoscaler",
            (ChildKind::HorizontalPodAutoscaler, "/spec/minReplicas"),
            json!(1),
            ALL_REPLICAS,
        ),
        gone("no budget", ChildKind::PodDisruptionBudget, ALL_BUDGET),
        spec(
            "budget for nothing",
            json!({"disruption": {"minAvailable": 0}}),
            ALL_BUDGET,
        ),
        spec(
            "budget that gives all",
            json!({"disruption": {"maxUnavailable": "100%"}}),
            ALL_BUDGET,
        ),
        spec(
            "pods on one node",
            json!({"scheduling": {"affinity": {"nodeAffinity": {}}}}),
            &["HIPAA-164.308(a)(7)(ii)(C)-spread"],
        ),
        child(
            "gap in a rollout",
            (ChildKind::Deployment, "/spec/strategy/type"),
            json!("Recreate"),
            &["SOX-ITGC-CM-07"],
        ),
        child(
            "pods go first",
            (
                ChildKind::Deployment,
                "/spec/strategy/rollingUpdate/maxUnavailable",
            ),
            json!("25%"),
            &["SOX-ITGC-CM-07"],
        ),
        gone(
            "no autoscaler",
            ChildKind::HorizontalPodAutoscaler,
            &["SOX-ITGC-OP-07"],
        ),
        gone("not scraped", ChildKind::ServiceMonitor, ALL_SCRAPED),
        gone("no rules", ChildKind::PrometheusRule, ALL_RULES),
        spec("no objective", json!({"observability": {"slo": null}}), ALL_SLO),
        spec(
            "standard alerts off",
            json!({"observability": {"alerts": {"enabled": false}}}),
            &["PCI-DSS-10.7.2-alert"],
        ),
        Breach {
            name: "no alert calls anybody",
            given: json!({}),
            how: How::Child(
                ChildKind::PrometheusRule,
                "/spec/groups",
                json!([{"name": "few", "rules": [
                    {"alert": "HealthcareServiceDown", "labels": {"severity": "info"}},
                    {"alert": "HealthcareServiceErrorBudgetBurn", "labels": {"severity": "warning"}},
                ]}]),
            ),
            breaks: ALL_ALERTS,
        },
    ]
}

fn declared() -> Vec<Breach> {
    vec![
        spec(
            "six years",
            json!({"compliance": {"auditRetention": "6y"}}),
            &["SOX-ITGC-DA-02"],
        ),
        spec(
            "almost six years",
            json!({"compliance": {"auditRetention": "2191d"}}),
            &["HIPAA-164.316(b)(2)(i)", "SOX-ITGC-DA-02"],
        ),
        spec(
            "half a year",
            json!({"compliance": {"auditRetention": "180d"}}),
            &["HIPAA-164.316(b)(2)(i)", "PCI-DSS-10.5.1", "SOX-ITGC-DA-02"],
        ),
        spec(
            "no retention",
            json!({"compliance": {"auditRetention": null}}),
            &[
                "HIPAA-164.316(b)(2)(i)",
                "PCI-DSS-10.5.1",
                "SOX-ITGC-DA-02",
                "21-CFR-11.10(e)-retention",
            ],
        ),
        spec(
            "failed changes stay",
            json!({"rollout": {"autoRollback": false}}),
            &["PCI-DSS-6.5.1-back-out", "SOX-ITGC-CM-04"],
        ),
        spec(
            "unwatched changes",
            json!({"rollout": {"strategy": "Rolling"}}),
            &["SOX-ITGC-CM-03"],
        ),
        spec("hands held", json!({"paused": true}), ALL_PAUSED),
        spec(
            "emergency without end",
            json!({"compliance": {"breakGlass": {
                "until": "2026-11-27T12:00:00Z", "reason": "the store is down", "ticket": "INC-1", "openedBy": "on call",
            }}}),
            &["HIPAA-164.312(a)(2)(ii)"],
        ),
        spec(
            "emergency that is over",
            json!({"compliance": {"breakGlass": {
                "until": "2026-11-20T11:59:59Z", "reason": "the store is down", "ticket": "INC-1", "openedBy": "on call",
            }}}),
            &["HIPAA-164.312(a)(2)(ii)"],
        ),
    ]
}
