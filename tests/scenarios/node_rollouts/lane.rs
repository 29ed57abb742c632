//! One service under traffic, and what happens when it is changed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::{RolloutPhase, RolloutStatus};
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use serde::Deserialize;

use super::changes::{self, Change};
use super::figures::{Figure, Share};
use super::stage::{Stage, namespace};
use crate::support::load::Load;

/// How long a rollout may take before the story fails.
const PATIENCE: Duration = Duration::from_mins(3);

/// Time between looks.
const PAUSE: Duration = Duration::from_millis(100);

/// A time without failures after which none are expected.
const QUIET: Duration = Duration::from_secs(2);

/// Kept and fresh connections, some twenty requests a second together.
const TRAFFIC: [&str; 8] = [
    "--clients",
    "3",
    "--fresh-clients",
    "3",
    "--pause-ms",
    "250",
    "--version-header",
    "x-version",
];

/// What the clients got until some time.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Counts {
    pub(super) requests: u64,
    answers: BTreeMap<u16, u64>,
    versions: BTreeMap<String, u64>,
    fresh_versions: BTreeMap<String, u64>,
    failures: u64,
    told: Vec<String>,
}

impl Counts {
    /// Requests without an answer, or with one that is not 200.
    pub(super) fn failed(&self) -> u64 {
        self.requests - self.answers.get(&200).copied().unwrap_or_default()
    }

    fn by(&self, version: &str) -> u64 {
        self.versions.get(version).copied().unwrap_or_default()
    }
}

/// A rollout at the time when it changed, and the traffic until then.
struct Moment {
    after: Duration,
    rollout: RolloutStatus,
    counts: Counts,
}

/// A service and its callers.
pub(super) struct Lane<'a> {
    stage: &'a Stage,
    strategy: &'static str,
    load: Load,
}

impl<'a> Lane<'a> {
    /// Makes the service, and calls it once it serves.
    pub(super) async fn serving(stage: &'a Stage, strategy: &'static str) -> Result<Self> {
        let namespace = namespace(strategy);
        stage.cluster.apply(&changes::first(&namespace, strategy))?;
        let services: Api<HealthcareService> = Api::namespaced(stage.client.clone(), &namespace);
        let is_ready = |service: &HealthcareService| {
            let status = service.status.iter().flat_map(|status| &status.conditions);
            status.clone().any(|c| c.type_ == "Ready" && c.status == "True")
        };
        let begun = Instant::now();
        while !is_ready(&services.get("svc").await?) {
            if begun.elapsed() > PATIENCE {
                bail!("{namespace}: not ready: {:#?}", services.get("svc").await?.status);
            }
            tokio::time::sleep(PAUSE).await;
        }
        let service: Service = Api::namespaced(stage.client.clone(), &namespace)
            .get("svc")
            .await?;
        let address = service
            .spec
            .and_then(|spec| spec.cluster_ip)
            .context("an address")?;
        let load = Load::start_with(&stage.cluster, &format!("http://{address}/"), &TRAFFIC)?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(Self {
            stage,
            strategy,
            load,
        })
    }

    /// Changes the service, and waits until that is through or undone.
    pub(super) async fn go_through(&mut self, change: &Change) -> Result<Figure> {
        let before = self.counts()?;
        let services: Api<HealthcareService> =
            Api::namespaced(self.stage.client.clone(), &namespace(self.strategy));
        let patched = services
            .patch("svc", &PatchParams::default(), &Patch::Merge(change.patch()))
            .await?;
        let moments = self.follow(&services, patched.metadata.generation).await?;
        if change.is_good {
            self.until_nothing_ends().await?;
        }
        let after = self.counts()?;
        Ok(self.figure(change, &before, &moments, after))
    }

    /// Notes every change of the rollout of this generation.
    async fn follow(
        &mut self,
        services: &Api<HealthcareService>,
        generation: Option<i64>,
    ) -> Result<Vec<Moment>> {
        let begun = Instant::now();
        let mut moments: Vec<Moment> = Vec::new();
        while begun.elapsed() < PATIENCE {
            let status = services.get("svc").await?.status.unwrap_or_default();
            let rollout = status
                .rollout
                .filter(|_| status.observed_generation == generation);
            if let Some(rollout) = rollout.filter(|rollout| is_news(&moments, rollout)) {
                let is_over = matches!(rollout.phase, RolloutPhase::Completed | RolloutPhase::RolledBack);
                moments.push(Moment {
                    after: begun.elapsed(),
                    rollout,
                    counts: self.counts()?,
                });
                if is_over {
                    return Ok(moments);
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!(
            "{}: not over: {:#?}",
            self.strategy,
            services.get("svc").await?.status
        )
    }

    /// Old pods may lose requests as they end.
    async fn until_nothing_ends(&self) -> Result<()> {
        let pods: Api<Pod> = Api::namespaced(self.stage.client.clone(), &namespace(self.strategy));
        let begun = Instant::now();
        while pods.list(&ListParams::default()).await?.items.len() > 3 {
            if begun.elapsed() > PATIENCE {
                bail!("{}: pods do not end", self.strategy);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Adds to the figures what versions answered until their last pod was gone.
    pub(super) async fn end(mut self, mut figures: Vec<Figure>) -> Result<Vec<Figure>> {
        self.until_nothing_ends().await?;
        let settled = self.settled().await?;
        tokio::time::sleep(QUIET).await;
        let last: Counts = serde_json::from_value(self.load.finish()?)?;
        assert_eq!(
            last.failed(),
            settled.failed(),
            "{}: {:?}",
            self.strategy,
            last.told
        );
        assert_eq!(
            last.by("good") - settled.by("good"),
            last.requests - settled.requests,
            "{}: the last good version serves alone: {settled:?} {last:?}",
            self.strategy
        );
        for figure in &mut figures {
            figure.answered = last.by(figure.change.name);
        }
        Ok(figures)
    }

    /// What the clients got until kube-proxy, too, knew that the pods are gone: on a busy node that takes seconds.
    async fn settled(&mut self) -> Result<Counts> {
        let mut before = self.counts()?;
        for _ in 0..PATIENCE.as_secs() / QUIET.as_secs() {
            tokio::time::sleep(QUIET).await;
            let now = self.counts()?;
            if now.failed() == before.failed() {
                return Ok(now);
            }
            before = now;
        }
        bail!("{}: requests fail on and on: {before:?}", self.strategy)
    }

    fn counts(&mut self) -> Result<Counts> {
        Ok(serde_json::from_value(self.load.so_far()?)?)
    }

    fn figure(&self, change: &Change, before: &Counts, moments: &[Moment], after: Counts) -> Figure {
        let undone = |moment: &&Moment| {
            matches!(
                moment.rollout.phase,
                RolloutPhase::RollingBack | RolloutPhase::RolledBack
            )
        };
        let last = moments.last().map(|moment| &moment.rollout);
        Figure {
            strategy: self.strategy,
            change: *change,
            phase: last.map(|rollout| rollout.phase),
            why: last.map(|rollout| rollout.message.clone()).unwrap_or_default(),
            detected: moments.iter().find(undone).map(|moment| moment.after),
            over: moments.last().map(|moment| moment.after).unwrap_or_default(),
            requests: after.requests - before.requests,
            failed: after.failed() - before.failed(),
            unanswered: after.failures - before.failures,
            answered: 0,
            shares: moments
                .windows(2)
                .filter_map(|pair| share(change.name, pair))
                .collect(),
            told: after.told,
        }
    }
}

fn is_news(moments: &[Moment], now: &RolloutStatus) -> bool {
    let last = moments
        .last()
        .map(|moment| (moment.rollout.phase, moment.rollout.step));
    last != Some((now.phase, now.step))
}

/// What a candidate got of the calls while it was watched.
fn share(version: &str, pair: &[Moment]) -> Option<Share> {
    let [begin, end] = pair else { return None };
    let is_shared = begin.rollout.phase == RolloutPhase::Baking && (1..100).contains(&begin.rollout.weight);
    let fresh = |counts: &Counts| counts.fresh_versions.get(version).copied().unwrap_or_default();
    let all = |counts: &Counts| counts.fresh_versions.values().sum::<u64>();
    is_shared.then(|| Share {
        weight: begin.rollout.weight,
        calls: all(&end.counts) - all(&begin.counts),
        answered: fresh(&end.counts) - fresh(&begin.counts),
    })
}
