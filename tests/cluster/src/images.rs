//! Images that every node has: made from the built binaries, kept in the cache.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::assets;
use crate::image;
use crate::process::run;
use crate::toolchain::{Toolchain, entry, fill};

/// Holds a pod's namespaces.
const PAUSE: &str = "registry.local/local-cluster/pause:3.10";
/// The cluster's DNS.
const COREDNS: &str = "registry.local/local-cluster/coredns:v1.15.0";

/// A directory with the archives of all of them.
///
/// # Errors
/// When there is no C compiler the first time.
pub fn archives(tools: &Toolchain) -> Result<PathBuf> {
    let coredns = tools.binary("coredns")?;
    let mut made_from = Sha256::new();
    // The binary's path holds the digest of what it was built from.
    for part in [
        &coredns.display().to_string(),
        assets::PAUSE,
        include_str!("images.rs"),
        include_str!("image.rs"),
    ] {
        made_from.update(part);
    }
    let directory = entry("images", made_from)?;
    fill(&directory, |unfinished| {
        let pause = compile_pause(unfinished)?;
        image::write(&unfinished.join("pause.tar"), PAUSE, "pause", &pause)?;
        std::fs::remove_file(pause)?;
        image::write(&unfinished.join("coredns.tar"), COREDNS, "coredns", &coredns)
    })?;
    Ok(directory)
}

fn compile_pause(directory: &Path) -> Result<PathBuf> {
    let (source, binary) = (directory.join("pause.c"), directory.join("pause"));
    std::fs::write(&source, assets::PAUSE)?;
    let flags = ["-Os", "-static", "-Wall", "-Werror", "-o"];
    run(Command::new("gcc").args(flags).arg(&binary).arg(&source))
        .context("compile the pause program: apt-get install gcc libc6-dev")?;
    std::fs::remove_file(source)?;
    Ok(binary)
}
