//! The command line as people run it, with the cluster of a stage.

use std::process::{Command, Stdio};

use anyhow::Result;

use super::world::Stage;

/// What a run gave.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The program beside the proxy, which counts what the operator writes.
pub(crate) fn command(stage: &Stage, arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(healthcare_tests::built::command_line("gitops-health")?);
    command
        .args(arguments)
        .env("KUBECONFIG", stage.cluster.kubeconfig());
    Ok(command)
}

/// Runs it to the end.
pub(crate) fn run(stage: &Stage, arguments: &[&str], stdin: &str) -> Result<Ran> {
    let mut input = tempfile::NamedTempFile::new()?;
    std::io::Write::write_all(&mut input, stdin.as_bytes())?;
    let output = command(stage, arguments)?
        .stdin(Stdio::from(std::fs::File::open(input.path())?))
        .output()?;
    Ok(Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout)?,
        err: String::from_utf8(output.stderr)?,
    })
}
