//! Binaries of the workspace that tests run as processes.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Builds the operator as the running test was built, and tells where it is.
///
/// # Errors
/// When cargo fails.
pub fn operator() -> Result<PathBuf> {
    build("healthcare-operator", "healthcare-operator")
}

/// The same of the command line, by the name by which kubectl finds it or by its own.
///
/// # Errors
/// When cargo fails.
pub fn command_line(program: &str) -> Result<PathBuf> {
    build("gitops-health", program)
}

fn build(package: &str, program: &str) -> Result<PathBuf> {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", package])
        .status()?;
    if !status.success() {
        bail!("cargo build -p {package} failed");
    }
    let own = std::env::current_exe()?;
    let profile = own
        .ancestors()
        .nth(2)
        .context("the test binary lies in target/<profile>/deps")?;
    Ok(profile.join(program))
}
