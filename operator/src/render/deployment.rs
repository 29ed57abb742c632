//! The Deployment.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::api::core::v1::{
    Affinity, LocalObjectReference, PodAffinityTerm, PodAntiAffinity, PodSecurityContext, PodSpec,
    PodTemplateSpec, SeccompProfile, TopologySpreadConstraint, WeightedPodAffinityTerm,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{container, labels, names, volumes};
use crate::plan::Plan;

/// Seconds between the request to stop and the kill: the drain, the requests in flight and the last spans.
const GRACE_SECONDS: i64 = 45;
/// Seconds without progress after which a rollout has failed.
const PROGRESS_SECONDS: i32 = 300;
/// User and group of the pods where the image names none that is not root.
const USER: i64 = 65532;

/// The Deployment without `spec.replicas`.
pub fn deployment(plan: &Plan) -> Deployment {
    Deployment {
        metadata: labels::metadata(plan, names::child(plan)),
        spec: Some(DeploymentSpec {
            selector: selector(plan),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(labels::pod(plan)),
                    annotations: (!plan.pod_annotations.is_empty()).then(|| plan.pod_annotations.clone()),
                    ..ObjectMeta::default()
                }),
                spec: Some(pod(plan)),
            },
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(RollingUpdateDeployment {
                    max_surge: Some(IntOrString::String("25%".to_owned())),
                    max_unavailable: Some(IntOrString::Int(0)),
                }),
            }),
            progress_deadline_seconds: Some(PROGRESS_SECONDS),
            revision_history_limit: Some(5),
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

fn pod(plan: &Plan) -> PodSpec {
    let pull_secrets = plan
        .image_pull_secrets
        .iter()
        .map(|name| LocalObjectReference { name: name.clone() });
    let scheduling = plan.scheduling.clone();
    PodSpec {
        containers: vec![container::container(plan)],
        volumes: Some(
            volumes::volumes(plan)
                .into_iter()
                .map(|(volume, _)| volume)
                .collect(),
        ),
        service_account_name: Some(names::child(plan).to_owned()),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        image_pull_secrets: Some(pull_secrets.collect::<Vec<_>>()).filter(|list| !list.is_empty()),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            run_as_group: Some(USER),
            fs_group: Some(USER),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_owned(),
                localhost_profile: None,
            }),
            ..PodSecurityContext::default()
        }),
        termination_grace_period_seconds: Some(GRACE_SECONDS),
        affinity: Some(scheduling.affinity.unwrap_or_else(|| apart(plan))),
        topology_spread_constraints: Some(match scheduling.topology_spread_constraints {
            own if own.is_empty() => vec![over_zones(plan)],
            own => own,
        }),
        node_selector: Some(scheduling.node_selector).filter(|labels| !labels.is_empty()),
        tolerations: Some(scheduling.tolerations).filter(|list| !list.is_empty()),
        priority_class_name: scheduling.priority_class_name,
        ..PodSpec::default()
    }
}

/// Preferred, not required: a small cluster must still run every pod.
fn apart(plan: &Plan) -> Affinity {
    let term = PodAffinityTerm {
        label_selector: Some(selector(plan)),
        topology_key: "kubernetes.io/hostname".to_owned(),
        ..PodAffinityTerm::default()
    };
    let preferred = vec![WeightedPodAffinityTerm {
        weight: 100,
        pod_affinity_term: term,
    }];
    Affinity {
        pod_anti_affinity: Some(PodAntiAffinity {
            preferred_during_scheduling_ignored_during_execution: Some(preferred),
            ..PodAntiAffinity::default()
        }),
        ..Affinity::default()
    }
}

fn over_zones(plan: &Plan) -> TopologySpreadConstraint {
    TopologySpreadConstraint {
        max_skew: 1,
        topology_key: "topology.kubernetes.io/zone".to_owned(),
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(selector(plan)),
        ..TopologySpreadConstraint::default()
    }
}

fn selector(plan: &Plan) -> LabelSelector {
    LabelSelector {
        match_labels: Some(labels::selector(plan)),
        match_expressions: None,
    }
}
