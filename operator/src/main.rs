//! The operator's binary.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use healthcare_operator::config::{Cli, Command};
use healthcare_operator::probe::probe;
use healthcare_operator::run;

fn main() -> Result<ExitCode> {
    service_kit::crypto::install_provider();
    let cli = Cli::parse();
    // It waits for the API server most of the time: a second thread would cost memory and fight over the allocator.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    match cli.command {
        Command::Run(args) => runtime.block_on(run::run(*args)),
        Command::Crd => print_crd(),
        Command::Probe { url } => probe(&url).map(|()| ExitCode::SUCCESS),
    }
}

#[expect(clippy::print_stdout, reason = "the output of a command")]
fn print_crd() -> Result<ExitCode> {
    print!("{}", healthcare_crds::crd::healthcare_service_crd_yaml()?);
    Ok(ExitCode::SUCCESS)
}
