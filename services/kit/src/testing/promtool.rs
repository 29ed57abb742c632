use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::Context;

/// What Prometheus' own judge of names, help texts and types says of an exposition: nothing, if all is well.
pub fn check_metrics(exposition: &str) -> anyhow::Result<String> {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("start promtool; apt-get install prometheus")?;
    // Closed, so that promtool sees the end.
    let mut input = promtool.stdin.take().context("standard input is a pipe")?;
    input.write_all(exposition.as_bytes())?;
    drop(input);
    let output = promtool.wait_with_output()?;
    Ok(String::from_utf8([output.stdout, output.stderr].concat())?)
}
