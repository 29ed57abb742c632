//! Runs the program.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_gitops-health");

/// A file of the checkout.
pub(crate) fn checkout(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The smallest manifest, with more of a spec in YAML flow style.
pub(crate) fn text(name: &str, more: &str) -> String {
    format!(
        "apiVersion: gitops-health.io/v1alpha1\nkind: HealthcareService\nmetadata: {{name: {name}, namespace: healthcare}}\nspec: {{image: \"registry.example.org/team/{name}:1.0.0\"{more}}}\n"
    )
}

/// What a run gave.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The program without a cluster to ask.
pub(crate) fn program(arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .env("KUBECONFIG", "/dev/null")
        .env("TERM", "xterm");
    // What the settings of a shell would change.
    for variable in [
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "DEFAULT_OTLP_ENDPOINT",
        "INGRESS_NAMESPACE_LABELS",
        "MONITORING_NAMESPACE_LABELS",
        "MONITOR_LABELS",
    ] {
        command.env_remove(variable);
    }
    command
}

pub(crate) fn run(arguments: &[impl AsRef<OsStr>], stdin: &[u8]) -> Ran {
    finish(&mut program(arguments), stdin)
}

/// Runs to the end. The input is written beside: the program may end without having read it all.
pub(crate) fn finish(command: &mut Command, stdin: &[u8]) -> Ran {
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = piped.spawn().unwrap();
    let mut pipe = process.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || pipe.write_all(stdin));
        process.wait_with_output().unwrap()
    });
    ran(&output)
}

pub(crate) fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout.clone()).unwrap(),
        err: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}
