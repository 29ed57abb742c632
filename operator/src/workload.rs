//! What matters of a Deployment's state. Pure.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;

use crate::ledger::SCALE_MANAGER;
use crate::plan::ReplicasPlan;

/// Who set `spec.replicas`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicasOwner {
    /// Nobody: the API server's default of 1 stands.
    Nobody,
    /// This operator.
    Operator,
    /// The autoscaler or a person.
    Other,
}

/// A Deployment, trimmed to what the operator looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Unique identity.
    pub uid: String,
    /// Position in the API server's history.
    pub resource_version: u64,
    /// Generation of its spec.
    pub generation: i64,
    /// Generation that the Deployment controller has seen.
    pub observed_generation: i64,
    /// Pods wanted.
    pub wanted: i32,
    /// Who set that.
    pub replicas_owner: ReplicasOwner,
    /// Pods that exist, of any revision.
    pub replicas: i32,
    /// Pods of the current revision.
    pub updated: i32,
    /// Pods that are ready.
    pub ready: i32,
    /// Pods that serve.
    pub available: i32,
    /// Whether the Deployment itself counts as available.
    pub is_available: bool,
    /// What the Deployment controller gave up on, with its message.
    pub failure: Option<Failure>,
}

/// Why a Deployment makes no progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Reason of the Deployment's condition.
    pub reason: String,
    /// Its message.
    pub message: String,
    /// True when the Deployment controller gave up (`Progressing=False`); otherwise pods cannot be created now.
    pub terminal: bool,
}

impl Workload {
    /// Reads a Deployment. None for one without identity, which the API server never sends.
    pub fn of(deployment: &Deployment) -> Option<Self> {
        let metadata = &deployment.metadata;
        let status = deployment.status.clone().unwrap_or_default();
        let conditions = status.conditions.unwrap_or_default();
        Some(Self {
            uid: metadata.uid.clone()?,
            resource_version: metadata.resource_version.as_ref()?.parse().unwrap_or(u64::MAX),
            generation: metadata.generation.unwrap_or_default(),
            observed_generation: status.observed_generation.unwrap_or_default(),
            wanted: deployment.spec.as_ref().and_then(|s| s.replicas).unwrap_or(1),
            replicas_owner: replicas_owner(metadata.managed_fields.as_deref().unwrap_or_default()),
            replicas: status.replicas.unwrap_or_default(),
            updated: status.updated_replicas.unwrap_or_default(),
            ready: status.ready_replicas.unwrap_or_default(),
            available: status.available_replicas.unwrap_or_default(),
            is_available: conditions
                .iter()
                .any(|c| c.type_ == "Available" && c.status == "True"),
            failure: failure(&conditions),
        })
    }

    /// Whether only the position in history differs.
    pub fn same_state(&self, other: &Self) -> bool {
        Self {
            resource_version: 0,
            ..self.clone()
        } == Self {
            resource_version: 0,
            ..other.clone()
        }
    }

    /// Whether the Deployment controller has seen the current spec.
    pub fn is_observed(&self) -> bool {
        self.observed_generation >= self.generation
    }

    /// Whether every pod is of the current revision, and at least `minimum` of them serve. More may be on their
    /// way while the autoscaler adds some: that is no rollout.
    pub fn is_rolled_out(&self, minimum: i32) -> bool {
        self.is_observed() && self.updated == self.replicas && self.available >= minimum.min(self.wanted)
    }

    /// The number to set `spec.replicas` to, none when it is right or somebody else's to say.
    pub fn replicas_to_set(&self, plan: &ReplicasPlan) -> Option<i32> {
        let number = match plan {
            ReplicasPlan::Stopped => 0,
            ReplicasPlan::Fixed(number) => *number,
            ReplicasPlan::Autoscaled(scaling) => {
                let untouched = self.replicas_owner == ReplicasOwner::Nobody || self.wanted == 0;
                return untouched.then_some(scaling.min_replicas);
            }
        };
        (self.wanted != number || self.replicas_owner == ReplicasOwner::Nobody).then_some(number)
    }
}

fn replicas_owner(entries: &[ManagedFieldsEntry]) -> ReplicasOwner {
    let owns = |entry: &&ManagedFieldsEntry| {
        entry
            .fields_v1
            .as_ref()
            .is_some_and(|fields| fields.0.pointer("/f:spec/f:replicas").is_some())
    };
    let owners: Vec<_> = entries
        .iter()
        .filter(owns)
        .filter_map(|entry| entry.manager.as_deref())
        .collect();
    match owners.as_slice() {
        [] => ReplicasOwner::Nobody,
        all if all.contains(&SCALE_MANAGER) => ReplicasOwner::Operator,
        _ => ReplicasOwner::Other,
    }
}

fn failure(conditions: &[DeploymentCondition]) -> Option<Failure> {
    let of = |type_: &str, status: &str| conditions.iter().find(|c| c.type_ == type_ && c.status == status);
    let stuck = of("Progressing", "False");
    let (condition, terminal) = match of("ReplicaFailure", "True") {
        Some(refused) => (refused, stuck.is_some()),
        None => (stuck?, true),
    };
    Some(Failure {
        reason: condition
            .reason
            .clone()
            .unwrap_or_else(|| condition.type_.clone()),
        message: condition.message.clone().unwrap_or_default(),
        terminal,
    })
}

#[cfg(test)]
mod tests;
