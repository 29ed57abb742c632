//! The network namespace of a cluster with a node, joined to the host by a veth pair.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::cgroups;
use crate::process::run;

/// Clusters with a node at a time.
const MOST: u8 = 64;

/// A network namespace of our own. Pods and Services have the same addresses in every cluster; only the node's,
/// which the host reaches, differ.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Network {
    /// Number among the clusters of this machine.
    pub index: u8,
    /// Control groups of the node.
    pub cgroups: Vec<PathBuf>,
}

impl Network {
    /// Chooses a free number. Makes nothing, so that what will be made can be written down before.
    ///
    /// # Errors
    /// When there is no number left, or this machine has no control groups of version 1.
    pub fn plan() -> Result<Self> {
        let Some(index) = (0..MOST).find(|index| !Self::exists(*index)) else {
            bail!("{MOST} clusters run already: stop one with `make down`");
        };
        let mut network = Self {
            index,
            cgroups: Vec::new(),
        };
        network.cgroups = cgroups::paths(&network.namespace())?;
        Ok(network)
    }

    /// Makes what was planned.
    pub fn create(&self) -> Result<()> {
        run(Command::new("ip").args(["netns", "add", &self.namespace()]))?;
        self.connect()?;
        cgroups::create(&self.cgroups)
    }

    fn exists(index: u8) -> bool {
        let network = Self {
            index,
            cgroups: Vec::new(),
        };
        Path::new("/run/netns").join(network.namespace()).exists()
            || Path::new("/sys/class/net").join(network.link()).exists()
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

    /// Name of the host's end of the veth pair.
    pub fn link(&self) -> String {
        format!("lc{}h", self.index)
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

    /// Removes the control groups, the link and the namespace. The processes in them must have ended.
    pub fn remove(&self) {
        cgroups::remove(&self.cgroups);
        let _gone = run(Command::new("ip").args(["link", "del", &self.link()]));
        let _gone = run(Command::new("ip").args(["netns", "del", &self.namespace()]));
    }
}
