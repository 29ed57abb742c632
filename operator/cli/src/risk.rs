//! How risky a change is, and how the operator would roll it out: its own score, with what it is compared with. Pure.

use comfy_table::Cell;
use healthcare_crds::v1alpha1::{HealthcareServiceSpec, RiskFactor, RolloutStrategy};
use healthcare_crds::{HealthcareService, keys};
use healthcare_operator::risk::{self, BLUE_GREEN_FROM, CANARY_FROM, Change, History};
use healthcare_operator::rollout::{Revision, strategy_used};
use healthcare_operator::template;
use kube::ResourceExt;
use serde::Serialize;

use crate::difference::Pods;
use crate::report::{cell, table};
use crate::service::full_name;
use crate::style::{BAD, DIM, GOOD, STRONG, WARN, paint};

/// What a service is compared with.
#[derive(Clone, Debug)]
pub enum Before {
    /// Nothing of it has served yet.
    Nothing,
    /// A spec: that of a manifest, or the one in the cluster.
    Spec(Box<HealthcareServiceSpec>),
    /// What served well last, as the operator keeps it.
    Revision(Box<Revision>),
}

/// A service, what it is compared with, and what happened to it lately.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The service as it shall be.
    pub service: HealthcareService,
    /// As it was.
    pub before: Before,
    /// How that is called.
    pub compared_with: String,
    /// What happened.
    pub history: History,
}

/// How bad a score is: the bounds are those of the strategies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// New pods may replace the old ones at once.
    Low,
    /// A few are tried first.
    Medium,
    /// They stand beside the old ones first.
    High,
}

/// What the operator makes of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Score {
    /// `namespace/name`.
    pub service: String,
    /// What it is compared with.
    pub from: String,
    /// From 0 to 100.
    pub risk_score: i32,
    /// How bad that is.
    pub level: Level,
    /// How it is rolled out.
    pub strategy: RolloutStrategy,
    /// Why so.
    pub reason: String,
    /// What happens to pods.
    pub pods: Pods,
    /// What the score is made of, the most points first.
    pub factors: Vec<RiskFactor>,
}

/// Scores of several services.
#[derive(Debug, Serialize)]
pub struct Scores {
    /// The highest.
    pub risk_score: i32,
    /// Each.
    pub services: Vec<Score>,
}

impl Before {
    const fn spec(&self) -> Option<&HealthcareServiceSpec> {
        match self {
            Self::Nothing => None,
            Self::Spec(spec) => Some(spec),
            Self::Revision(revision) => Some(&revision.spec),
        }
    }

    /// Whether another spec asks for the same pods, as the operator judges it.
    fn has_pods_of(&self, service: &HealthcareService) -> bool {
        match self {
            Self::Nothing => false,
            Self::Spec(spec) => template::spec_digest(spec) == template::spec_digest(&service.spec),
            Self::Revision(revision) => {
                let wish = service.annotations().get(keys::TEMPLATE_REQUESTED_AT);
                revision.has_pods_of(&service.spec, wish.map(String::as_str))
            }
        }
    }
}

impl Level {
    const fn of(score: i32) -> Self {
        match score {
            ..CANARY_FROM => Self::Low,
            CANARY_FROM..BLUE_GREEN_FROM => Self::Medium,
            BLUE_GREEN_FROM.. => Self::High,
        }
    }

    fn shown(self) -> Cell {
        match self {
            Self::Low => cell(GOOD, "low"),
            Self::Medium => cell(WARN, "medium"),
            Self::High => cell(BAD, "high"),
        }
    }
}

impl Scores {
    /// Scores every change.
    pub fn of(proposals: &[Proposal]) -> Self {
        let services: Vec<_> = proposals.iter().map(score).collect();
        let highest = services.iter().map(|score| score.risk_score).max();
        Self {
            risk_score: highest.unwrap_or_default(),
            services,
        }
    }

    /// Those above a limit.
    pub fn above(&self, limit: i32) -> impl Iterator<Item = &Score> {
        self.services.iter().filter(move |score| score.risk_score > limit)
    }
}

fn score(proposal: &Proposal) -> Score {
    let service = &proposal.service;
    let risk = risk::score(&Change {
        from: proposal.before.spec(),
        to: &service.spec,
        history: proposal.history,
    });
    let settings = service.spec.rollout.clone().unwrap_or_default();
    let pods = match &proposal.before {
        Before::Nothing => Pods::Start,
        before if before.has_pods_of(service) => Pods::Stay,
        _ => Pods::Restart,
    };
    let chosen = risk::strategy(&settings, &risk);
    Score {
        service: full_name(service),
        from: proposal.compared_with.clone(),
        risk_score: risk.score,
        level: Level::of(risk.score),
        strategy: strategy_used(chosen, pods != Pods::Start, pods == Pods::Stay),
        reason: reason(pods, settings.strategy),
        pods,
        factors: risk.factors,
    }
}

fn reason(pods: Pods, written: RolloutStrategy) -> String {
    match (pods, written) {
        (Pods::Start, _) => "nothing has served yet: there is nothing to go back to".to_owned(),
        (Pods::Stay, _) => "the pods stay as they are".to_owned(),
        (Pods::Restart | Pods::Stop, RolloutStrategy::RiskBased) => {
            format!("by risk: Canary from {CANARY_FROM} points on, BlueGreen from {BLUE_GREEN_FROM}")
        }
        (Pods::Restart | Pods::Stop, _) => "spec.rollout.strategy names it".to_owned(),
    }
}

/// All scores for people: one line each, then what each is made of.
pub fn written(scores: &Scores) -> String {
    let rows = scores.services.iter().map(row).collect();
    let headings = ["SERVICE", "SCORE", "LEVEL", "STRATEGY", "COMPARED WITH"];
    let parts: String = scores.services.iter().map(parts).collect();
    table(&headings, rows) + &parts
}

fn row(score: &Score) -> Vec<Cell> {
    vec![
        Cell::new(&score.service),
        Cell::new(score.risk_score),
        score.level.shown(),
        Cell::new(format!("{:?}", score.strategy)),
        Cell::new(&score.from),
    ]
}

fn parts(score: &Score) -> String {
    let head = format!(
        "\n{}: {:?}, {}\n",
        paint(STRONG, &score.service),
        score.strategy,
        paint(DIM, &score.reason)
    );
    if score.factors.is_empty() {
        return head;
    }
    let row = |factor: &RiskFactor| {
        let points = format!("+{}", factor.points);
        vec![points, factor.name.clone(), factor.message.clone()]
    };
    head + &table(
        &["POINTS", "FACTOR", "WHY"],
        score.factors.iter().map(row).collect(),
    )
}

#[cfg(test)]
mod tests;
