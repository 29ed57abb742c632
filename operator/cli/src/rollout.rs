//! How the rollout of a service stands, for people and programs, and what may be said to it. Pure.

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::{RolloutPhase, RolloutStatus, condition as types};
use healthcare_operator::rollout::stages::{Stage, StageKind};
use healthcare_operator::rollout::stages_of;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use serde::Serialize;

use crate::service::{full_name, unseen};
use crate::tree::Health;

mod ask;
mod pods;
mod shown;

pub use ask::{Ask, Refusal, Why, ask};
pub use pods::Pods;
pub use shown::{line, tree};

/// What was read of one service.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The service.
    pub service: HealthcareService,
    /// Its Deployments.
    pub deployments: Vec<Deployment>,
    /// Now.
    pub now: Timestamp,
}

/// How a rollout stands, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The operator has not seen the spec as it is now.
    NotSeen,
    /// `spec.paused`: nothing happens.
    Paused,
    /// It goes on, or waits for somebody.
    UnderWay,
    /// The last good revision takes over again.
    RollingBack,
    /// The spec serves.
    Completed,
    /// The last good revision serves.
    RolledBack,
    /// The operator cannot go on.
    Stalled,
}

impl Outcome {
    /// How the rollout of a service stands.
    pub fn of(service: &HealthcareService) -> Self {
        if service.spec.paused {
            return Self::Paused;
        }
        if unseen(service).is_some() {
            return Self::NotSeen;
        }
        let status = service.status.as_ref();
        match status
            .and_then(|status| status.rollout.as_ref())
            .map(|rollout| rollout.phase)
        {
            Some(RolloutPhase::RollingBack) => Self::RollingBack,
            Some(RolloutPhase::RolledBack) => Self::RolledBack,
            // What completed may have been another spec, where the one of now is refused.
            Some(RolloutPhase::Completed) | None if stalled(service).is_some() => Self::Stalled,
            Some(RolloutPhase::Completed) => Self::Completed,
            Some(_) | None => Self::UnderWay,
        }
    }

    /// Whether it stays so unless somebody does something to the spec.
    pub const fn is_end(self) -> bool {
        !matches!(self, Self::NotSeen | Self::UnderWay | Self::RollingBack)
    }

    /// Whether nothing is to object to.
    pub const fn is_well(self) -> bool {
        matches!(self, Self::UnderWay | Self::Completed)
    }

    const fn health(self) -> Health {
        match self {
            Self::Completed => Health::Good,
            Self::UnderWay | Self::NotSeen | Self::Paused => Health::Waiting,
            Self::RollingBack | Self::RolledBack | Self::Stalled => Health::Bad,
        }
    }
}

/// How it stands with a phase.
pub const fn health(phase: RolloutPhase) -> Health {
    match phase {
        RolloutPhase::Completed => Health::Good,
        RolloutPhase::RollingBack | RolloutPhase::RolledBack => Health::Bad,
        RolloutPhase::Progressing
        | RolloutPhase::Baking
        | RolloutPhase::AwaitingApproval
        | RolloutPhase::Promoting => Health::Waiting,
    }
}

/// Why the operator cannot go on, if so.
fn stalled(service: &HealthcareService) -> Option<String> {
    let mut conditions = service.status.iter().flat_map(|status| &status.conditions);
    let stalled = conditions.find(|c| c.type_ == types::STALLED && c.status == "True")?;
    Some(format!("{}: {}", stalled.reason, stalled.message))
}

/// Everything about a rollout.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct View<'a> {
    /// `namespace/name`.
    pub service: String,
    /// How it stands.
    pub outcome: Outcome,
    /// Why, where the status of the rollout does not tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the operator says of it: `status.rollout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<&'a RolloutStatus>,
    /// Its steps.
    pub steps: Vec<Step>,
    /// Who runs what; while a rollout is watched that is not asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deployments: Vec<Pods>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Its number, from 1.
    pub step: i32,
    /// What happens.
    pub what: &'static str,
    /// Percent of the pods that run the new version in a step of a canary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
    /// Seconds that it is watched.
    pub bake_seconds: i32,
    /// Whether somebody must allow the next.
    pub approval: bool,
    /// How far it is.
    pub state: Progress,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Progress {
    /// Over.
    Done,
    /// Under way.
    Current,
    /// The rollout ended in it.
    Failed,
    /// To come.
    Ahead,
}

/// Everything about the rollout of a service.
pub fn view(seen: &Seen) -> View<'_> {
    let service = &seen.service;
    let rollout = service.status.as_ref().and_then(|status| status.rollout.as_ref());
    let outcome = Outcome::of(service);
    View {
        service: full_name(service),
        outcome,
        message: match outcome {
            Outcome::NotSeen => unseen(service),
            Outcome::Stalled => stalled(service),
            Outcome::Paused => Some("spec.paused is true: nothing is rolled out".to_owned()),
            _ if rollout.is_none() => Some("the operator has begun none yet".to_owned()),
            _ => None,
        },
        rollout,
        steps: rollout.map(|rollout| steps(service, rollout)).unwrap_or_default(),
        deployments: pods::of(service, &seen.deployments),
    }
}

fn steps(service: &HealthcareService, rollout: &RolloutStatus) -> Vec<Step> {
    let settings = service.spec.rollout.clone().unwrap_or_default();
    let stages = stages_of(rollout, &settings);
    (1..)
        .zip(&stages)
        .map(|(number, stage)| step(number, *stage, progress(number, rollout)))
        .collect()
}

fn step(number: i32, stage: Stage, progress: Progress) -> Step {
    let (what, weight) = match stage.kind {
        StageKind::Share(weight) => ("some of the pods run the new version", Some(weight)),
        StageKind::Preview => ("new pods in full number, without calls", None),
        StageKind::Switched => ("all calls go to the new pods, the old ones stand by", None),
        StageKind::Takeover => ("the new version takes the place of the old", None),
        StageKind::Watch => ("the new version is alone, and could still go back", None),
    };
    Step {
        step: number,
        what,
        weight,
        bake_seconds: stage.bake_seconds,
        approval: stage.approval,
        state: progress,
    }
}

fn progress(number: i32, rollout: &RolloutStatus) -> Progress {
    let is_back = matches!(
        rollout.phase,
        RolloutPhase::RollingBack | RolloutPhase::RolledBack
    );
    match number.cmp(&rollout.step) {
        _ if rollout.phase == RolloutPhase::Completed => Progress::Done,
        std::cmp::Ordering::Less => Progress::Done,
        std::cmp::Ordering::Equal if is_back => Progress::Failed,
        std::cmp::Ordering::Equal => Progress::Current,
        std::cmp::Ordering::Greater => Progress::Ahead,
    }
}

#[cfg(test)]
mod tests;
