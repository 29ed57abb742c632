//! The network namespace of a cluster with a node, joined to the host by a veth pair.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::process::{exists, run};

/// Where clusters are registered, so that what a killed one left can be removed.
const REGISTRY: &str = "/run/local-cluster";
/// Clusters with a node at a time.
const MOST: u8 = 64;

/// A network namespace of our own.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Network {
    /// Number among the clusters of this machine.
    pub index: u8,
    /// The supervisor that owns it.
    pub owner: u32,
    /// Control groups made for it.
    pub cgroups: Vec<PathBuf>,
}

impl Network {
    /// Takes a free number and makes the namespace. Leftovers of clusters whose supervisor is gone go first.
    pub fn create() -> Result<Self> {
        std::fs::create_dir_all(REGISTRY)?;
        reap()?;
        for index in 0..MOST {
            let network = Self {
                index,
                owner: std::process::id(),
                cgroups: Vec::new(),
            };
            if run(Command::new("ip").args(["netns", "add", &network.namespace()])).is_ok() {
                network.register()?;
                network.connect()?;
                return Ok(network);
            }
        }
        bail!("{MOST} clusters run already: stop one with `make down`")
    }

    /// Name of the network namespace.
    pub fn namespace(&self) -> String {
        format!("lc{}", self.index)
    }

    /// The node's address.
    pub fn node(&self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 99, self.index, 2))
    }

    fn host(&self) -> String {
        format!("10.99.{}.1", self.index)
    }

    fn link(&self) -> String {
        format!("lc{}h", self.index)
    }

    fn record(&self) -> PathBuf {
        Path::new(REGISTRY).join(format!("{}.json", self.namespace()))
    }

    /// Writes down what there is to remove.
    pub fn register(&self) -> Result<()> {
        std::fs::write(self.record(), serde_json::to_vec(self)?).context("register the cluster")
    }

    /// The host forwards nothing: the default route only lets the kubelet and Services resolve.
    fn connect(&self) -> Result<()> {
        let (namespace, link, host) = (self.namespace(), self.link(), self.host());
        let node = self.node();
        for command in [
            format!("link add {link} type veth peer name eth0 netns {namespace}"),
            format!("addr add {host}/30 dev {link}"),
            format!("link set {link} up"),
            format!("-n {namespace} addr add {node}/30 dev eth0"),
            format!("-n {namespace} link set eth0 up"),
            format!("-n {namespace} link set lo up"),
            format!("-n {namespace} route add default via {host}"),
        ] {
            run(Command::new("ip").args(command.split(' ')))?;
        }
        Ok(())
    }

    /// Removes the namespace, the link and the control groups.
    pub fn remove(&self) {
        for group in self.cgroups.iter().rev() {
            remove_cgroup(group);
        }
        let _gone = run(Command::new("ip").args(["link", "del", &self.link()]));
        let _gone = run(Command::new("ip").args(["netns", "del", &self.namespace()]));
        let _gone = std::fs::remove_file(self.record());
    }
}

/// Removes what clusters left whose supervisor was killed.
pub fn reap() -> Result<()> {
    let Ok(records) = std::fs::read_dir(REGISTRY) else {
        return Ok(());
    };
    for record in records {
        let text = std::fs::read(record?.path()).unwrap_or_default();
        let Ok(network) = serde_json::from_slice::<Network>(&text) else {
            continue;
        };
        if !exists(network.owner) {
            network.remove();
        }
    }
    Ok(())
}

/// A control group goes when its last process has gone, which takes a moment after the kill.
fn remove_cgroup(group: &Path) {
    for _ in 0..50 {
        if !group.exists() || remove_tree(group).is_ok() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

fn remove_tree(group: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(group)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path())?;
        }
    }
    std::fs::remove_dir(group)
}
