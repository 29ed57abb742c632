//! CRDs of optional APIs, from the Go modules that publish them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::run;

/// ServiceMonitor, PodMonitor and PrometheusRule of the Prometheus operator.
pub fn monitoring() -> Result<Vec<PathBuf>> {
    let module = module("github.com/prometheus-operator/prometheus-operator")?;
    let file = |kind: &str| {
        module.join(format!(
            "example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml"
        ))
    };
    Ok(["servicemonitors", "podmonitors", "prometheusrules"]
        .map(file)
        .into())
}

/// The Gateway API's standard channel.
pub fn gateway() -> Result<Vec<PathBuf>> {
    Ok(vec![
        module("sigs.k8s.io/gateway-api")?.join("config/crd/standard"),
    ])
}

/// Arguments of kubectl. Server-side: these CRDs are too large for the annotation of a client-side apply.
pub fn apply(manifests: &[PathBuf]) -> Vec<OsString> {
    let files = manifests
        .iter()
        .flat_map(|manifest| [OsString::from("-f"), manifest.into()]);
    ["apply", "--server-side"]
        .map(OsString::from)
        .into_iter()
        .chain(files)
        .collect()
}

/// Where Go keeps a module's files, which it downloads when they are not there yet.
fn module(name: &str) -> Result<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/crds");
    let answer = run(Command::new("go")
        .args(["mod", "download", "-json", name])
        .current_dir(source))?;
    let answer: serde_json::Value = serde_json::from_str(&answer)?;
    let root = answer.get("Dir").and_then(serde_json::Value::as_str);
    Ok(root.context("go tells where the module is")?.into())
}
