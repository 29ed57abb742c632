//! Rounds of faults, each followed by convergence and rest. I/O.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::checks::{deletions, leadership, restarts};
use super::converged::Inspector;
use super::dice::Dice;
use super::fault::{Deck, Fault, Planned};
use super::foreign::Foreign;
use super::history::{Violation, Write};
use super::judge::Judge;
use super::operator::Program;
use super::rendered::Renderer;
use super::report::Report;
use super::stage::{LEASE_NAMESPACE, Stage};
use super::user::User;
use super::wanted::{Id, Role, Wanted, never_unwanted};
use super::{Settings, inject};

/// The rule about convergence.
const CONVERGES: &str = "converges within its bound";
/// The rule about rest.
const RESTS: &str = "nothing is written at rest";
/// Terms of the election.
const LEASE: Duration = Duration::from_secs(6);
/// How long nothing may be written, and how long after convergence that may take.
const REST: (Duration, Duration) = (Duration::from_secs(4), Duration::from_secs(40));
/// Namespaces of the services.
const NAMESPACES: [&str; 3] = ["campaign-a", "campaign-b", "campaign-c"];

/// A campaign under way.
struct Campaign<'a> {
    settings: &'a Settings,
    stage: Arc<Stage>,
    judge: &'a Judge<'a>,
    wanted: Arc<Mutex<Wanted>>,
    inspector: Inspector,
    foreign: Foreign,
    tell: &'a (dyn Fn(&str) + Sync),
    convergence: Vec<f64>,
    /// Writes that were judged, of each proxy.
    marks: Vec<usize>,
}

/// Runs a campaign, telling how it goes by lines.
///
/// # Errors
/// When the harness itself fails; what the operators do wrong is in the report.
pub async fn run(settings: &Settings, tell: &(dyn Fn(&str) + Sync)) -> Result<Report> {
    std::fs::create_dir_all(&settings.logs)?;
    let program = Program {
        binary: settings.binary.clone(),
        logs: settings.logs.clone(),
        arguments: vec![
            format!("--lease-namespace={LEASE_NAMESPACE}"),
            format!("--lease-duration-seconds={}", LEASE.as_secs()),
        ],
        memory_mib: settings.memory_mib,
    };
    let stage = Arc::new(Stage::start(settings.seed, settings.replicas, LEASE, &program).await?);
    let judge = Judge::new(&stage, settings.seed, tell);
    let wanted: Arc<Mutex<Wanted>> = Arc::default();
    let renderer = Renderer::new()?;
    let dice = Dice::of(settings.seed, "user");
    let mut user = User::new(stage.client.clone(), renderer.clone(), dice, Arc::clone(&wanted));
    let foreign = furnish(settings, &stage, &mut user).await?;
    let mut campaign = Campaign {
        settings,
        stage: Arc::clone(&stage),
        judge: &judge,
        wanted,
        inspector: Inspector {
            client: stage.client.clone(),
            renderer,
            foreign: foreign.names().into_iter().collect(),
        },
        foreign,
        tell,
        convergence: Vec::new(),
        marks: vec![0; settings.replicas],
    };
    for replica in &stage.replicas {
        replica.slot.start()?;
    }
    let ended: Result<()> = tokio::select! {
        ended = campaign.rounds(&mut user) => ended,
        ended = tend(&stage, &judge) => ended,
        () = count_passes(&stage) => Ok(()),
    };
    if ended.is_err() || !judge.findings().is_empty() {
        stage.keep_logs(&settings.logs)?;
    }
    ended?;
    Ok(campaign.report(user.deeds))
}

/// Looks after the operators and takes what the observer sees, for ever.
async fn tend(stage: &Stage, judge: &Judge<'_>) -> Result<()> {
    loop {
        for replica in &stage.replicas {
            judge.found(replica.slot.tend()?);
        }
        judge.found(stage.observer.take_violations());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Asks the operators for their counters, for ever.
async fn count_passes(stage: &Stage) {
    loop {
        let asked = stage.replicas.iter().map(|replica| replica.slot.count_passes());
        futures::future::join_all(asked).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Namespaces, objects of others and services.
async fn furnish(settings: &Settings, stage: &Stage, user: &mut User) -> Result<Foreign> {
    let mut foreign = Foreign::default();
    for namespace in NAMESPACES {
        stage.namespace(namespace)?;
    }
    // Shifted by one every six: each role comes to each namespace.
    let namespaces = |number: usize| {
        NAMESPACES
            .iter()
            .cycle()
            .nth((number + number / 6) % NAMESPACES.len())
    };
    for (number, namespace) in (0..settings.services).filter_map(|number| Some((number, namespaces(number)?)))
    {
        let role = match number % 6 {
            0 | 3 => Role::Loose,
            5 if number < 18 => Role::Conflicting,
            _ => Role::Kept,
        };
        let id = Id {
            namespace: (*namespace).to_owned(),
            name: format!("service-{number}"),
        };
        if role == Role::Conflicting {
            foreign.make(&stage.client, &id).await?;
        }
        user.create(id, role).await?;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    foreign.remember().await?;
    Ok(foreign)
}

impl Campaign<'_> {
    async fn rounds(&mut self, user: &mut User) -> Result<()> {
        let mut deck = Deck::of(self.settings.seed);
        let converged = self.converge("at the beginning").await?;
        self.check().await?;
        if !converged {
            self.say("the operators do not even do their work without faults");
            return Ok(());
        }
        let (began, mut dealt) = (Instant::now(), 0);
        while began.elapsed() < self.settings.lasts || dealt < Fault::ALL.len() {
            dealt += self.settings.faults;
            let number = self.judge.next_round();
            let planned = deck.round(self.settings.faults, self.settings.span, self.stage.lease);
            self.with_wanted(Wanted::new_round);
            self.break_things(&planned, number, user).await?;
            let converged = self.converge(&format!("round {number}")).await?;
            self.check().await?;
            if !converged {
                self.say("what comes after a failed convergence tells nothing: the campaign ends here");
                return Ok(());
            }
        }
        Ok(())
    }

    /// Faults and deeds side by side until the last fault is healed.
    async fn break_things(&self, planned: &[Planned], number: usize, user: &mut User) -> Result<()> {
        let told: Vec<_> = planned
            .iter()
            .map(|one| {
                format!(
                    "{} {:.1}-{:.1} s",
                    one.fault.name(),
                    one.begins.as_secs_f64(),
                    one.ends().as_secs_f64()
                )
            })
            .collect();
        self.say(&format!("round {number}: {}", told.join(", ")));
        let mut faults = JoinSet::new();
        for (place, one) in planned.iter().enumerate() {
            let dice = Dice::of(self.settings.seed, &format!("fault {number}.{place}"));
            faults.spawn(inject::run(Arc::clone(&self.stage), *one, dice));
        }
        let interrupted = |one: &Planned| matches!(one.fault, Fault::ApiServerKilled | Fault::EtcdPaused);
        user.is_careful = planned.iter().any(interrupted);
        let stop = CancellationToken::new();
        let healing = async {
            while let Some(done) = faults.join_next().await {
                done.context("inject a fault")??;
            }
            stop.cancel();
            anyhow::Ok(())
        };
        tokio::try_join!(healing, user.act(&stop)).map(drop)
    }

    /// Waits until all is as it should be, and then until nothing is written; false when the former took too long.
    async fn converge(&mut self, when: &str) -> Result<bool> {
        let began = Instant::now();
        let wanted = self.with_wanted(|wanted| wanted.clone());
        loop {
            let asked = self.inspector.differences(&wanted).await;
            let differences = asked.unwrap_or_else(|error| vec![format!("{error:#}")]);
            let took = began.elapsed();
            if differences.is_empty() {
                self.convergence.push(took.as_secs_f64());
                self.say(&format!("{when}: converged after {:.1} s", took.as_secs_f64()));
                self.judge.found(self.rest().await);
                return Ok(true);
            }
            if took > self.settings.bound {
                let bound = self.settings.bound;
                let told = differences.into_iter().take(20);
                let told =
                    told.map(|one| Violation::of(CONVERGES, format!("{bound:?} after healing: {one}")));
                self.judge.found(told);
                let everything = self.inspector.everything().await?;
                std::fs::write(self.settings.logs.join("objects.json"), everything)?;
                return Ok(false);
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    async fn rest(&self) -> Option<Violation> {
        let (quiet, limit) = REST;
        let began = Instant::now();
        let mut last = Vec::new();
        while began.elapsed() < limit {
            let marks = self.stage.marks();
            tokio::time::sleep(quiet).await;
            last = self.stage.writes(&marks);
            last.retain(|write| !write.is_election());
            if last.is_empty() {
                return None;
            }
        }
        let told: Vec<_> = last.iter().take(10).map(Write::told).collect();
        Some(Violation::of(
            RESTS,
            format!("{limit:?} after convergence: {told:?}"),
        ))
    }

    /// What is judged once a round is over.
    async fn check(&mut self) -> Result<()> {
        let marks = std::mem::replace(&mut self.marks, self.stage.marks());
        let writes = self.stage.writes(&marks);
        let wanted = self.with_wanted(|wanted| wanted.clone());
        let records = leadership::Records::of(self.stage.leases());
        self.judge.found(records.check(&writes, self.stage.lease));
        let renderer = &self.inspector.renderer;
        let never = never_unwanted(&wanted, |id, spec| renderer.names(id, spec));
        self.judge.found(deletions::check(&writes, &never));
        let foreign = &self.inspector.foreign;
        self.judge.found(deletions::check_foreign(&writes, foreign));
        let seen = self.stage.observer.look(|seen| seen.replica_sets.clone());
        self.judge.found(restarts::check(&wanted, &seen));
        self.judge.found(self.foreign.check().await?);
        Ok(())
    }

    fn report(&self, deeds: BTreeMap<String, usize>) -> Report {
        let stage = &self.stage;
        let lives: Vec<_> = stage.replicas.iter().map(|replica| replica.slot.life()).collect();
        let all = stage.writes(&vec![0; stage.replicas.len()]);
        let mut writes = BTreeMap::new();
        for write in all.iter().filter(|write| !write.is_election()) {
            let kind =
                deletions::object(&write.path).map_or_else(|| "events".to_owned(), |(plural, ..)| plural);
            let status = if write.path.ends_with("/status") {
                "/status"
            } else {
                ""
            };
            *writes
                .entry(format!("{} {kind}{status}", write.method))
                .or_default() += 1;
        }
        Report {
            seed: self.settings.seed,
            seconds: stage.began.elapsed().as_secs_f64(),
            services: self.settings.services,
            rounds: self.convergence.len().saturating_sub(1),
            faults: Report::named(&stage.tally.counts()),
            deeds,
            passes: lives.iter().map(|life| life.passes).sum(),
            writes,
            status_changes: stage.observer.look(|seen| seen.status_changes),
            lease_transitions: leadership::Records::of(stage.leases()).transitions(),
            processes: lives.iter().map(|life| life.starts).sum(),
            lost_leases: lives.iter().map(|life| life.lost_leases).sum(),
            peak_mib: lives.iter().map(|life| life.peak_mib).fold(0.0, f64::max),
            convergence_seconds: self.convergence.clone(),
            violations: self.judge.findings(),
        }
    }

    fn with_wanted<T>(&self, change: impl FnOnce(&mut Wanted) -> T) -> T {
        change(&mut self.wanted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn say(&self, line: &str) {
        let seconds = self.stage.began.elapsed().as_secs_f64();
        (self.tell)(&format!("{seconds:7.1} s  {line}"));
    }
}
