//! One module a command: its arguments, and a function from them to a [`Report`].

use service_kit::Clock;

use crate::cli::{Cli, Command};
use crate::report::{Error, Report};

pub mod completions;
pub mod compliance;
pub mod crd;
pub mod diff;
pub mod graph;
pub mod man;
pub mod render;
pub mod risk;
pub mod rollout;
pub mod validate;
pub mod why;

/// Writes text now; an error says that nobody can read it.
pub type Tell = dyn FnMut(&str) -> std::io::Result<()>;

/// What a command is handed by `main`.
pub struct World<'a> {
    /// How the program is called: `gitops-health`, or `kubectl healthcare`.
    pub called: &'static str,
    /// Standard input.
    pub stdin: &'a mut dyn std::io::Read,
    /// The time.
    pub clock: Clock,
    /// Writes to standard output before the command is through.
    pub tell: &'a mut Tell,
}

/// Runs the command that the arguments name.
///
/// # Errors
/// When it does not get through.
pub async fn execute(cli: &Cli, world: &mut World<'_>) -> Result<Report, Error> {
    match &cli.command {
        Command::Render(args) => render::run(args, &cli.cluster, world.stdin).await,
        Command::Validate(args) => validate::run(args, world.stdin),
        Command::Diff(args) => diff::run(args, &cli.cluster, world.stdin).await,
        Command::Why(args) => why::run(args, &cli.cluster, &world.clock).await,
        Command::Graph(args) => graph::run(args, &cli.cluster, world.stdin).await,
        Command::Risk(args) => risk::run(args, &cli.cluster, world.stdin).await,
        Command::Compliance(args) => compliance::run(args, &cli.cluster, world).await,
        Command::Rollout(args) => rollout::run(args, &cli.cluster, world).await,
        Command::Crd(_) => crd::run(),
        Command::Completions(args) => Ok(completions::run(args, world.called)),
        Command::Man(args) => man::run(args, world.called),
    }
}
