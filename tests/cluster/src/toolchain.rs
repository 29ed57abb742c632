//! Builds the binaries from Go modules, once, into a cache outside the checkout.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};

const KUBERNETES: &str = "v1.36.3";
const CONTAINERD: &str = "github.com/containerd/containerd/v2";

/// Binaries that are built together, from one module of `tools/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// kube-apiserver, kube-controller-manager, kube-scheduler, kubectl, kubelet, kube-proxy.
    Kubernetes,
    /// etcd.
    Etcd,
    /// helm.
    Helm,
    /// crane, which pushes images to a registry.
    Crane,
    /// containerd, ctr and the shim.
    Containerd,
    /// CNI plugins.
    Cni,
    /// metrics-server.
    MetricsServer,
    /// CoreDNS.
    CoreDns,
    /// The agent that enforces network policies.
    NetworkPolicy,
    /// The server and client that the harness' own tests put into pods. No cluster needs it.
    Probe,
}

impl Group {
    /// Enough for a control plane and its users.
    pub const CONTROL_PLANE: [Self; 4] = [Self::Kubernetes, Self::Etcd, Self::Helm, Self::Crane];
    /// Everything that a cluster with a node needs.
    pub const ALL: [Self; 9] = [
        Self::Kubernetes,
        Self::Etcd,
        Self::Helm,
        Self::Crane,
        Self::Containerd,
        Self::Cni,
        Self::MetricsServer,
        Self::CoreDns,
        Self::NetworkPolicy,
    ];

    /// The module's directory under `tools/`, and its name in the cache.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "k8s",
            Self::Etcd => "etcd",
            Self::Helm => "helm",
            Self::Crane => "crane",
            Self::Containerd => "containerd",
            Self::Cni => "cni",
            Self::MetricsServer => "metrics-server",
            Self::CoreDns => "coredns",
            Self::NetworkPolicy => "netpol",
            Self::Probe => "probe",
        }
    }

    /// What to expect of a first build on two cores.
    const fn effort(self) -> &'static str {
        match self {
            Self::Kubernetes => "six to ten minutes",
            Self::Helm | Self::CoreDns => "one to three minutes",
            Self::Containerd | Self::MetricsServer => "about a minute",
            _ => "seconds",
        }
    }

    /// Packages and the names of their binaries; a binary is named by the last element unless told otherwise.
    fn packages(self) -> Vec<(String, &'static str)> {
        let under = |base: &str, names: &[&'static str]| -> Vec<(String, &'static str)> {
            names
                .iter()
                .map(|name| (format!("{base}/{name}"), name.rsplit('/').next().unwrap_or(name)))
                .collect()
        };
        match self {
            Self::Kubernetes => under(
                "k8s.io/kubernetes/cmd",
                &[
                    "kube-apiserver",
                    "kube-controller-manager",
                    "kube-scheduler",
                    "kubectl",
                    "kubelet",
                    "kube-proxy",
                ],
            ),
            Self::Etcd => vec![("go.etcd.io/etcd/server/v3".to_owned(), "etcd")],
            Self::Helm => under("helm.sh/helm/v4/cmd", &["helm"]),
            Self::Crane => under("github.com/google/go-containerregistry/cmd", &["crane"]),
            Self::Containerd => under(
                &format!("{CONTAINERD}/cmd"),
                &["containerd", "ctr", "containerd-shim-runc-v2"],
            ),
            Self::Cni => under(
                "github.com/containernetworking/plugins/plugins",
                &["main/bridge", "main/loopback", "ipam/host-local", "meta/portmap"],
            ),
            Self::MetricsServer => under("sigs.k8s.io/metrics-server/cmd", &["metrics-server"]),
            Self::CoreDns => under("github.com/coredns", &["coredns"]),
            Self::NetworkPolicy => vec![(".".to_owned(), "netpol")],
            Self::Probe => vec![(".".to_owned(), "probe")],
        }
    }

    fn flags(self) -> Vec<String> {
        let plain = "-s -w".to_owned();
        let linker = match self {
            Self::Kubernetes => {
                let at = "k8s.io/component-base/version";
                format!(
                    "{plain} -X {at}.gitVersion={KUBERNETES} -X {at}.gitMajor=1 -X {at}.gitMinor=36 -X {at}.gitTreeState=archive -X {at}.gitCommit=module -X {at}.buildDate=1970-01-01T00:00:00Z"
                )
            }
            Self::Containerd => format!("{plain} -X {CONTAINERD}/version.Version=v2.4.2"),
            _ => plain,
        };
        let tags = match self {
            Self::Kubernetes => "providerless",
            Self::Containerd => "no_btrfs,no_zfs,no_devmapper",
            _ => "",
        };
        vec![format!("-tags={tags}"), format!("-ldflags={linker}")]
    }

    fn source(self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tools")
            .join(self.name())
    }

    /// Binaries of this group that an installation for controller tests may bring.
    fn provided(self, assets: &Path) -> bool {
        let wanted: &[&str] = match self {
            Self::Etcd => &["etcd"],
            _ => return false,
        };
        wanted.iter().all(|name| assets.join(name).is_file())
    }
}

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
                fill(&directory, |unfinished| build(*group, unfinished))?;
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

fn build(group: Group, directory: &Path) -> Result<()> {
    group
        .packages()
        .iter()
        .try_for_each(|(package, name)| compile(group, package, &directory.join(name)))
}

fn compile(group: Group, package: &str, output: &Path) -> Result<()> {
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
    let status = command.status().context("run go: install Go 1.26 or newer")?;
    if !status.success() {
        bail!("{command:?} failed with {status}");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
