//! What is built from which module, and how.

use std::path::{Path, PathBuf};

const KUBERNETES: &str = "v1.36.3";
const CONTAINERD: &str = "github.com/containerd/containerd/v2";

/// Binaries that are built together, from one Go module.
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
    /// The OpenTelemetry Collector that tests of telemetry send to. No cluster needs it.
    Collector,
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

    /// The module's directory, and its name in the cache.
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
            Self::Collector => "collector",
        }
    }

    /// What to expect of a first build on two cores.
    pub(super) const fn effort(self) -> &'static str {
        match self {
            Self::Kubernetes => "six to ten minutes",
            Self::Helm | Self::CoreDns | Self::Collector => "one to three minutes",
            Self::Containerd | Self::MetricsServer => "about a minute",
            _ => "seconds",
        }
    }

    /// Packages and the names of their binaries; a binary is named by the last element unless told otherwise.
    pub(super) fn packages(self) -> Vec<(String, &'static str)> {
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
            Self::Collector => vec![(".".to_owned(), "collector")],
        }
    }

    pub(super) fn flags(self) -> Vec<String> {
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

    pub(super) fn source(self) -> PathBuf {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        match self {
            Self::Collector => package.join("../collector"),
            _ => package.join("tools").join(self.name()),
        }
    }

    /// Binaries of this group that an installation for controller tests may bring.
    pub(super) fn provided(self, assets: &Path) -> bool {
        let wanted: &[&str] = match self {
            Self::Etcd => &["etcd"],
            _ => return false,
        };
        wanted.iter().all(|name| assets.join(name).is_file())
    }
}
