//! `HealthcareService` and its spec.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::EnvFromSource;
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::{
    AccessPolicy, AdditionalPort, Compliance, Disruption, EnvVar, Exposure, HealthcareServiceStatus,
    ImagePullSecret, Observability, Probes, Resources, Rollout, Scaling, Scheduling, SecretRef,
    ServiceAccountSpec, SessionAffinity, Volume, guards,
};

/// One healthcare service: a container image and how to run it safely.
///
/// The operator turns it into a Deployment, Service, ServiceAccount, ConfigMap, HorizontalPodAutoscaler,
/// PodDisruptionBudget, NetworkPolicy, ServiceMonitor, PrometheusRule and, when exposed, an HTTPRoute or Ingress.
#[derive(CustomResource, KubeSchema, Clone, Debug, Deserialize, Serialize, PartialEq)]
#[kube(
    group = "gitops-health.io",
    version = "v1alpha1",
    kind = "HealthcareService",
    plural = "healthcareservices",
    singular = "healthcareservice",
    shortname = "hcs",
    category = "healthcare",
    namespaced,
    status = "HealthcareServiceStatus",
    derive = "PartialEq",
    doc = "One healthcare service: a container image and how to run it safely. The operator turns it into a Deployment, Service, ServiceAccount, ConfigMap, HorizontalPodAutoscaler, PodDisruptionBudget, NetworkPolicy, ServiceMonitor, PrometheusRule and, when exposed, an HTTPRoute or Ingress, keeps them so, and reports in status.",
    scale(
        spec_replicas_path = ".spec.scaling.minReplicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ),
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#, description = "True once this generation is fully rolled out and serving"),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#, description = "Why Ready has that status"),
    printcolumn(name = "Available", type_ = "string", json_path = ".status.available", description = "Available of wanted pods"),
    printcolumn(name = "Strategy", type_ = "string", json_path = ".status.rollout.strategy", description = "How the last change of the pods was rolled out"),
    printcolumn(name = "Risk", type_ = "integer", json_path = ".status.rollout.risk.score", description = "Risk of that change, from 0 to 100"),
    printcolumn(name = "Compliance", type_ = "string", json_path = ".status.compliance.summary", description = "Controls met of those that are checked"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Rollout", type_ = "string", json_path = ".status.rollout.phase", priority = 1, description = "Where the rollout stands"),
    printcolumn(name = "Image", type_ = "string", json_path = ".status.image", priority = 1, description = "Image of the applied pod template"),
    printcolumn(name = "URL", type_ = "string", json_path = ".status.url", priority = 1, description = "Where the service is exposed"),
    printcolumn(name = "Message", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].message"#, priority = 1),
    validation = Rule::new("self.metadata.name.size() <= 52 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')")
        .message(Message::Expression("'metadata.name is %s (%d characters): it names the Service too, so use at most 52 lower-case letters, digits and dashes, starting with a letter'.format([self.metadata.name, self.metadata.name.size()])".into()))
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.additionalPorts) || self.additionalPorts.all(p, p.port != self.port)")
    .message(Message::Expression("'spec.additionalPorts uses port %d, which is already spec.port: give it another number'.format([self.port])".into())).field_path(".additionalPorts"))]
#[x_kube(validation = Rule::new("!has(self.disruption) || !has(self.disruption.minAvailable) || self.scaling.minReplicas < 2 || !string(self.disruption.minAvailable).matches('^[0-9]{1,9}%?$') || (string(self.disruption.minAvailable).endsWith('%') ? (int(string(self.disruption.minAvailable).replace('%', '')) * self.scaling.minReplicas + 99) / 100 : int(string(self.disruption.minAvailable))) < self.scaling.minReplicas")
    .message(Message::Expression("'spec.disruption.minAvailable %s keeps all of scaling.minReplicas %d pods: a node could never be drained. Lower minAvailable or raise minReplicas'.format([string(self.disruption.minAvailable), self.scaling.minReplicas])".into())).field_path(".disruption.minAvailable"))]
#[x_kube(validation = Rule::new("!has(self.volumes) || self.volumes.all(v, v.mountPath != '/tmp' && v.mountPath != '/etc/config' && v.name != 'tmp' && v.name != 'config' && !v.name.startsWith('secret-'))")
    .message("spec.volumes: the names tmp and config and the paths /tmp and /etc/config are taken by the operator's own volumes, and names that start with secret- by secrets; choose another name and mountPath").field_path(".volumes"))]
#[x_kube(validation = Rule::new("!has(self.volumes) || !has(self.secrets) || self.volumes.all(v, self.secrets.all(s, !has(s.mountPath) || s.mountPath != v.mountPath))")
    .message("spec.volumes and spec.secrets share a mountPath; give each its own").field_path(".volumes"))]
#[x_kube(validation = guards::phi_transport())]
#[x_kube(validation = guards::cardholder_transport())]
#[x_kube(validation = guards::phi_retention())]
#[x_kube(validation = guards::hipaa_retention())]
#[x_kube(validation = guards::phi_addresses())]
#[x_kube(validation = guards::phi_secrets())]
#[x_kube(validation = guards::phi_log_level())]
#[x_kube(validation = guards::phi_replicas())]
#[x_kube(validation = guards::part11_image())]
pub struct HealthcareServiceSpec {
    /// Container image, by tag or digest: `registry.example.org/team/service:1.4.2` or `…@sha256:…`. A missing
    /// tag and `:latest` are refused: neither says what runs.
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-._a-z0-9]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]([-._a-z0-9]*[a-z0-9])?)*(:[A-Za-z0-9_][-._A-Za-z0-9]{0,127})?(@sha256:[a-f0-9]{64})?$')")
        .message(Message::Expression("'spec.image %s is not an image reference: write registry/repository:tag or registry/repository@sha256:<64 hex digits>, in lower case'.format([self])".into())))]
    #[x_kube(validation = Rule::new("self.matches('(:[A-Za-z0-9_][-._A-Za-z0-9]{0,127}|@sha256:[a-f0-9]{64})$')")
        .message(Message::Expression("'spec.image %s has no tag: add a fixed one, such as :1.0.0, or pin a digest with @sha256:…'.format([self])".into())))]
    #[x_kube(validation = Rule::new("!self.contains(':latest')")
        .message(Message::Expression("'spec.image %s uses :latest, which changes under a running service: name a fixed tag or a digest'.format([self])".into())).reason(Reason::FieldValueForbidden))]
    #[schemars(length(min = 1, max = 512))]
    pub image: String,

    /// TCP port the container listens on. The Service always exposes port 80 to it, named `http`.
    #[serde(default = "default_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,

    /// Further ports of the container, each exposed by the Service under its own number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    #[x_kube(validation = Rule::new("self.all(p, self.exists_one(q, q.port == p.port))")
        .message("spec.additionalPorts: two entries use the same port number; give each its own"))]
    #[x_kube(validation = Rule::new("self.all(p, p.name != 'http' && p.port != 80)")
        .message("spec.additionalPorts: the name http and port 80 are taken by the service's main port; choose others"))]
    pub additional_ports: Vec<AdditionalPort>,

    /// Whether calls of one client go to the same pod.
    #[serde(default)]
    pub session_affinity: SessionAffinity,

    /// Entry point in place of the image's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 4096)))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub command: Vec<String>,

    /// Arguments in place of the image's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 4096)))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub args: Vec<String>,

    /// Environment variables. They win over `config`, `secrets` and what the operator sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub env: Vec<EnvVar>,

    /// Existing ConfigMaps and Secrets whose keys become environment variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    #[x_kube(validation = Rule::new("self.all(e, has(e.configMapRef) != has(e.secretRef))")
        .message("spec.envFrom: each entry takes either configMapRef or secretRef, not both and not neither"))]
    pub env_from: Vec<EnvFromSource>,

    /// Settings of the service. They become an immutable ConfigMap whose name holds its digest: every key is a
    /// file under `/etc/config`, and an environment variable. A change rolls the pods. Not for secrets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 128))]
    #[x_kube(validation = Rule::new("self.all(k, k.size() <= 253 && k.matches('^[-._a-zA-Z0-9]+$'))")
        .message("spec.config: a key may hold letters, digits, '-', '_' and '.', at most 253 of them; rename the key"))]
    pub config: BTreeMap<String, String>,

    /// Existing Secrets of the namespace, by reference: the operator never reads one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    #[x_kube(validation = Rule::new("self.all(s, !has(s.mountPath) || (s.mountPath != '/tmp' && s.mountPath != '/etc/config' && self.exists_one(t, has(t.mountPath) && t.mountPath == s.mountPath)))")
        .message("spec.secrets: each mountPath must be its own, and not /tmp or /etc/config, which the operator uses; choose another mountPath"))]
    pub secrets: Vec<SecretRef>,

    /// Further volumes, of the kinds that Pod Security "restricted" allows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    #[x_kube(validation = Rule::new("self.all(v, self.exists_one(w, w.mountPath == v.mountPath))")
        .message("spec.volumes: two volumes share a mountPath; give each its own"))]
    pub volumes: Vec<Volume>,

    /// CPU and memory. Requests default to 100m and 128Mi, the memory limit to 256Mi; no CPU limit by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,

    /// Health checks over HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probes: Option<Probes>,

    /// How many pods run. `minReplicas: 0` stops the service; equal minimum and maximum fix the number.
    #[serde(default)]
    pub scaling: Scaling,

    /// How many pods a drain or a voluntary eviction may take at once. By default at least two stay, or all but
    /// one of a smaller service; a service of one pod has no budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disruption: Option<Disruption>,

    /// Where pods run. By default they spread over nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduling: Option<Scheduling>,

    /// Who may call this service and whom it may call. Everything else is refused by a NetworkPolicy; DNS,
    /// scraping of metrics, telemetry and probes always work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_policy: Option<AccessPolicy>,

    /// Makes the service reachable from outside the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure: Option<Exposure>,

    /// Metrics, traces, logs, alerts and the service-level objective.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observability: Option<Observability>,

    /// Frameworks that apply, the data that the service handles, and exemptions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compliance: Option<Compliance>,

    /// How changed pods reach those who use the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,

    /// The service's own ServiceAccount. Pods get no token from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<ServiceAccountSpec>,

    /// Annotations of the pods. A change rolls them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32))]
    #[x_kube(validation = Rule::new("self.all(k, !k.startsWith('argocd.argoproj.io/') && !k.startsWith('kubectl.kubernetes.io/') && !k.startsWith('meta.helm.sh/') && !k.startsWith('gitops-health.io/'))")
        .message("spec.podAnnotations: keys of argocd.argoproj.io, kubectl.kubernetes.io, meta.helm.sh and gitops-health.io belong to their tools; remove them").reason(Reason::FieldValueForbidden))]
    pub pod_annotations: BTreeMap<String, String>,

    /// Secrets with credentials for pulling the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub image_pull_secrets: Vec<ImagePullSecret>,

    /// While true the operator watches and reports, but writes nothing.
    #[serde(default)]
    pub paused: bool,
}

fn default_port() -> i32 {
    8080
}
