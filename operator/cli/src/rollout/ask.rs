//! What may be said to a rollout: the annotation that says it, or why it would do nothing.

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::{RolloutPhase, RolloutStatus};
use healthcare_operator::rollout::stages::StageKind;
use healthcare_operator::rollout::{Gate, gates, stage_of};
use kube::ResourceExt;
use thiserror::Error;

use crate::service::{full_name, unseen};

/// An annotation that is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Its key.
    pub key: &'static str,
    /// Its value.
    pub value: String,
    /// Whether it is there already.
    pub is_said: bool,
    /// To what it is said.
    pub rollout: RolloutStatus,
}

/// That it would do nothing.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{service}: nothing to {verb}: {why}")]
pub struct Refusal {
    /// `namespace/name`.
    pub service: String,
    /// Such as `promote`.
    pub verb: &'static str,
    /// Why.
    pub why: Why,
}

/// Why something that is said to a rollout would do nothing.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Why {
    /// What is shown is about another spec.
    #[error("{0}")]
    Unseen(String),
    /// `spec.paused`.
    #[error("spec.paused is true: the operator does nothing until it is false")]
    Paused,
    /// There is none.
    #[error("there is no rollout yet: gitops-health why tells what it waits for")]
    NoRollout,
    /// It is through.
    #[error("revision {0} serves: to go back, take the change of the manifest back")]
    Completed(String),
    /// It goes back.
    #[error("revision {0} is being rolled back")]
    RollingBack(String),
    /// It went back.
    #[error("revision {revision} was rolled back ({message}): change the spec to try again")]
    RolledBack {
        /// Which.
        revision: String,
        /// What the status says.
        message: String,
    },
    /// Somebody said that it goes back.
    #[error("the annotation {key} takes revision {revision} back")]
    Aborted {
        /// The annotation.
        key: &'static str,
        /// Which revision.
        revision: String,
    },
    /// The first pods of the service.
    #[error(
        "revision {0} is the first: its pods serve as soon as they are ready, and there is nothing to go back to"
    )]
    First(String),
    /// The last pods are being replaced.
    #[error(
        "step {0} ends by itself once the new pods are ready: --full leaves out what comes after it, too"
    )]
    TakingOver(i32),
    /// Another step than the one meant.
    #[error("step {current} of revision {revision} is under way, not step {meant}")]
    OtherStep {
        /// Under way.
        current: i32,
        /// Of which revision.
        revision: String,
        /// Asked for.
        meant: i32,
    },
}

/// What to write to say this to the rollout under way, and to this step of it where one is named.
///
/// # Errors
/// When it would do nothing, or something to another step.
pub fn ask(service: &HealthcareService, gate: Gate, step: Option<i32>) -> Result<Ask, Refusal> {
    let rollout = asked(service, gate, step).map_err(|why| Refusal {
        service: full_name(service),
        verb: if gate == Gate::Abort { "abort" } else { "promote" },
        why,
    })?;
    let (key, value) = gate.annotation(rollout);
    Ok(Ask {
        key,
        is_said: service.annotations().get(key) == Some(&value),
        value,
        rollout: rollout.clone(),
    })
}

fn asked(service: &HealthcareService, gate: Gate, step: Option<i32>) -> Result<&RolloutStatus, Why> {
    if service.spec.paused {
        return Err(Why::Paused);
    }
    if let Some(unseen) = unseen(service) {
        return Err(Why::Unseen(unseen));
    }
    let status = service.status.as_ref();
    let rollout = status.and_then(|status| status.rollout.as_ref());
    let rollout = rollout.ok_or(Why::NoRollout)?;
    goes_on(rollout)?;
    if let Some(meant) = step.filter(|meant| *meant != rollout.step) {
        let (current, revision) = (rollout.step, rollout.revision.clone());
        return Err(Why::OtherStep {
            current,
            revision,
            meant,
        });
    }
    if gate != Gate::Abort {
        leads_on(service, gate, rollout)?;
    }
    Ok(rollout)
}

/// Whether it is under way, with something to go back to.
fn goes_on(rollout: &RolloutStatus) -> Result<(), Why> {
    let revision = rollout.revision.clone();
    match rollout.phase {
        RolloutPhase::Completed => Err(Why::Completed(revision)),
        RolloutPhase::RollingBack => Err(Why::RollingBack(revision)),
        RolloutPhase::RolledBack => Err(Why::RolledBack {
            revision,
            message: rollout.message.clone(),
        }),
        _ if rollout.last_good_revision.is_none() => Err(Why::First(revision)),
        _ => Ok(()),
    }
}

/// Whether a promotion does anything.
fn leads_on(service: &HealthcareService, gate: Gate, rollout: &RolloutStatus) -> Result<(), Why> {
    if gates::gate(service.annotations(), rollout) == Some(Gate::Abort) {
        let (key, revision) = Gate::Abort.annotation(rollout);
        return Err(Why::Aborted { key, revision });
    }
    let settings = service.spec.rollout.clone().unwrap_or_default();
    let is_taking_over = stage_of(rollout, &settings).kind == StageKind::Takeover;
    if gate == Gate::Promote && is_taking_over {
        return Err(Why::TakingOver(rollout.step));
    }
    Ok(())
}
