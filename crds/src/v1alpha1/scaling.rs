//! How many pods, where, and how many may go at once.

use std::collections::BTreeMap;

use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscalerBehavior, MetricSpec};
use k8s_openapi::api::core::v1::{Affinity, Toleration, TopologySpreadConstraint};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// Replicas and autoscaling.
#[derive(Clone, Debug, Deserialize, KubeSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.minReplicas <= self.maxReplicas")
    .message(Message::Expression("'spec.scaling.minReplicas %d is above maxReplicas %d: raise maxReplicas or lower minReplicas'.format([self.minReplicas, self.maxReplicas])".into())))]
#[x_kube(validation = Rule::new("self.minReplicas == self.maxReplicas || self.minReplicas == 0 || self.targetCPUUtilization > 0 || self.targetMemoryUtilization > 0 || (has(self.metrics) && self.metrics.size() > 0)")
    .message("spec.scaling: minReplicas is below maxReplicas but nothing tells when to scale; set targetCPUUtilization, targetMemoryUtilization or metrics, or make both numbers equal"))]
pub struct Scaling {
    /// Fewest pods. 0 stops the service: no pod runs until it is raised. `kubectl scale` sets this field.
    #[serde(default = "default_min")]
    #[schemars(range(min = 0, max = 1000))]
    pub min_replicas: i32,
    /// Most pods.
    #[serde(default = "default_max")]
    #[schemars(range(min = 1, max = 1000))]
    pub max_replicas: i32,
    /// Percent of the requested CPU that the pods use on average; 0 turns this target off.
    #[serde(default = "default_cpu", rename = "targetCPUUtilization")]
    #[schemars(range(min = 0, max = 500))]
    pub target_cpu_utilization: i32,
    /// Percent of the requested memory that the pods use on average; 0 turns this target off.
    #[serde(default = "default_memory")]
    #[schemars(range(min = 0, max = 500))]
    pub target_memory_utilization: i32,
    /// Further metrics, as in a HorizontalPodAutoscaler.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub metrics: Vec<MetricSpec>,
    /// Pace of scaling, as in a HorizontalPodAutoscaler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behavior: Option<HorizontalPodAutoscalerBehavior>,
}

impl Default for Scaling {
    fn default() -> Self {
        Self {
            min_replicas: default_min(),
            max_replicas: default_max(),
            target_cpu_utilization: default_cpu(),
            target_memory_utilization: default_memory(),
            metrics: Vec::new(),
            behavior: None,
        }
    }
}

fn default_min() -> i32 {
    3
}
fn default_max() -> i32 {
    10
}
fn default_cpu() -> i32 {
    70
}
fn default_memory() -> i32 {
    80
}

/// The PodDisruptionBudget. A drain must stay possible.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!(has(self.minAvailable) && has(self.maxUnavailable))")
    .message("spec.disruption has both minAvailable and maxUnavailable: keep one"))]
pub struct Disruption {
    /// Pods that stay, as a number or a percentage of the wanted ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("string(self).matches('^[0-9]{1,9}$') ? self == int(string(self)) : string(self).matches('^[0-9]{1,2}%$')")
        .message("spec.disruption.minAvailable must be a number, or a percentage from 0% to 99%: with 100% no node could be drained"))]
    pub min_available: Option<IntOrString>,
    /// Pods that may go, as a number or a percentage of the wanted ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("string(self).matches('^[1-9][0-9]{0,8}$') ? self == int(string(self)) : string(self).matches('^([1-9]|[1-9][0-9]|100)%$')")
        .message("spec.disruption.maxUnavailable must be at least 1, or a percentage from 1% to 100%: with 0 no node could be drained"))]
    pub max_unavailable: Option<IntOrString>,
}

/// Where pods run.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Scheduling {
    /// Labels a node must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 16))]
    pub node_selector: BTreeMap<String, String>,
    /// Taints the pods tolerate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub tolerations: Vec<Toleration>,
    /// Affinity in place of the default, which prefers a different node for each pod.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affinity: Option<Affinity>,
    /// Name of an existing PriorityClass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub priority_class_name: Option<String>,
    /// Spreading in place of the default, over zones where nodes have them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub topology_spread_constraints: Vec<TopologySpreadConstraint>,
}
