//! The stages of each strategy: who runs what, who is called, and how long that is watched. Pure.

use healthcare_crds::v1alpha1::{BlueGreen, CanaryStep, Rollout, RolloutStrategy};

/// Percent.
const WHOLE: i32 = 100;

/// One stage of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// What happens.
    pub kind: StageKind,
    /// Seconds that it is watched once its pods are ready.
    pub bake_seconds: i32,
    /// Whether somebody must allow the next.
    pub approval: bool,
}

/// What happens in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageKind {
    /// A candidate beside the primary gets this percentage of the calls.
    Share(i32),
    /// A candidate of full size gets none.
    Preview,
    /// A candidate of full size gets all, the old pods stand by.
    Switched,
    /// The primary's pods are replaced.
    Takeover,
    /// The primary alone runs the new version, and could still go back.
    Watch,
}

impl Stage {
    const fn unwatched(kind: StageKind) -> Self {
        Self {
            kind,
            bake_seconds: 0,
            approval: false,
        }
    }

    /// Whether the new version answers calls in this stage, so that error rate and latency say something.
    pub const fn is_called(self) -> bool {
        !matches!(self.kind, StageKind::Preview)
    }
}

/// The stages of a change with a last good revision to go back to. `RiskBased` was decided before: it is taken for `Rolling`.
pub fn stages(strategy: RolloutStrategy, settings: &Rollout) -> Vec<Stage> {
    let before: Vec<_> = match strategy {
        RolloutStrategy::RiskBased | RolloutStrategy::Rolling => Vec::new(),
        RolloutStrategy::Canary => settings.canary.steps.iter().map(share).collect(),
        RolloutStrategy::BlueGreen => blue_green(&settings.blue_green).into(),
    };
    let watch = Stage {
        bake_seconds: settings.bake_seconds,
        ..Stage::unwatched(StageKind::Watch)
    };
    before
        .into_iter()
        .chain([Stage::unwatched(StageKind::Takeover), watch])
        .collect()
}

/// The stages of the first pods ever: there is nothing to go back to.
pub const fn first() -> [Stage; 1] {
    [Stage::unwatched(StageKind::Takeover)]
}

fn share(step: &CanaryStep) -> Stage {
    Stage {
        kind: StageKind::Share(step.weight),
        bake_seconds: step.bake_seconds,
        approval: step.approval,
    }
}

fn blue_green(settings: &BlueGreen) -> [Stage; 2] {
    let preview = Stage {
        kind: StageKind::Preview,
        bake_seconds: settings.bake_seconds,
        approval: settings.approval,
    };
    let switched = Stage {
        kind: StageKind::Switched,
        approval: false,
        ..preview
    };
    [preview, switched]
}

/// Pods of a candidate that shall have this percentage of all calls beside so many others: at least one, and otherwise rounded
/// down, for a share is not to be exceeded.
pub fn candidate_size(weight: i32, primary: i32) -> i32 {
    let weight = weight.clamp(1, WHOLE - 1);
    (weight * primary.max(1) / (WHOLE - weight)).max(1)
}

/// Percentage of the calls that so many pods get beside others, rounded up.
pub fn share_of(candidate: i32, primary: i32) -> i32 {
    let all = candidate.saturating_add(primary).max(1);
    candidate.saturating_mul(WHOLE).saturating_add(all - 1) / all
}
