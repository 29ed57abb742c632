//! `rollout`: how the rollout of a service stands, and what people say to it.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use healthcare_operator::rollout::Gate;
use jiff::SignedDuration;

use super::World;
use crate::cluster::{Cluster, ClusterArgs};
use crate::report::{Error, Report};
use crate::rollout::Outcome;

mod say;
mod status;

/// Tell how the rollout of a service stands, promote it, or take it back
#[derive(Args, Debug)]
pub struct RolloutArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: RolloutCommand,
}

/// What to do with a rollout.
#[derive(Debug, Subcommand)]
pub enum RolloutCommand {
    /// Tell how the rollout of a service stands: its steps, its risk, and who runs what
    ///
    /// The exit code is 0 when the spec serves or is on its way, and 1 when it was or is being rolled back, or cannot go on.
    /// With --watch each change is a line, and the end decides: 0 when the spec serves, 1 when it does not.
    #[command(verbatim_doc_comment)]
    Status(StatusArgs),
    /// Leave the step under way for the next, or all of them
    ///
    /// Writes the annotation gitops-health.io/rollout-promote, which names the revision, the spec's generation and the step that are under
    /// way now, so that it never counts for another. The pods of the step must be ready before it is left. With --watch the exit code is 0
    /// when the spec serves in the end.
    #[command(verbatim_doc_comment)]
    Promote(PromoteArgs),
    /// Take the rollout under way back to the revision that served well last
    ///
    /// Writes the annotation gitops-health.io/rollout-abort, which names the revision and the spec's generation under way now.
    /// The spec stays as it is: the service is stalled until its manifest changes. With --watch the exit code is 0 when the last good revision serves.
    #[command(verbatim_doc_comment)]
    Abort(AbortArgs),
}

/// Which service.
#[derive(Args, Debug)]
pub struct ServiceArgs {
    /// Name of the HealthcareService
    pub name: String,
    /// Its namespace [default: that of the context]
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,
}

/// Whether to wait.
#[derive(Args, Debug)]
pub struct WatchArgs {
    /// Tell of each change until the rollout ends
    #[arg(short, long)]
    pub watch: bool,
    /// With --watch: for this long at most, such as 90s or 1h30m; then the exit code is 1
    #[arg(long, requires = "watch", value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
}

/// Arguments of `rollout status`.
#[derive(Args, Debug)]
pub struct StatusArgs {
    /// Which service.
    #[command(flatten)]
    pub service: ServiceArgs,
    /// A tree, or JSON; with --watch a line, or JSON on one line, for each change
    #[arg(short, long, visible_alias = "format", default_value = "tree")]
    pub output: StatusFormat,
    /// Whether to wait.
    #[command(flatten)]
    pub watch: WatchArgs,
}

/// Arguments of `rollout promote`.
#[derive(Args, Debug)]
pub struct PromoteArgs {
    /// Which service.
    #[command(flatten)]
    pub service: ServiceArgs,
    /// Leave out all steps before the new version takes over, and the watch after that
    #[arg(long)]
    pub full: bool,
    /// Promote this step, and nothing when another is under way
    #[arg(long, value_name = "NUMBER", conflicts_with = "full")]
    pub step: Option<i32>,
    /// Whether to wait.
    #[command(flatten)]
    pub watch: WatchArgs,
}

/// Arguments of `rollout abort`.
#[derive(Args, Debug)]
pub struct AbortArgs {
    /// Which service.
    #[command(flatten)]
    pub service: ServiceArgs,
    /// Whether to wait.
    #[command(flatten)]
    pub watch: WatchArgs,
}

/// How a rollout is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatusFormat {
    /// For people.
    Tree,
    /// For programs.
    Json,
}

/// Tells or says.
///
/// # Errors
/// When the cluster cannot be asked, has no such service, or there is nothing to promote or abort.
pub async fn run(args: &RolloutArgs, cluster: &ClusterArgs, world: &mut World<'_>) -> Result<Report, Error> {
    let cluster = Cluster::connect(cluster).await?;
    match &args.command {
        RolloutCommand::Status(args) => status::run(&cluster, args, world).await,
        RolloutCommand::Promote(args) => {
            let gate = if args.full {
                Gate::PromoteFully
            } else {
                Gate::Promote
            };
            let said = say::run(&cluster, &args.service, gate, args.step).await?;
            then(
                &cluster,
                &args.service,
                &args.watch,
                Outcome::Completed,
                said,
                world,
            )
            .await
        }
        RolloutCommand::Abort(args) => {
            let said = say::run(&cluster, &args.service, Gate::Abort, None).await?;
            then(
                &cluster,
                &args.service,
                &args.watch,
                Outcome::RolledBack,
                said,
                world,
            )
            .await
        }
    }
}

/// Tells what was said, and what comes of it where that was asked for.
async fn then(
    cluster: &Cluster,
    service: &ServiceArgs,
    watch: &WatchArgs,
    wanted: Outcome,
    said: String,
    world: &mut World<'_>,
) -> Result<Report, Error> {
    if !watch.watch {
        return Ok(Report::fine(said));
    }
    status::tell(world, &said)?;
    let watched = status::Watched {
        service,
        output: StatusFormat::Tree,
        timeout: watch.timeout,
        wanted,
    };
    status::to_the_end(cluster, &watched, world).await
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = text.parse::<SignedDuration>().ok();
    let duration = duration.and_then(|duration| Duration::try_from(duration).ok());
    duration
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "write a number with its unit, such as 90s, 10m or 1h30m".to_owned())
}

#[cfg(test)]
mod tests;
