//! A real node: containerd, kubelet, kube-proxy and their companions in namespaces of their own.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::assets::{self, filled};
use crate::control_plane::NODE;
use crate::images;
use crate::layout::Layout;
use crate::network::Network;
use crate::pki::{self, Authority, Subject};
use crate::process::{Process, Stop, run};
use crate::toolchain::Toolchain;

/// A node to be started.
pub struct Node<'a> {
    /// Its files.
    pub layout: &'a Layout,
    /// Its binaries.
    pub tools: &'a Toolchain,
    /// Its network.
    pub network: &'a Network,
    /// Address of the API server.
    pub server: String,
}

impl Node<'_> {
    /// Starts the node and waits until it is Ready. `network` must have been created.
    pub fn start(&self, stop: &Stop) -> Result<Process> {
        self.identities()?;
        self.configure()?;
        self.manifests()?;
        let mut init = self.launch()?;
        let wait = format!("--for=condition=Ready node/{NODE} --timeout=1s");
        let ready = || {
            self.kubectl(
                &[&["wait"], wait.split(' ').collect::<Vec<_>>().as_slice()].concat(),
                None,
            )
            .is_ok()
        };
        init.wait_until(self.layout, Duration::from_mins(2), stop, ready)?;
        Ok(init)
    }

    fn identities(&self) -> Result<()> {
        let directory = self.layout.pki();
        let authority = Authority::load(&directory, "ca")?;
        let user = format!("system:node:{NODE}");
        for (file, name, group) in [
            ("kubelet", user.as_str(), Some("system:nodes")),
            ("kube-proxy", "system:kube-proxy", None),
            ("metrics-server", "metrics-server", None),
            ("netpol", "netpol-agent", None),
        ] {
            let subject = Subject {
                name,
                group,
                ..Subject::default()
            };
            pki::kubeconfig(self.layout, &authority, &self.server, file, &subject)?;
        }
        let addresses = [self.network.node(), IpAddr::V4(Ipv4Addr::LOCALHOST)];
        let server = |name, dns| Subject {
            name,
            dns,
            addresses: &addresses,
            group: None,
        };
        authority
            .issue(&server(NODE, &[NODE]))?
            .write(&directory, "kubelet-server")?;
        let metrics = server("metrics-server", &["metrics-server.kube-system.svc"]);
        authority.issue(&metrics)?.write(&directory, "metrics-server")
    }

    fn configure(&self) -> Result<()> {
        let (root, conf) = (&self.layout.root, self.layout.conf());
        for directory in ["var-log", "sysctl", "kubelet", "cni", "containerd", "conf/cni.d"] {
            std::fs::create_dir_all(root.join(directory))?;
        }
        std::fs::write(conf.join("resolv.conf"), "")?;
        for (file, text) in [
            ("containerd.toml", assets::CONTAINERD),
            ("cni.d/10-local.conflist", assets::CNI),
            ("kubelet.yaml", assets::KUBELET),
            ("kube-proxy.yaml", assets::KUBE_PROXY),
            ("node-init.sh", assets::NODE_INIT),
        ] {
            std::fs::write(conf.join(file), self.filled(text)?)?;
        }
        Ok(())
    }

    fn filled(&self, text: &str) -> Result<String> {
        let show = |path: &Path| path.display().to_string();
        let bridge = self.tools.binary("bridge")?;
        Ok(filled(
            text,
            &[
                ("ROOT", &show(&self.layout.root)),
                ("CONF", &show(&self.layout.conf())),
                ("PKI", &show(&self.layout.pki())),
                ("LOG", &show(&self.layout.log())),
                ("SOCKET", &show(&self.layout.containerd())),
                (
                    "CNI",
                    &show(bridge.parent().context("the plugins lie in a directory")?),
                ),
                ("IMAGES", &show(&images::archives(self.tools)?)),
                ("RUNC", &show(&runc()?)),
                ("NODE", &self.network.node().to_string()),
                ("PATH", &self.tools.search_path()?.to_string_lossy()),
            ],
        ))
    }

    fn manifests(&self) -> Result<()> {
        let binding =
            "create clusterrolebinding kube-proxy --clusterrole=system:node-proxier --user=system:kube-proxy";
        self.kubectl(&binding.split(' ').collect::<Vec<_>>(), None)?;
        let authority = pki::base64(&std::fs::read_to_string(self.layout.pki().join("ca.crt"))?);
        let address = self.network.node().to_string();
        let metrics = filled(assets::METRICS_SERVER, &[("CA", &authority), ("NODE", &address)]);
        self.kubectl(&["apply", "-f"], Some(("metrics-server", &metrics)))?;
        self.kubectl(&["apply", "-f"], Some(("coredns", assets::COREDNS)))?;
        Ok(())
    }

    fn kubectl(&self, args: &[&str], manifest: Option<(&str, &str)>) -> Result<String> {
        let mut command = Command::new(self.tools.binary("kubectl")?);
        command
            .arg("--kubeconfig")
            .arg(self.layout.kubeconfig("admin"))
            .args(args);
        if let Some((name, text)) = manifest {
            let file = self.layout.conf().join(format!("{name}-manifest.yaml"));
            std::fs::write(&file, text)?;
            command.arg(file);
        }
        run(&mut command)
    }

    /// Joins our control groups, then unshares: the cgroup namespace is rooted where the unsharing process is.
    fn launch(&self) -> Result<Process> {
        let script = r#"n=$1; ns=$2; shift 2; for d in "$@"; do echo $$ > "$d/cgroup.procs"; done
exec ip netns exec "$ns" unshare --mount --propagation private --pid --fork --kill-child --mount-proc --uts --cgroup bash "$n""#;
        let init = self.layout.conf().join("node-init.sh").display().to_string();
        let fixed = ["bash", "-c", script, "node", &init, &self.network.namespace()].map(str::to_owned);
        let groups = self
            .network
            .cgroups
            .iter()
            .map(|group| group.display().to_string());
        Process::start(
            self.layout,
            "node-init",
            &fixed.into_iter().chain(groups).collect::<Vec<_>>(),
        )
    }
}

fn runc() -> Result<PathBuf> {
    let found = ["/usr/sbin/runc", "/usr/bin/runc", "/usr/local/sbin/runc"].map(PathBuf::from);
    found
        .into_iter()
        .find(|path| path.is_file())
        .context("runc is missing: apt-get install runc")
}
