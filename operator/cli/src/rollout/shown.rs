//! A rollout as a tree for people.

use healthcare_crds::v1alpha1::{RiskFactor, RolloutPhase, RolloutStatus};
use jiff::Timestamp;

use super::{Outcome, Pods, Progress, Step, View};
use crate::tree::{Health, Node, age};

/// The whole tree.
pub fn tree(view: &View<'_>, now: Timestamp) -> Node {
    let mut because = Vec::new();
    if let Some(rollout) = view.rollout {
        because.extend(view.steps.iter().map(|step| step_node(step, rollout, now)));
        because.push(revision(rollout));
        because.push(risk(rollout));
    }
    because.extend(view.deployments.iter().map(deployment));
    line(view).because(because)
}

/// Its root, in which each change shows.
pub fn line(view: &View<'_>) -> Node {
    let subject = format!("HealthcareService {}", view.service);
    Node::new(view.outcome.health(), subject, said(view))
}

fn said(view: &View<'_>) -> String {
    let state = view.rollout.map(|rollout| {
        format!(
            "{:?}, {:?}, step {} of {}, {} % of the calls: {}",
            rollout.strategy, rollout.phase, rollout.step, rollout.steps, rollout.weight, rollout.message
        )
    });
    let outcome = match view.outcome {
        Outcome::NotSeen => "not seen: ",
        Outcome::Paused => "paused: ",
        Outcome::Stalled => "stalled: ",
        _ => "",
    };
    let message = view.message.as_ref().map(|message| format!("{outcome}{message}"));
    let all: Vec<_> = message.into_iter().chain(state).collect();
    all.join("; ")
}

fn step_node(step: &Step, rollout: &RolloutStatus, now: Timestamp) -> Node {
    let health = match step.state {
        Progress::Done => Health::Good,
        Progress::Current => Health::Waiting,
        Progress::Failed => Health::Bad,
        Progress::Ahead => Health::Plain,
    };
    let share = step
        .weight
        .map(|weight| format!("{weight} %: "))
        .unwrap_or_default();
    let watched = match step.bake_seconds {
        0 => String::new(),
        seconds => format!(", watched for {seconds} s"),
    };
    let approval = if step.approval {
        ", then somebody promotes it"
    } else {
        ""
    };
    let message = format!(
        "{share}{}{watched}{approval}{}",
        step.what,
        how(step, rollout, now)
    );
    Node::new(health, format!("step {}", step.step), message)
}

/// Of the step under way: what it does, and for how long it has.
fn how(step: &Step, rollout: &RolloutStatus, now: Timestamp) -> String {
    if step.state != Progress::Current {
        return String::new();
    }
    let since: Option<Timestamp> = rollout.since.parse().ok();
    let since = since.map_or_else(String::new, |since| format!(" for {}", age(since, now)));
    format!(" ({:?}{since})", rollout.phase)
}

fn revision(rollout: &RolloutStatus) -> Node {
    let message = match (&rollout.last_good_revision, rollout.phase) {
        (_, RolloutPhase::Completed) => "serves".to_owned(),
        (Some(good), RolloutPhase::RolledBack) => format!("failed; {good} serves"),
        (Some(good), _) => format!("a failure goes back to {good}"),
        (None, _) => "the first: there is nothing to go back to".to_owned(),
    };
    Node::new(Health::Plain, format!("revision {}", rollout.revision), message)
}

fn risk(rollout: &RolloutStatus) -> Node {
    let factor = |factor: &RiskFactor| {
        let subject = format!("+{} {}", factor.points, factor.name);
        Node::new(Health::Plain, subject, &factor.message)
    };
    let factors = rollout.risk.factors.iter().map(factor).collect();
    let message = format!("{} of 100", rollout.risk.score);
    Node::new(Health::Plain, "risk", message).because(factors)
}

fn deployment(pods: &Pods) -> Node {
    let message = format!(
        "{}, {} of {} ready, {}",
        pods.track, pods.ready, pods.wanted, pods.image
    );
    let health = Health::of(pods.ready >= pods.wanted);
    Node::new(health, format!("Deployment {}", pods.deployment), message)
}
