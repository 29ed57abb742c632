//! Archives into a registry, by crane.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Pushes the archive as `reference`. `crane` must be on the PATH: the local cluster builds it
/// (`target/cluster/env.sh`), or any other that is installed will do.
pub fn push(archive: &Path, reference: &str) -> Result<()> {
    let directory = unpacked(archive)?;
    let status = Command::new("crane")
        .arg("push")
        .arg(&directory)
        .arg(reference)
        .status()
        .context("crane could not be run; `. target/cluster/env.sh` puts the local cluster's on the PATH")?;
    std::fs::remove_dir_all(&directory)
        .with_context(|| format!("{} could not be removed", directory.display()))?;
    if !status.success() {
        bail!("crane could not push {reference}; its message is above");
    }
    Ok(())
}

/// crane reads an OCI layout from a directory, not from an archive.
fn unpacked(archive: &Path) -> Result<std::path::PathBuf> {
    let directory = archive.with_extension("layout");
    let file = std::fs::File::open(archive).with_context(|| {
        format!(
            "{} could not be read; run `image-builder build` first",
            archive.display()
        )
    })?;
    tar::Archive::new(file)
        .unpack(&directory)
        .with_context(|| format!("{} could not be unpacked", archive.display()))?;
    Ok(directory)
}
