//! `risk score`: how risky a change is, by the operator's own score. I/O; the score is made by [`crate::risk`].

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use healthcare_crds::HealthcareService;

use super::diff::{both, once};
use super::render::services;
use crate::cli::{NamespaceArgs, SourceArgs};
use crate::cluster::{Cluster, ClusterArgs};
use crate::input;
use crate::report::{Error, Report, Verdict, json};
use crate::risk::{self, Before, Proposal, Score, Scores};
use crate::service::{Surroundings, full_name};
use crate::style::{BAD, WARN, paint};

mod live;

/// Tell how risky a change is
#[derive(Args, Debug)]
pub struct RiskArgs {
    /// What of it.
    #[command(subcommand)]
    pub command: RiskCommand,
}

/// What is told of risk.
#[derive(Debug, Subcommand)]
pub enum RiskCommand {
    /// Score a change of manifests from 0 to 100, with what the score is made of and the strategy that the operator would choose
    ///
    /// Between two files or directories:
    ///   gitops-health risk score --from OLD NEW
    /// Against the cluster, where each service is compared with the revision that served well last, and a rollout that was
    /// rolled back counts:
    ///   gitops-health risk score NEW
    /// Scores below 30 are low (Rolling), below 70 medium (Canary), from there on high (BlueGreen); spec.rollout.strategy wins.
    /// A service that is new scores 0. The exit code is 1 when a score is above --fail-above, and 0 when none is.
    #[command(verbatim_doc_comment)]
    Score(ScoreArgs),
}

/// Arguments of `risk score`.
#[derive(Args, Debug)]
pub struct ScoreArgs {
    /// Which manifests.
    #[command(flatten)]
    pub sources: SourceArgs,
    /// Their namespace.
    #[command(flatten)]
    pub namespace: NamespaceArgs,
    /// File or directory of the manifests as they were, or - for standard input [default: ask the cluster]
    #[arg(long, value_name = "OLD")]
    pub from: Option<PathBuf>,
    /// Tables, or JSON with the highest score as .risk_score
    #[arg(short, long, visible_alias = "format", default_value = "table")]
    pub output: RiskFormat,
    /// Exit with 1 when a score is above this
    #[arg(long, value_name = "SCORE", value_parser = clap::value_parser!(i32).range(0..=100))]
    pub fail_above: Option<i32>,
}

/// How scores are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RiskFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Scores.
///
/// # Errors
/// When something cannot be read or asked.
pub async fn run(args: &RiskArgs, cluster: &ClusterArgs, stdin: &mut dyn Read) -> Result<Report, Error> {
    let RiskCommand::Score(args) = &args.command;
    let surroundings = Surroundings {
        namespace: args.namespace.namespace.clone(),
        ..Surroundings::default()
    };
    let (proposals, notes) = if let Some(old) = &args.from {
        between(old, args, stdin, &surroundings)?
    } else {
        let services = read(args, stdin, &surroundings)?;
        let cluster = Cluster::connect(cluster).await.map_err(|error| {
            Error::Usage(format!("{error}; or give the manifests as they were by --from"))
        })?;
        live::proposals(&cluster, services).await?
    };
    report(args, &Scores::of(&proposals), notes)
}

fn report(args: &ScoreArgs, scores: &Scores, mut notes: Vec<String>) -> Result<Report, Error> {
    let limit = args.fail_above.unwrap_or(i32::MAX);
    notes.extend(scores.above(limit).map(|score| objection(score, limit)));
    Ok(Report {
        text: match args.output {
            RiskFormat::Table => risk::written(scores),
            RiskFormat::Json => json(scores)?,
        },
        verdict: Verdict::of(scores.above(limit).count() > 0),
        notes,
    })
}

fn objection(score: &Score, limit: i32) -> String {
    format!(
        "{}: {} scores {}, above {limit}",
        paint(BAD, "too risky"),
        score.service,
        score.risk_score
    )
}

fn read(
    args: &ScoreArgs,
    stdin: &mut dyn Read,
    surroundings: &Surroundings,
) -> Result<Vec<HealthcareService>, Error> {
    let manifests = input::read(&args.sources.all(), stdin)?.whole()?;
    once(services(&manifests, surroundings)?)
}

/// One side may lack a service: it is new, or it goes.
fn between(
    old: &Path,
    args: &ScoreArgs,
    stdin: &mut dyn Read,
    surroundings: &Surroundings,
) -> Result<(Vec<Proposal>, Vec<String>), Error> {
    let name = old.display().to_string();
    let [before, after] = both(&[old.to_owned()], &args.sources.all(), stdin, surroundings)?;
    let is_gone = |old: &&HealthcareService| !after.iter().any(|new| full_name(new) == full_name(old));
    let notes = before.iter().filter(is_gone).map(gone).collect();
    let proposals = after.into_iter().map(|new| proposal(new, &before, &name));
    Ok((proposals.collect(), notes))
}

fn gone(service: &HealthcareService) -> String {
    format!(
        "{}: {} is in --from only: that it goes has no score",
        paint(WARN, "warning"),
        full_name(service)
    )
}

fn proposal(new: HealthcareService, before: &[HealthcareService], name: &str) -> Proposal {
    let old = before.iter().find(|old| full_name(old) == full_name(&new));
    let (before, compared_with) = match old {
        Some(old) => (Before::Spec(Box::new(old.spec.clone())), name.to_owned()),
        None => (Before::Nothing, "nothing: it is new".to_owned()),
    };
    Proposal {
        service: new,
        before,
        compared_with,
        history: healthcare_operator::risk::History::default(),
    }
}

#[cfg(test)]
mod tests;
