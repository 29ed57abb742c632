//! The HorizontalPodAutoscaler.

use healthcare_crds::v1alpha1::Scaling;
use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec, MetricSpec,
    MetricTarget, ResourceMetricSource,
};

use super::{labels, names};
use crate::plan::{Plan, ReplicasPlan};

/// None while the number of pods is fixed or the service is stopped.
pub fn autoscaler(plan: &Plan) -> Option<HorizontalPodAutoscaler> {
    let ReplicasPlan::Autoscaled(scaling) = &plan.replicas else {
        return None;
    };
    Some(HorizontalPodAutoscaler {
        metadata: labels::metadata(plan, names::child(plan)),
        spec: HorizontalPodAutoscalerSpec {
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some("apps/v1".to_owned()),
                kind: "Deployment".to_owned(),
                name: names::child(plan).to_owned(),
            },
            min_replicas: Some(scaling.min_replicas),
            max_replicas: scaling.max_replicas,
            metrics: Some(metrics(scaling)),
            behavior: scaling.behavior.clone(),
        },
        status: None,
    })
}

/// Resource metrics first, in one order, so that no tool sees a difference where there is none.
fn metrics(scaling: &Scaling) -> Vec<MetricSpec> {
    let targets = [
        ("cpu", scaling.target_cpu_utilization),
        ("memory", scaling.target_memory_utilization),
    ];
    let resources = targets
        .into_iter()
        .filter(|(_, percent)| *percent > 0)
        .map(utilization);
    resources.chain(scaling.metrics.iter().cloned()).collect()
}

fn utilization((resource, percent): (&str, i32)) -> MetricSpec {
    MetricSpec {
        type_: "Resource".to_owned(),
        resource: Some(ResourceMetricSource {
            name: resource.to_owned(),
            target: MetricTarget {
                type_: "Utilization".to_owned(),
                average_utilization: Some(percent),
                ..MetricTarget::default()
            },
        }),
        ..MetricSpec::default()
    }
}
