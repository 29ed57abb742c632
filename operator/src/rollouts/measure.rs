//! Measurements of the new version, at their pace. I/O.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use healthcare_crds::keys;
use healthcare_crds::v1alpha1::{Observability, Rollout, RolloutStatus};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;

use crate::analysis::{Limits, Pods, Queries, Verdict};
use crate::context::Context;
use crate::locked::lock;
use crate::outcome::Error;
use crate::plan::{Plan, pod_labels};
use crate::pods::Turns;
use crate::queue::Key;
use crate::render::{labels, names};
use crate::rollout::health;
use crate::rollout::stages::{Stage, StageKind};

/// The last measurement of each rollout under way.
#[derive(Debug, Default)]
pub struct Measurements {
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    last: HashMap<Key, Measurement>,
    turns: Turns,
}

#[derive(Clone, Debug)]
struct Measurement {
    /// Revision and step: what was measured of another tells nothing about this one.
    of: (String, i32),
    /// When the next is due, since the controller started.
    due: Duration,
    /// Whether that is its turn among all services.
    in_turn: bool,
    measured: Verdict,
    /// How many in a row failed.
    failures: i32,
}

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    /// The service.
    pub key: &'a Key,
    /// Its rollout.
    pub rollout: &'a RolloutStatus,
    /// The stage under way.
    pub stage: Stage,
    /// Settings of the rollout.
    pub settings: &'a Rollout,
    /// The plan of the new version.
    pub plan: &'a Plan,
    /// What its limits may be derived from.
    pub observability: &'a Observability,
    /// Time that the stage has lasted.
    pub age: Duration,
}

impl Measurements {
    /// Forgets a service whose rollout is over.
    pub fn forget(&self, key: &Key) {
        lock(&self.memory).last.remove(key);
    }

    /// What counts until it is time to measure, which it is when there is nothing.
    fn until_due(&self, target: &Target<'_>, now: Duration) -> Option<(Verdict, i32)> {
        let mut memory = lock(&self.memory);
        let Memory { last, turns } = &mut *memory;
        let last = last
            .entry(target.key.clone())
            .and_modify(|last| last.restart_unless_of(target))
            .or_insert_with(|| Measurement::none_of(target));
        if now >= last.due && !last.in_turn {
            last.due = now + turns.take(now);
            last.in_turn = true;
        }
        (now < last.due).then(|| (last.measured.clone(), last.failures))
    }

    /// Takes note of a measurement, and tells how many failed in a row.
    fn measured(&self, target: &Target<'_>, measured: &Verdict, now: Duration) -> i32 {
        let pause =
            Duration::from_secs(u64::try_from(target.settings.analysis.interval_seconds).unwrap_or(1));
        let mut memory = lock(&self.memory);
        let last = memory
            .last
            .entry(target.key.clone())
            .or_insert_with(|| Measurement::none_of(target));
        last.failures = measured.failed_in_a_row(last.failures);
        last.measured = measured.clone();
        last.due = now + pause;
        last.in_turn = false;
        last.failures
    }
}

impl Measurement {
    /// A new process goes on counting failures from what the status tells.
    fn none_of(target: &Target<'_>) -> Self {
        Self {
            of: target.step(),
            due: Duration::ZERO,
            in_turn: false,
            measured: Verdict::NoData {
                message: "its pods wait to be looked at".to_owned(),
            },
            failures: target.rollout.failed_measurements,
        }
    }

    fn restart_unless_of(&mut self, target: &Target<'_>) {
        if self.of != target.step() {
            *self = Self::none_of(target);
        }
    }
}

impl Target<'_> {
    fn step(&self) -> (String, i32) {
        (self.rollout.revision.clone(), self.rollout.step)
    }
}

/// The last measurement, or a new one when it is time.
///
/// # Errors
/// When the pods cannot be listed.
pub(super) async fn measure(ctx: &Context, target: &Target<'_>) -> Result<(Verdict, i32), Error> {
    let now = ctx.started.elapsed();
    if let Some(last) = ctx.measurements.until_due(target, now) {
        return Ok(last);
    }
    let measured = look(ctx, target).await?;
    let failures = ctx.measurements.measured(target, &measured, now);
    Ok((measured, failures))
}

async fn look(ctx: &Context, target: &Target<'_>) -> Result<Verdict, Error> {
    let is_candidate = matches!(
        target.stage.kind,
        StageKind::Share(_) | StageKind::Preview | StageKind::Switched
    );
    let track = if is_candidate {
        labels::CANDIDATE
    } else {
        labels::PRIMARY
    };
    let (phase, since) = (target.rollout.phase, target.rollout.since.parse().ok());
    let new = health::new(pods(ctx, target, track).await?, phase, since);
    let primary = names::child(target.plan);
    let deployment = if is_candidate {
        names::candidate(primary)
    } else {
        primary.to_owned()
    };
    let replica_set = health::replica_set(&deployment, &new);
    let by_pods = health::judge(&new, phase, since);
    let is_asked = health::is_called(target.stage, phase);
    match (&ctx.prometheus, replica_set) {
        (Some(prometheus), Some(name)) if is_asked && by_pods == Verdict::Pass => {
            let queries = Queries::new(target.plan, Pods::ReplicaSet(&name), target.age);
            let limits = Limits::new(&target.settings.analysis, target.observability);
            Ok(prometheus.verdict(&queries, &limits).await)
        }
        _ => Ok(by_pods),
    }
}

async fn pods(ctx: &Context, target: &Target<'_>, track: &str) -> Result<Vec<Pod>, Error> {
    let Key { namespace, name } = target.key;
    let mut selector = pod_labels(name);
    selector.insert(keys::TRACK.to_owned(), track.to_owned());
    let params = ListParams::default().labels(&labels::selector_text(&selector));
    let api: Api<Pod> = Api::namespaced(ctx.client.clone(), namespace);
    let list = api.list(&params).await;
    let list = list.map_err(|e| Error::api("list the pods of", "HealthcareService", name, e))?;
    Ok(list.items)
}
