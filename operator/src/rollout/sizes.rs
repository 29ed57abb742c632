//! How many pods each Deployment of a rollout has, and whether they are there. Pure.

use healthcare_crds::v1alpha1::{RolloutPhase, Scaling};

use super::stages::StageKind;
use super::{Arrangement, Track};
use crate::plan::ReplicasPlan;
use crate::workload::Workload;

/// Who decides on the number of pods, for each Deployment.
#[derive(Clone, Debug, PartialEq)]
pub struct Sizes {
    /// Of the primary.
    pub primary: ReplicasPlan,
    /// Of the candidate, if there is one.
    pub candidate: Option<ReplicasPlan>,
}

/// The Deployments of a rollout, as they are.
#[derive(Clone, Copy, Debug)]
pub struct Deployments<'a> {
    /// The one that always is.
    pub primary: Option<&'a Workload>,
    /// The rollout's own.
    pub candidate: Option<&'a Workload>,
}

impl Deployments<'_> {
    /// Pods wanted of the primary, `otherwise` while there is none.
    pub fn primary_size(self, otherwise: i32) -> i32 {
        self.primary.map_or(otherwise, |primary| primary.wanted)
    }

    /// Whether the pods that a stage asks for are there and serve.
    pub fn are_in_place(
        self,
        phase: RolloutPhase,
        stage: StageKind,
        arrangement: Arrangement,
        minimum: i32,
    ) -> bool {
        let is_back = matches!(phase, RolloutPhase::RollingBack);
        let by_candidate = matches!(
            stage,
            StageKind::Share(_) | StageKind::Preview | StageKind::Switched
        );
        if !is_back && by_candidate {
            let size = arrangement
                .candidate
                .map(|size| size.pods(self.primary_size(minimum)));
            return self
                .candidate
                .zip(size)
                .is_some_and(|(candidate, size)| stands(candidate, size));
        }
        self.primary.is_some_and(|primary| {
            let is_stopped = minimum == 0 && primary.is_observed() && primary.replicas == 0;
            is_stopped || primary.is_rolled_out(minimum)
        })
    }
}

/// A candidate that the autoscaler makes larger meanwhile stands too.
fn stands(candidate: &Workload, size: i32) -> bool {
    candidate.is_rolled_out(size) && candidate.wanted >= size
}

/// Sizes in an arrangement, of a service that is planned so.
pub fn sizes(arrangement: Arrangement, planned: &ReplicasPlan, now: Deployments<'_>) -> Sizes {
    let Some(size) = arrangement.candidate else {
        return Sizes {
            primary: planned.clone(),
            candidate: None,
        };
    };
    let primary = now.primary_size(planned.minimum());
    if arrangement.autoscaled() == Track::Primary {
        return Sizes {
            primary: planned.clone(),
            candidate: Some(ReplicasPlan::Fixed(size.pods(primary))),
        };
    }
    // Calls will come back to it: it must be able to take them.
    let enough = primary.max(now.candidate.map_or(0, |candidate| candidate.wanted));
    Sizes {
        primary: ReplicasPlan::Fixed(enough),
        candidate: Some(from(planned, enough)),
    }
}

/// What was planned, with so many pods to begin with.
fn from(planned: &ReplicasPlan, least: i32) -> ReplicasPlan {
    match planned {
        ReplicasPlan::Autoscaled(scaling) => ReplicasPlan::Autoscaled(Scaling {
            min_replicas: least,
            ..scaling.clone()
        }),
        ReplicasPlan::Fixed(_) | ReplicasPlan::Stopped => ReplicasPlan::Fixed(least),
    }
}

#[cfg(test)]
mod tests;
