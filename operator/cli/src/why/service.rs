//! The service: its conditions, its rollout, and what its Deployments say.

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::{RolloutStatus, condition as types};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::ResourceExt;

use super::{Health, Node, Seen, age, workload};
use crate::rollout::health;
use crate::service::{full_name, unseen};

/// Conditions that tell of something amiss or under way while they are true.
const ONLY_WHILE_TRUE: [&str; 5] = [
    types::RECONCILING,
    types::STALLED,
    types::PAUSED,
    types::ROLLED_BACK,
    types::TEMPLATE_UPDATE_PENDING,
];

/// The whole tree. Its root is good exactly when the service is ready in its current generation.
pub fn tree(seen: &Seen) -> Node {
    let service = &seen.service;
    let (health, message) = verdict(service);
    let mut because: Vec<_> = conditions(service).map(|c| condition(c, seen)).collect();
    let status = service.status.as_ref();
    because.extend(status.and_then(|status| status.rollout.as_ref()).map(rollout));
    because.extend(workload::events(seen, &service.uid().unwrap_or_default()));
    if seen.deployments.is_empty() {
        let wanted = service.spec.scaling.min_replicas > 0;
        let health = if wanted { Health::Bad } else { Health::Plain };
        because.push(Node::new(health, "no Deployment", "the operator has made none"));
    }
    because.extend(
        seen.deployments
            .iter()
            .map(|deployment| workload::deployment(seen, deployment)),
    );
    because.extend(seen.autoscaler.as_ref().map(workload::autoscaler));
    Node::new(
        health,
        format!("HealthcareService {}", full_name(service)),
        message,
    )
    .because(because)
}

fn conditions(service: &HealthcareService) -> impl Iterator<Item = &Condition> {
    service.status.iter().flat_map(|status| &status.conditions)
}

fn verdict(service: &HealthcareService) -> (Health, String) {
    if let Some(message) = unseen(service) {
        return (Health::Bad, message);
    }
    match conditions(service).find(|condition| condition.type_ == types::READY) {
        Some(ready) if ready.status == "True" => (Health::Good, format!("ready: {}", ready.reason)),
        Some(ready) => (Health::Bad, format!("not ready: {}", ready.reason)),
        None => (Health::Bad, "the operator reports no condition Ready".to_owned()),
    }
}

fn condition(condition: &Condition, seen: &Seen) -> Node {
    let is_true = condition.status == "True";
    let health = if !ONLY_WHILE_TRUE.contains(&condition.type_.as_str()) {
        Health::of(is_true)
    } else if condition.type_ == types::STALLED || condition.type_ == types::ROLLED_BACK {
        Health::of(!is_true)
    } else {
        Health::Waiting
    };
    let since = age(condition.last_transition_time.0, seen.now);
    let message = format!("{}: {} (for {since})", condition.reason, condition.message);
    Node::new(
        health,
        format!("{}={}", condition.type_, condition.status),
        message,
    )
}

fn rollout(rollout: &RolloutStatus) -> Node {
    let subject = format!("Rollout {:?} {:?}", rollout.strategy, rollout.phase);
    let message = format!(
        "step {} of {}, {}% of the calls: {}",
        rollout.step, rollout.steps, rollout.weight, rollout.message
    );
    Node::new(health(rollout.phase), subject, message)
}
