//! The supervisor's binary.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::process::run;

/// The binary beside what runs now, where cargo puts those of a workspace, if it is newer than its sources. Otherwise
/// cargo builds it, which may have to wait for another build.
pub(crate) fn supervisor() -> Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let this = std::env::current_exe().context("find this program")?;
    if let Some(built) = beside(&this).find(|program| is_newer(program, package)) {
        return Ok(built);
    }
    run(Command::new("cargo")
        .args(["build", "--quiet", "-p", "local-cluster"])
        .current_dir(package))?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| package.join("../../target"), PathBuf::from);
    Ok(target.join("debug/local-cluster"))
}

/// Programs lie in the profile's directory, tests and examples in directories below it.
fn beside(this: &Path) -> impl Iterator<Item = PathBuf> {
    let directories = this.ancestors().skip(1).take(2);
    directories.map(|directory| directory.join("local-cluster"))
}

/// Whether the program is at least as new as every file that it is made from.
fn is_newer(program: &Path, package: &Path) -> bool {
    let sources = ["Cargo.toml", "src", "assets"].map(|name| newest(&package.join(name)));
    let newest = sources.into_iter().collect::<std::io::Result<Vec<_>>>();
    let built = program.metadata().and_then(|about| about.modified());
    matches!((built, newest), (Ok(built), Ok(newest)) if newest.iter().all(|time| *time <= built))
}

/// When the file was last changed, or the newest below the directory, unit tests aside.
fn newest(path: &Path) -> std::io::Result<SystemTime> {
    let about = path.metadata()?;
    if about.is_file() {
        return about.modified();
    }
    let mut time = SystemTime::UNIX_EPOCH;
    for entry in path.read_dir()? {
        let entry = entry?;
        if entry.file_name() != "tests.rs" {
            time = time.max(newest(&entry.path())?);
        }
    }
    Ok(time)
}

#[cfg(test)]
mod tests;
