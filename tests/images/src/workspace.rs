//! What cargo knows of the packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// The workspace, from `cargo metadata`.
#[derive(Clone, Debug, Deserialize)]
pub struct Workspace {
    /// Every member.
    pub packages: Vec<Package>,
    /// Where cargo puts what it builds.
    pub target_directory: PathBuf,
    /// The root.
    pub workspace_root: PathBuf,
}

/// A package's words about itself.
#[derive(Clone, Debug, Deserialize)]
pub struct Package {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// One sentence; images need one.
    #[serde(default, deserialize_with = "or_empty")]
    pub description: String,
    /// SPDX expression.
    #[serde(default, deserialize_with = "or_empty")]
    pub license: String,
}

fn or_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Workspace {
    /// The workspace that `directory` belongs to.
    pub fn of(directory: &Path) -> Result<Self> {
        let output = Command::new("cargo")
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(directory)
            .output()
            .context("cargo could not be run; is Rust installed?")?;
        if !output.status.success() {
            bail!(
                "cargo metadata failed: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        serde_json::from_slice(&output.stdout).context("cargo metadata printed something unexpected")
    }

    /// A member by name.
    pub fn package(&self, name: &str) -> Result<&Package> {
        let found = self.packages.iter().find(|package| package.name == name);
        found.with_context(|| format!("the workspace has no package {name}"))
    }
}
