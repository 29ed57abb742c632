//! What can be done to the children of `examples/synthetic-phi-service.yaml`.

/// How it is done.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// A JSON merge patch (RFC 7386).
    Merge(&'static str),
    /// A JSON Patch (RFC 6902).
    Json(&'static str),
    /// A strategic merge patch, as `kubectl edit` and `kubectl set` send it.
    Strategic(&'static str),
    /// A server-side apply that takes what it names by force.
    Apply(&'static str),
    /// Deletion.
    Delete,
    /// `kubectl replace --force`: deleted and made anew, with this merged into what was there.
    Replace(&'static str),
}

/// What the report is to say of it.
pub(super) type Reported = &'static str;

use How::{Apply, Delete, Json, Merge, Replace, Strategic};

const CHANGED: Reported = "changed";
const ADDED: Reported = "added";
const BOTH: Reported = "changed and added";
const DELETED: Reported = "deleted";

/// What was done to a child, by name.
pub(super) type Case = (&'static str, How, Reported);

/// By the child's resource.
pub(super) const CASES: [(&str, &[Case]); 11] = [
    ("deployments", &DEPLOYMENT),
    ("services", &SERVICE),
    ("networkpolicies", &NETWORK_POLICY),
    ("horizontalpodautoscalers", &AUTOSCALER),
    ("poddisruptionbudgets", &BUDGET),
    ("serviceaccounts", &SERVICE_ACCOUNT),
    ("configmaps", &CONFIG_MAP),
    ("controllerrevisions", &REVISION),
    ("servicemonitors", &MONITOR),
    ("prometheusrules", &RULES),
    ("ingresses", &INGRESS),
];

const RESET: How = Merge(r#"{"metadata":{"managedFields":[{}]}}"#);
const NO_OWNER: How = Json(r#"[{"op":"remove","path":"/metadata/ownerReferences"}]"#);
const NO_LABELS: How = Json(r#"[{"op":"remove","path":"/metadata/labels"}]"#);
const OTHER_LABEL: How = Merge(r#"{"metadata":{"labels":{"app.kubernetes.io/part-of":"else"}}}"#);

const DEPLOYMENT: [Case; 30] = [
    (
        "image changed",
        Strategic(
            r#"{"spec":{"template":{"spec":{"containers":[{"name":"synthetic-phi-service","image":"registry.local/evil:1"}]}}}}"#,
        ),
        CHANGED,
    ),
    (
        "image taken by force",
        Apply(
            r#"{"spec":{"template":{"spec":{"containers":[{"name":"synthetic-phi-service","image":"registry.local/evil:1"}]}}}}"#,
        ),
        CHANGED,
    ),
    (
        "variable changed",
        Strategic(
            r#"{"spec":{"template":{"spec":{"containers":[{"name":"synthetic-phi-service","env":[{"name":"PORT","value":"1"}]}]}}}}"#,
        ),
        CHANGED,
    ),
    (
        "variable removed",
        Json(r#"[{"op":"remove","path":"/spec/template/spec/containers/0/env/3"}]"#),
        CHANGED,
    ),
    (
        "variable added",
        Json(
            r#"[{"op":"add","path":"/spec/template/spec/containers/0/env/0","value":{"name":"DEBUG","value":"1"}}]"#,
        ),
        ADDED,
    ),
    (
        "variable renamed",
        Json(r#"[{"op":"replace","path":"/spec/template/spec/containers/0/env/3/name","value":"LEVEL"}]"#),
        BOTH,
    ),
    (
        "variables in another order",
        Json(
            r#"[{"op":"move","from":"/spec/template/spec/containers/0/env/3","path":"/spec/template/spec/containers/0/env/0"},{"op":"replace","path":"/spec/template/spec/containers/0/env/0/value","value":"trace"}]"#,
        ),
        CHANGED,
    ),
    (
        "sidecar added",
        Json(
            r#"[{"op":"add","path":"/spec/template/spec/containers/0","value":{"name":"sidecar","image":"registry.local/evil:1"}}]"#,
        ),
        ADDED,
    ),
    (
        "sidecar added by a server-side apply",
        Apply(
            r#"{"spec":{"template":{"spec":{"containers":[{"name":"sidecar","image":"registry.local/evil:1"}]}}}}"#,
        ),
        ADDED,
    ),
    (
        "init container added",
        Merge(
            r#"{"spec":{"template":{"spec":{"initContainers":[{"name":"first","image":"registry.local/evil:1"}]}}}}"#,
        ),
        ADDED,
    ),
    (
        "container renamed",
        Json(r#"[{"op":"replace","path":"/spec/template/spec/containers/0/name","value":"other"}]"#),
        BOTH,
    ),
    (
        "network of the host",
        Merge(r#"{"spec":{"template":{"spec":{"hostNetwork":true}}}}"#),
        ADDED,
    ),
    (
        "privileged",
        Strategic(
            r#"{"spec":{"template":{"spec":{"containers":[{"name":"synthetic-phi-service","securityContext":{"privileged":true,"allowPrivilegeEscalation":true}}]}}}}"#,
        ),
        BOTH,
    ),
    (
        "capability added",
        Strategic(
            r#"{"spec":{"template":{"spec":{"containers":[{"name":"synthetic-phi-service","securityContext":{"capabilities":{"add":["NET_ADMIN"]}}}]}}}}"#,
        ),
        ADDED,
    ),
    (
        "limits removed",
        Json(r#"[{"op":"remove","path":"/spec/template/spec/containers/0/resources/limits"}]"#),
        CHANGED,
    ),
    (
        "readiness probe removed",
        Json(r#"[{"op":"remove","path":"/spec/template/spec/containers/0/readinessProbe"}]"#),
        CHANGED,
    ),
    (
        "lifecycle hook exchanged",
        Json(
            r#"[{"op":"replace","path":"/spec/template/spec/containers/0/lifecycle","value":{"preStop":{"exec":{"command":["true"]}}}}]"#,
        ),
        BOTH,
    ),
    (
        "volume of the host added",
        Strategic(r#"{"spec":{"template":{"spec":{"volumes":[{"name":"host","hostPath":{"path":"/"}}]}}}}"#),
        ADDED,
    ),
    (
        "volume exchanged",
        Json(
            r#"[{"op":"replace","path":"/spec/template/spec/volumes/0","value":{"name":"tmp","hostPath":{"path":"/"}}}]"#,
        ),
        BOTH,
    ),
    (
        "service account changed",
        Merge(
            r#"{"spec":{"template":{"spec":{"serviceAccountName":"default","serviceAccount":"default"}}}}"#,
        ),
        BOTH,
    ),
    ("rollout paused", Merge(r#"{"spec":{"paused":true}}"#), ADDED),
    (
        "strategy changed",
        Merge(r#"{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}"#),
        CHANGED,
    ),
    (
        "annotation of the pods added",
        Merge(r#"{"spec":{"template":{"metadata":{"annotations":{"sidecar.istio.io/inject":"true"}}}}}"#),
        ADDED,
    ),
    (
        "command added",
        Json(r#"[{"op":"add","path":"/spec/template/spec/containers/0/command","value":["sh"]}]"#),
        ADDED,
    ),
    (
        "node chosen",
        Merge(
            r#"{"spec":{"template":{"spec":{"nodeSelector":{"a":"b"},"tolerations":[{"operator":"Exists"}]}}}}"#,
        ),
        ADDED,
    ),
    ("managed fields reset", RESET, CHANGED),
    ("owner removed", NO_OWNER, CHANGED),
    ("labels removed", NO_LABELS, CHANGED),
    ("deleted", Delete, DELETED),
    (
        "replaced",
        Replace(r#"{"spec":{"template":{"spec":{"hostNetwork":true}}}}"#),
        DELETED,
    ),
];

const SERVICE: [Case; 11] = [
    (
        "port changed",
        Json(r#"[{"op":"replace","path":"/spec/ports/0/port","value":81}]"#),
        BOTH,
    ),
    (
        "target changed",
        Json(r#"[{"op":"replace","path":"/spec/ports/0/targetPort","value":22}]"#),
        CHANGED,
    ),
    (
        "port renamed",
        Json(r#"[{"op":"replace","path":"/spec/ports/0/name","value":"web"}]"#),
        CHANGED,
    ),
    (
        "port added",
        Json(r#"[{"op":"add","path":"/spec/ports/-","value":{"name":"admin","port":9999}}]"#),
        ADDED,
    ),
    (
        "selector changed",
        Merge(r#"{"spec":{"selector":{"app":"evil"}}}"#),
        CHANGED,
    ),
    ("type changed", Merge(r#"{"spec":{"type":"NodePort"}}"#), BOTH),
    (
        "outside addresses added",
        Merge(r#"{"spec":{"externalIPs":["203.0.113.7"]}}"#),
        ADDED,
    ),
    (
        "affinity changed",
        Merge(r#"{"spec":{"sessionAffinity":"ClientIP"}}"#),
        BOTH,
    ),
    ("managed fields reset", RESET, CHANGED),
    ("labels removed", NO_LABELS, CHANGED),
    ("deleted", Delete, DELETED),
];

const NETWORK_POLICY: [Case; 6] = [
    (
        "rule added",
        Json(r#"[{"op":"add","path":"/spec/ingress/-","value":{}}]"#),
        CHANGED,
    ),
    ("open to all", Merge(r#"{"spec":{"ingress":[{}]}}"#), CHANGED),
    (
        "egress unguarded",
        Merge(r#"{"spec":{"policyTypes":["Ingress"],"egress":null}}"#),
        CHANGED,
    ),
    (
        "other pods",
        Merge(r#"{"spec":{"podSelector":{"matchLabels":{"app":"other"}}}}"#),
        CHANGED,
    ),
    ("owner removed", NO_OWNER, CHANGED),
    ("deleted", Delete, DELETED),
];

const AUTOSCALER: [Case; 6] = [
    (
        "maximum changed",
        Merge(r#"{"spec":{"maxReplicas":50}}"#),
        CHANGED,
    ),
    (
        "minimum removed",
        Merge(r#"{"spec":{"minReplicas":null}}"#),
        CHANGED,
    ),
    (
        "metric removed",
        Json(r#"[{"op":"remove","path":"/spec/metrics/1"}]"#),
        CHANGED,
    ),
    (
        "behaviour added",
        Merge(r#"{"spec":{"behavior":{"scaleUp":{"selectPolicy":"Disabled"}}}}"#),
        ADDED,
    ),
    ("label changed", OTHER_LABEL, CHANGED),
    ("deleted", Delete, DELETED),
];

const BUDGET: [Case; 4] = [
    (
        "minimum lowered",
        Merge(r#"{"spec":{"minAvailable":0}}"#),
        CHANGED,
    ),
    (
        "minimum exchanged for a maximum",
        Merge(r#"{"spec":{"minAvailable":null,"maxUnavailable":"100%"}}"#),
        BOTH,
    ),
    ("managed fields reset", RESET, CHANGED),
    ("deleted", Delete, DELETED),
];

const SERVICE_ACCOUNT: [Case; 5] = [
    (
        "token mounted",
        Merge(r#"{"automountServiceAccountToken":true}"#),
        CHANGED,
    ),
    ("labels removed", NO_LABELS, CHANGED),
    ("owner removed", NO_OWNER, CHANGED),
    (
        "owner exchanged",
        Json(r#"[{"op":"replace","path":"/metadata/ownerReferences/0/controller","value":false}]"#),
        CHANGED,
    ),
    ("deleted", Delete, DELETED),
];

const CONFIG_MAP: [Case; 4] = [
    ("label changed", OTHER_LABEL, CHANGED),
    ("labels removed", NO_LABELS, CHANGED),
    ("deleted", Delete, DELETED),
    (
        "replaced with other settings",
        Replace(r#"{"data":{"SHUTDOWN_DRAIN_DELAY":"0s","EXTRA":"1"}}"#),
        DELETED,
    ),
];

/// Its data are immutable.
const REVISION: [Case; 5] = [
    ("number changed", Merge(r#"{"revision":7}"#), CHANGED),
    ("labels removed", NO_LABELS, CHANGED),
    ("owner removed", NO_OWNER, CHANGED),
    ("deleted", Delete, DELETED),
    (
        "replaced with another spec",
        Replace(r#"{"data":{"spec":{"image":"registry.local/evil:1"}}}"#),
        DELETED,
    ),
];

const MONITOR: [Case; 4] = [
    (
        "interval changed",
        Json(r#"[{"op":"replace","path":"/spec/endpoints/0/interval","value":"1h"}]"#),
        CHANGED,
    ),
    (
        "endpoint added",
        Json(r#"[{"op":"add","path":"/spec/endpoints/-","value":{"port":"admin"}}]"#),
        CHANGED,
    ),
    ("limit added", Merge(r#"{"spec":{"sampleLimit":1}}"#), ADDED),
    ("deleted", Delete, DELETED),
];

const RULES: [Case; 5] = [
    (
        "expression changed",
        Json(r#"[{"op":"replace","path":"/spec/groups/0/rules/0/expr","value":"vector(0)"}]"#),
        CHANGED,
    ),
    (
        "group added",
        Json(
            r#"[{"op":"add","path":"/spec/groups/-","value":{"name":"other","rules":[{"record":"a","expr":"vector(1)"}]}}]"#,
        ),
        ADDED,
    ),
    ("groups removed", Merge(r#"{"spec":{"groups":null}}"#), CHANGED),
    ("managed fields reset", RESET, CHANGED),
    ("deleted", Delete, DELETED),
];

const INGRESS: [Case; 6] = [
    (
        "host changed",
        Json(r#"[{"op":"replace","path":"/spec/rules/0/host","value":"evil.example.org"}]"#),
        CHANGED,
    ),
    (
        "rule added",
        Json(r#"[{"op":"add","path":"/spec/rules/-","value":{"host":"evil.example.org"}}]"#),
        CHANGED,
    ),
    (
        "class added",
        Merge(r#"{"spec":{"ingressClassName":"other"}}"#),
        ADDED,
    ),
    (
        "default backend added",
        Merge(r#"{"spec":{"defaultBackend":{"service":{"name":"other","port":{"number":80}}}}}"#),
        ADDED,
    ),
    ("label changed", OTHER_LABEL, CHANGED),
    ("deleted", Delete, DELETED),
];
