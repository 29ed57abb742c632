//! What matters of a Deployment's state. Pure.

use std::borrow::Cow;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentCondition, DeploymentStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::Deserialize;

use crate::field_managers::{FIELD_MANAGER, SCALE_MANAGER};
use crate::managed::ManagedEntry;
use crate::metadata::{ChildMetadata, ChildView};
use crate::plan::ReplicasPlan;

/// Who set `spec.replicas`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicasOwner {
    /// Nobody: the API server's default of 1 stands.
    Nobody,
    /// This operator, when it made the Deployment, and nobody since.
    Maker,
    /// This operator.
    Operator,
    /// The autoscaler or a person.
    Other,
}

/// A Deployment as it is read: the pod template, by far the largest part, is passed over.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Wire")]
pub struct DeploymentView {
    /// Which it is, whose, and who owns what of it.
    pub child: ChildView,
    /// What is read of the spec.
    pub spec: Option<DeploymentSpecView>,
    /// Status, whole.
    pub status: Option<DeploymentStatus>,
}

#[derive(Deserialize)]
struct Wire {
    metadata: ChildMetadata,
    spec: Option<DeploymentSpecView>,
    status: Option<DeploymentStatus>,
}

impl From<Wire> for DeploymentView {
    fn from(wire: Wire) -> Self {
        Self {
            child: wire.metadata.into(),
            spec: wire.spec,
            status: wire.status,
        }
    }
}

impl Resource for DeploymentView {
    type DynamicType = <Deployment as Resource>::DynamicType;
    type Scope = <Deployment as Resource>::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        Deployment::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        Deployment::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        Deployment::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        Deployment::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.child.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.child.metadata
    }
}

/// What is read of a Deployment's spec.
#[derive(Clone, Debug, Deserialize)]
pub struct DeploymentSpecView {
    /// Pods wanted.
    pub replicas: Option<i32>,
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

/// What changed of a Deployment's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// Only how many pods there are.
    Pods,
    /// How many are wanted, or who says so.
    Replicas,
    /// Whether it serves, rolls out or fails.
    State,
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
    pub fn of(deployment: &DeploymentView) -> Option<Self> {
        let metadata = &deployment.child.metadata;
        let status = deployment.status.clone().unwrap_or_default();
        let conditions = status.conditions.unwrap_or_default();
        Some(Self {
            uid: metadata.uid.clone()?,
            resource_version: metadata.resource_version.as_ref()?.parse().unwrap_or(u64::MAX),
            generation: metadata.generation.unwrap_or_default(),
            observed_generation: status.observed_generation.unwrap_or_default(),
            wanted: deployment.spec.as_ref().and_then(|s| s.replicas).unwrap_or(1),
            replicas_owner: replicas_owner(&deployment.child.managed),
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

    /// What sets this state apart from an earlier one, if anything but the position in history.
    pub fn moved(&self, before: &Self) -> Option<Moved> {
        if self.state() != before.state() {
            Some(Moved::State)
        } else if (self.wanted, self.replicas_owner) != (before.wanted, before.replicas_owner) {
            Some(Moved::Replicas)
        } else {
            (self.pods() != before.pods()).then_some(Moved::Pods)
        }
    }

    fn state(&self) -> (&str, bool, bool, Option<&Failure>) {
        let is_whole = self.updated == self.replicas;
        (&self.uid, self.is_available, is_whole, self.failure.as_ref())
    }

    fn pods(&self) -> ([i32; 4], bool) {
        let numbers = [self.replicas, self.updated, self.ready, self.available];
        (numbers, self.is_observed())
    }

    /// Whether the Deployment controller has seen the current spec.
    pub fn is_observed(&self) -> bool {
        self.observed_generation >= self.generation
    }

    /// Whether enough pods serve. A Deployment that merely grows says that it is not available until most of the new pods
    /// serve as well.
    pub fn serves(&self, minimum: i32) -> bool {
        self.is_available || self.available >= minimum
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

fn replicas_owner(entries: &[ManagedEntry]) -> ReplicasOwner {
    let owners = entries
        .iter()
        .filter(|entry| entry.subresource.as_deref() != Some("status"));
    let owners = owners.filter(|entry| entry.owned().has_replicas);
    let owners: Vec<_> = owners.filter_map(|entry| entry.manager.as_deref()).collect();
    match owners.as_slice() {
        [] => ReplicasOwner::Nobody,
        all if all.contains(&SCALE_MANAGER) => ReplicasOwner::Operator,
        all if all.contains(&FIELD_MANAGER) => ReplicasOwner::Maker,
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
