//! What the operator reports.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Types of conditions. `Reconciling` and `Stalled` are present only while true (kstatus); `Ready` always.
pub mod condition {
    /// This generation is fully rolled out and serving.
    pub const READY: &str = "Ready";
    /// The operator or the cluster is still working towards the spec (kstatus).
    pub const RECONCILING: &str = "Reconciling";
    /// Nothing moves until somebody changes something (kstatus).
    pub const STALLED: &str = "Stalled";
    /// Enough pods serve.
    pub const AVAILABLE: &str = "Available";
    /// New pods are being rolled out.
    pub const PROGRESSING: &str = "Progressing";
    /// `spec.paused` holds the operator's hands.
    pub const PAUSED: &str = "Paused";
    /// Every callee named in `accessPolicy.outbound` admits this service.
    pub const ACCESS_POLICY_CONSISTENT: &str = "AccessPolicyConsistent";
    /// The cluster has the kinds of the Prometheus operator.
    pub const MONITORING_AVAILABLE: &str = "MonitoringAvailable";
}

/// What the operator last saw and did.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct HealthcareServiceStatus {
    /// Generation of the spec this status speaks of; -1 before the first reconcile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions by type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// Pods that exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    /// Pods that are ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_replicas: Option<i32>,
    /// Available of wanted pods, such as `3/3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<String>,
    /// Label selector of the pods, as text, for the scale subresource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Image of the applied pod template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Where the service is exposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Everything the operator made for this service and has not removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub inventory: Vec<InventoryEntry>,
    /// The last changes by others that were put right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub drift: Vec<Drift>,
    /// Value of the annotation `gitops-health.io/reconcile-requested-at` that was handled last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

/// One object the operator made.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct InventoryEntry {
    /// API version, such as `apps/v1`.
    pub api_version: String,
    /// Kind, such as `Deployment`.
    pub kind: String,
    /// Name, in the service's namespace.
    pub name: String,
    /// Unique identity: an object of the same name made by somebody else has another.
    pub uid: String,
}

/// A change by somebody else that was put right.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Kind of the object.
    pub kind: String,
    /// Name of the object.
    pub name: String,
    /// What had happened to it.
    pub change: String,
    /// Field manager that did it, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    /// When it was put right (RFC 3339).
    pub time: String,
}
