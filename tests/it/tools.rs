//! Programs the tests run: helm, kubectl, promtool.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use local_cluster::toolchain::{Group, Toolchain};

/// The checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A program: what the environment variable of its name in capitals says, else the local cluster's own, which is
/// built when missing, else the one on `PATH`.
pub(crate) fn program(name: &str) -> OsString {
    let variable = name.to_uppercase();
    if let Some(path) = std::env::var_os(&variable) {
        return path;
    }
    let group = match name {
        "helm" => Some(Group::Helm),
        "kubectl" => Some(Group::Kubernetes),
        _ => None,
    };
    if let Some(group) = group {
        let tell = |message: &str| eprintln!("local-cluster: {message}");
        let tools =
            Toolchain::build(&[group], &tell).unwrap_or_else(|e| panic!("{name} (or set {variable}): {e:#}"));
        return tools.binary(name).unwrap().into_os_string();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|file| file.is_file());
    let Some(found) = found else {
        panic!(
            "{name} is missing: `make prerequisites` tells how to install it, or set {variable} to its path"
        )
    };
    found.into_os_string()
}

/// Runs a program: its output, or both of its outputs as the error.
pub(crate) fn run(name: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(program(name));
    // No cluster is asked: the tests must not depend on one that happens to be configured.
    command
        .args(arguments)
        .env("KUBECONFIG", "/dev/null")
        .current_dir(root());
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{name} could not be started: {e}"));
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(stdout);
    }
    Err(format!("{stdout}{}", String::from_utf8_lossy(&output.stderr)))
}

/// Compares a checked-in copy with what it is made from; with `UPDATE=1` it is written anew.
pub(crate) fn assert_file(path: &str, wanted: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == wanted, "{path} is stale: run `make generate`");
}

/// The text of a file of the checkout.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The documents of a YAML text; empty ones are left out.
pub(crate) fn documents(text: &str) -> Vec<serde_json::Value> {
    use serde::Deserialize as _;
    serde_yaml::Deserializer::from_str(text)
        .map(|document| {
            serde_json::Value::deserialize(document).unwrap_or_else(|e| panic!("{e} in:\n{text}"))
        })
        .filter(|value| !value.is_null())
        .collect()
}
