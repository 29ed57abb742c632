//! How a change of the pods reaches those who use the service.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rollout of changed pods. What only concerns the surroundings of the pods (scaling, access, alerts) is applied at once.
#[derive(Clone, Debug, Deserialize, KubeSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// How pods are replaced. `RiskBased` takes the risk of the change: `Rolling` below 30 points, `Canary` below 70,
    /// `BlueGreen` from there on.
    #[serde(default)]
    pub strategy: RolloutStrategy,
    /// Steps of a canary.
    #[serde(default)]
    pub canary: Canary,
    /// The switch between blue and green.
    #[serde(default)]
    pub blue_green: BlueGreen,
    /// When a new version counts as failed.
    #[serde(default)]
    pub analysis: Analysis,
    /// Seconds that a new version is watched after it has taken over, with every strategy. Until then a failure goes back.
    #[serde(default = "bake_seconds")]
    #[schemars(range(min = 0, max = 604_800))]
    pub bake_seconds: i32,
    /// Whether a failed version gives way to the last good one by itself. `spec` stays as it is; the service is `Stalled`
    /// until the spec changes.
    #[serde(default = "yes")]
    pub auto_rollback: bool,
}

impl Default for Rollout {
    fn default() -> Self {
        Self {
            strategy: RolloutStrategy::default(),
            canary: Canary::default(),
            blue_green: BlueGreen::default(),
            analysis: Analysis::default(),
            bake_seconds: bake_seconds(),
            auto_rollback: true,
        }
    }
}

/// How pods are replaced.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize, PartialEq, Eq, Hash)]
pub enum RolloutStrategy {
    /// By the risk of the change.
    #[default]
    RiskBased,
    /// One by one.
    Rolling,
    /// A few new pods take a growing share of the calls.
    Canary,
    /// New pods in full number beside the old ones, then all calls at once.
    BlueGreen,
}

/// Steps of a canary.
#[derive(Clone, Debug, Deserialize, KubeSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.steps.size() < 2 || self.steps.map(s, s.weight).isSorted() && self.steps.all(s, self.steps.exists_one(t, t.weight == s.weight))")
    .message("spec.rollout.canary.steps: each weight must be greater than the one before it; sort the steps and give each its own weight"))]
pub struct Canary {
    /// Shares of the calls that the new version gets, one after the other, before it takes over.
    #[serde(default = "canary_steps")]
    #[schemars(length(min = 1, max = 10))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub steps: Vec<CanaryStep>,
}

impl Default for Canary {
    fn default() -> Self {
        Self {
            steps: canary_steps(),
        }
    }
}

/// One step of a canary.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct CanaryStep {
    /// Percent of the pods that run the new version. They get the same share of the calls, at most.
    #[schemars(range(min = 1, max = 99))]
    pub weight: i32,
    /// Seconds that the step is watched before the next.
    #[serde(default = "bake_seconds")]
    #[schemars(range(min = 0, max = 604_800))]
    pub bake_seconds: i32,
    /// Whether somebody must promote the rollout at the end of this step.
    #[serde(default)]
    pub approval: bool,
}

/// The switch between blue and green.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct BlueGreen {
    /// Seconds that the new pods are watched before calls go to them, and the same again while the old pods still stand by.
    #[serde(default = "bake_seconds")]
    #[schemars(range(min = 0, max = 604_800))]
    pub bake_seconds: i32,
    /// Whether somebody must promote the rollout before calls go to the new pods.
    #[serde(default)]
    pub approval: bool,
}

impl Default for BlueGreen {
    fn default() -> Self {
        Self {
            bake_seconds: bake_seconds(),
            approval: false,
        }
    }
}

/// When a new version counts as failed. Its pods must become ready and stay so in any case; error rate and latency are asked
/// of Prometheus where the operator knows one, and hold the rollout while there is no answer.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Analysis {
    /// Seconds between two measurements.
    #[serde(default = "interval_seconds")]
    #[schemars(range(min = 1, max = 3600))]
    pub interval_seconds: i32,
    /// Measurements in a row that must fail.
    #[serde(default = "failure_limit")]
    #[schemars(range(min = 1, max = 20))]
    pub failure_limit: i32,
    /// Percent of failed (5xx) calls that a new version may have; by default what `observability.slo` leaves, or
    /// `observability.alerts.errorRatePercent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub error_rate_percent: Option<f64>,
    /// Milliseconds that the 99th percentile may take; by default that of `observability.slo` or of the latency alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 600_000))]
    pub latency_milliseconds: Option<i32>,
    /// Calls to the new version that a measurement needs before it says anything.
    #[serde(default = "min_requests")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub min_requests: i32,
    /// Seconds within which the pods of a step must be ready.
    #[serde(default = "progress_deadline_seconds")]
    #[schemars(range(min = 10, max = 86_400))]
    pub progress_deadline_seconds: i32,
}

impl Default for Analysis {
    fn default() -> Self {
        Self {
            interval_seconds: interval_seconds(),
            failure_limit: failure_limit(),
            error_rate_percent: None,
            latency_milliseconds: None,
            min_requests: min_requests(),
            progress_deadline_seconds: progress_deadline_seconds(),
        }
    }
}

fn yes() -> bool {
    true
}
fn canary_steps() -> Vec<CanaryStep> {
    [10, 50]
        .map(|weight| CanaryStep {
            weight,
            bake_seconds: bake_seconds(),
            approval: false,
        })
        .into()
}
fn bake_seconds() -> i32 {
    60
}
fn interval_seconds() -> i32 {
    10
}
fn failure_limit() -> i32 {
    3
}
fn min_requests() -> i32 {
    20
}
fn progress_deadline_seconds() -> i32 {
    600
}
