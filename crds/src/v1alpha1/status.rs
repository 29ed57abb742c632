//! What the operator reports.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BreakGlass, RolloutStrategy};

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
    /// This operator would make other pods of the same spec: present only while true.
    pub const TEMPLATE_UPDATE_PENDING: &str = "TemplateUpdatePending";
    /// Every control of the chosen frameworks is met, inherited or exempted.
    pub const COMPLIANT: &str = "Compliant";
    /// The pods run the last good revision, because the one in the spec failed: present only while true.
    pub const ROLLED_BACK: &str = "RolledBack";
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
    /// The pod template that is in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_template: Option<PodTemplate>,
    /// The last rollout of changed pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutStatus>,
    /// Controls of the chosen frameworks, counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compliance: Option<ComplianceStatus>,
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
    /// How the operator left it, for the operator itself: after a restart it needs no request to see that nothing changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

/// Which pod template is in use: it stays so through updates of the operator.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct PodTemplate {
    /// Digest of the template.
    pub digest: String,
    /// Digest of the part of the spec that it was made from.
    pub spec_digest: String,
    /// Value of the annotation `gitops-health.io/template-requested-at` that was handled last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<String>,
}

/// A change by somebody else that was put right.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Kind of the object.
    pub kind: String,
    /// Name of the object.
    pub name: String,
    /// What had happened to it: `changed`, `added`, `changed and added`, `deleted`.
    pub change: String,
    /// Where, as far as `managedFields` tell: the paths of what was changed or added, never the values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    pub fields: Vec<String>,
    /// Field manager that did it, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    /// When it was put right (RFC 3339).
    pub time: String,
}

/// A rollout of changed pods, under way or the last one.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct RolloutStatus {
    /// How the pods are replaced, chosen at the start.
    pub strategy: RolloutStrategy,
    /// Where it stands.
    pub phase: RolloutPhase,
    /// Name of the ControllerRevision that is rolled out.
    pub revision: String,
    /// Generation of the spec when it began: the same revision may be rolled out again later.
    #[serde(default)]
    pub generation: i64,
    /// Name of the ControllerRevision that served well before, to which a failure goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_good_revision: Option<String>,
    /// Step under way, from 1.
    pub step: i32,
    /// Number of steps.
    pub steps: i32,
    /// Percent of the calls that go to the new pods.
    pub weight: i32,
    /// Pods of the primary when it began: the autoscaler does not go below while it is under way.
    pub replicas: i32,
    /// Risk of the change.
    pub risk: Risk,
    /// When the phase or step began (RFC 3339).
    pub since: String,
    /// What it waits for, or why it ended so.
    pub message: String,
    /// Measurements in a row that failed.
    #[serde(default)]
    pub failed_measurements: i32,
}

/// Where a rollout stands.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize, PartialEq, Eq, Hash)]
pub enum RolloutPhase {
    /// New pods come up.
    Progressing,
    /// New pods are watched.
    Baking,
    /// Somebody must promote or abort.
    AwaitingApproval,
    /// The new version takes over.
    Promoting,
    /// The last good revision takes over again.
    RollingBack,
    /// The new version serves.
    Completed,
    /// The last good revision serves.
    RolledBack,
}

/// Risk of a change.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Risk {
    /// From 0 to 100.
    pub score: i32,
    /// What it is made of, the most points first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub factors: Vec<RiskFactor>,
}

/// One reason for risk.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct RiskFactor {
    /// Stable name, such as `ImageMajor`.
    pub name: String,
    /// Points that it adds.
    pub points: i32,
    /// What was seen, without values that could be secret.
    pub message: String,
}

/// Controls of the chosen frameworks, counted.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ComplianceStatus {
    /// Controls met or exempted of those that are checked here, such as `38/40`.
    pub summary: String,
    /// Checked and met.
    pub met: i32,
    /// Checked and not met.
    pub violated: i32,
    /// Not met, and excused for now.
    pub exempted: i32,
    /// What the cluster or the organisation must meet: not verified here.
    pub inherited: i32,
    /// What is not met, the first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub violations: Vec<Violation>,
    /// The emergency access under way, as evidence of who opened it, why and until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<BreakGlass>,
}

/// A control that is not met.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// Identifier of the control.
    pub control: String,
    /// What was seen and what to do.
    pub message: String,
}
