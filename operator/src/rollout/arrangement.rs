//! What the children have to look like in each state of a rollout. Pure.

use healthcare_crds::v1alpha1::{Rollout, RolloutPhase, RolloutStatus, RolloutStrategy};

use super::stage_of;
use super::stages::{self, StageKind};

/// One of the two revisions of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// That of the spec.
    New,
    /// The last good one.
    Good,
}

/// Pods by their label `gitops-health.io/track`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// Those of the Deployment that always is.
    Primary,
    /// Those of a rollout's own Deployment.
    Candidate,
    /// All.
    Both,
}

/// Size of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// So many pods that they get this percentage of the calls.
    Share(i32),
    /// As many as the primary.
    Full,
}

/// What the children have to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrangement {
    /// What the primary's pods run, and whose scaling, exposure and alerts hold.
    pub primary: Version,
    /// Size of the candidate, which runs the new version.
    pub candidate: Option<Size>,
    /// Which pods are called.
    pub called: Track,
    /// Whether pods of both versions may run, so that neither may lack what it needs.
    pub is_mixed: bool,
}

/// The arrangement of a state.
pub fn arrangement(rollout: &RolloutStatus, settings: &Rollout) -> Arrangement {
    match rollout.phase {
        RolloutPhase::Completed => alone(Version::New),
        RolloutPhase::RolledBack => alone(Version::Good),
        RolloutPhase::RollingBack => Arrangement {
            is_mixed: true,
            ..alone(Version::Good)
        },
        RolloutPhase::Progressing
        | RolloutPhase::Baking
        | RolloutPhase::AwaitingApproval
        | RolloutPhase::Promoting => under_way(rollout, settings),
    }
}

const fn alone(primary: Version) -> Arrangement {
    Arrangement {
        primary,
        candidate: None,
        called: Track::Primary,
        is_mixed: false,
    }
}

fn under_way(rollout: &RolloutStatus, settings: &Rollout) -> Arrangement {
    let beside = |size, called| Arrangement {
        primary: Version::Good,
        candidate: Some(size),
        called,
        is_mixed: true,
    };
    match stage_of(rollout, settings).kind {
        StageKind::Share(weight) => beside(Size::Share(weight), Track::Both),
        StageKind::Preview => beside(Size::Full, Track::Primary),
        StageKind::Switched => beside(Size::Full, Track::Candidate),
        StageKind::Takeover => takeover(rollout, settings),
        StageKind::Watch => alone(Version::New),
    }
}

/// The candidate stays as it was until the primary's new pods are there.
fn takeover(rollout: &RolloutStatus, settings: &Rollout) -> Arrangement {
    let (candidate, called) = match rollout.strategy {
        RolloutStrategy::Canary => {
            let weight = settings.canary.steps.last().map_or(1, |step| step.weight);
            (Some(Size::Share(weight)), Track::Both)
        }
        RolloutStrategy::BlueGreen => (Some(Size::Full), Track::Candidate),
        RolloutStrategy::Rolling | RolloutStrategy::RiskBased => (None, Track::Primary),
    };
    Arrangement {
        primary: Version::New,
        candidate,
        called,
        is_mixed: true,
    }
}

impl Arrangement {
    /// The Deployment that the autoscaler drives: the one that serves.
    pub fn autoscaled(self) -> Track {
        match self.called {
            Track::Candidate => Track::Candidate,
            Track::Primary | Track::Both => Track::Primary,
        }
    }
}

impl Size {
    /// Pods, beside so many of the primary.
    pub fn pods(self, primary: i32) -> i32 {
        match self {
            Self::Share(weight) => stages::candidate_size(weight, primary),
            Self::Full => primary,
        }
    }
}
