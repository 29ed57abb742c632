//! `completions`: a script that completes arguments.

use clap::Args;
use clap_complete::Shell;

use crate::cli;
use crate::report::Report;

/// Print a completion script for a shell
///
/// For bash: gitops-health completions bash > ~/.local/share/bash-completion/completions/gitops-health
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub struct CompletionsArgs {
    /// Which shell
    pub shell: Shell,
}

/// Writes it. Shells complete programs: as a plugin it is called by the name of its file.
pub fn run(args: &CompletionsArgs, called: &'static str) -> Report {
    let mut script = Vec::new();
    let program = called.replace(' ', "-");
    clap_complete::generate(args.shell, &mut cli::definition(called), program, &mut script);
    Report::fine(String::from_utf8_lossy(&script).into_owned())
}
