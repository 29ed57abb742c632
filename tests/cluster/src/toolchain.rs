//! Builds the binaries from Go modules, once, into a cache outside the checkout.

mod group;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};

use crate::process::Stop;

pub use group::Group;

/// Directories with binaries, in the order of a search path.
#[derive(Clone, Debug)]
pub struct Toolchain {
    directories: Vec<PathBuf>,
}

impl Toolchain {
    /// Builds what is missing, telling of each group before it starts. Several processes may call this at once.
    ///
    /// # Errors
    /// When Go is missing or a build fails, with the command and its output on standard error.
    pub fn build(groups: &[Group], tell: &dyn Fn(&str)) -> Result<Self> {
        Self::build_until_stopped(groups, tell, &Stop::default())
    }

    /// The same, for somebody who may ask for its end meanwhile.
    pub(crate) fn build_until_stopped(groups: &[Group], tell: &dyn Fn(&str), stop: &Stop) -> Result<Self> {
        let assets = assets();
        let mut directories: Vec<PathBuf> = assets.iter().cloned().collect();
        for (position, group) in groups.iter().enumerate() {
            if assets.as_deref().is_some_and(|assets| group.provided(assets)) {
                continue;
            }
            let directory = cached(*group)?;
            if !directory.is_dir() {
                let (number, of) = (position + 1, groups.len());
                tell(&format!(
                    "building {} ({number} of {of}; {} the first time)",
                    group.name(),
                    group.effort()
                ));
                fill(&directory, |unfinished| build(*group, unfinished, stop))?;
            }
            directories.push(directory);
        }
        Ok(Self { directories })
    }

    /// Path of a binary.
    pub fn binary(&self, name: &str) -> Result<PathBuf> {
        let found = self
            .directories
            .iter()
            .map(|d| d.join(name))
            .find(|path| path.is_file());
        found.with_context(|| format!("{name} is not among the built groups"))
    }

    /// The directories, for `PATH`.
    pub fn directories(&self) -> &[PathBuf] {
        &self.directories
    }

    /// A search path of these directories before the standard ones.
    pub fn search_path(&self) -> Result<OsString> {
        let standard = [
            "/usr/local/sbin",
            "/usr/local/bin",
            "/usr/sbin",
            "/usr/bin",
            "/sbin",
            "/bin",
        ]
        .map(PathBuf::from);
        Ok(std::env::join_paths(
            self.directories.iter().cloned().chain(standard),
        )?)
    }
}

/// `KUBEBUILDER_ASSETS`, the convention of controller tests for a directory with etcd, kube-apiserver and kubectl.
fn assets() -> Option<PathBuf> {
    std::env::var_os("KUBEBUILDER_ASSETS")
        .map(PathBuf::from)
        .filter(|path| path.is_dir())
}

/// The cache: `$XDG_CACHE_HOME/healthcare-local-cluster`, by default below `~/.cache`.
pub(crate) fn cache() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    Ok(base
        .or_else(home)
        .context("neither XDG_CACHE_HOME nor HOME is set")?
        .join("healthcare-local-cluster"))
}

/// The directory of a group's binaries. Its name holds the digest of everything that goes into them.
fn cached(group: Group) -> Result<PathBuf> {
    let mut digest = Sha256::new();
    for file in sources(&group.source())? {
        digest.update(std::fs::read(&file).with_context(|| format!("read {}", file.display()))?);
    }
    digest.update(group.flags().join(" "));
    entry(group.name(), digest)
}

/// A directory of the cache, named by the digest of what it is made from.
pub(crate) fn entry(name: &str, made_from: Sha256) -> Result<PathBuf> {
    let digest = hex(made_from.finalize().iter().take(6));
    Ok(cache()?.join(format!("{name}-{digest}")))
}

/// Lower-case hexadecimal.
pub(crate) fn hex<'a>(bytes: impl IntoIterator<Item = &'a u8>) -> String {
    use std::fmt::Write as _;
    bytes.into_iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// The files of a module that go into its binaries: `go.mod`, `go.sum`, then its Go files by name.
fn sources(module: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(module).with_context(|| format!("read {}", module.display()))?;
    let mut files = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        matches!(&*name, "go.mod" | "go.sum")
            || (file.extension().is_some_and(|extension| extension == "go") && !name.ends_with("_test.go"))
    });
    files.sort_by_key(|file| (file.extension().is_some_and(|e| e == "go"), file.clone()));
    Ok(files)
}

/// Makes a directory of the cache unless it is there. `make` fills another beside it, which is then renamed, so that it
/// is whole or absent. Of several processes that want the same, one makes it and the others wait.
pub(crate) fn fill(directory: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let parent = directory.parent().context("the cache has a parent")?;
    std::fs::create_dir_all(parent).with_context(|| format!("create {}", parent.display()))?;
    let lock = std::fs::File::create(directory.with_extension("lock"))?;
    flock(&lock, FlockOperation::LockExclusive).context("wait for another build")?;
    if directory.is_dir() {
        return Ok(());
    }
    let unfinished = tempfile::Builder::new()
        .prefix("unfinished-")
        .tempdir_in(parent)?;
    make(unfinished.path())?;
    std::fs::rename(unfinished.keep(), directory).context("move what was built into the cache")
}

fn build(group: Group, directory: &Path, stop: &Stop) -> Result<()> {
    group
        .packages()
        .iter()
        .try_for_each(|(package, name)| compile(group, package, &directory.join(name), stop))
}

fn compile(group: Group, package: &str, output: &Path, stop: &Stop) -> Result<()> {
    let mut command = Command::new("go");
    command
        .arg("build")
        .args(group.flags())
        .arg("-o")
        .arg(output)
        .arg(package);
    command
        .current_dir(group.source())
        .stdin(Stdio::null())
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "-buildvcs=false");
    let status = stop
        .run(&mut command)
        .context("run go: install Go 1.26 or newer")?;
    if !status.success() {
        bail!("{command:?} failed with {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
