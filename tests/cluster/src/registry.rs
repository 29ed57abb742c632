//! The clusters of this machine, written down so that what a killed one left behind can be removed.
//!
//! Each supervisor holds a lock on its record for as long as it lives. A record that can be locked belongs to a
//! supervisor that is gone, in whatever way: process ids, which are used again, play no part.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::network::Network;
use crate::ports::Ports;
use crate::toolchain::cache;

/// Logs and kubeconfigs stay for whoever looks into a failure; data and keys go.
const PRIVATE: [&str; 10] = [
    "etcd",
    "pki",
    "containerd",
    "containerd.sock",
    "containerd.sock.ttrpc",
    "kubelet",
    "cni",
    "sysctl",
    "var-log",
    "pid",
];

/// What there is to remove when a cluster ends.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Record {
    /// The cluster's files.
    pub root: PathBuf,
    /// Whether they all go. Otherwise keys and data go, and the logs stay.
    pub temporary: bool,
    /// Ports of the control plane.
    pub ports: Ports,
    /// The network of a cluster with a node.
    pub network: Option<Network>,
}

/// The record of a running cluster, locked.
#[derive(Debug)]
pub struct Registration {
    record: Record,
    path: PathBuf,
    file: File,
}

impl Registration {
    /// Registers a cluster and makes its network when it is to have a node: what is made is written down before.
    /// What killed clusters left is removed first.
    ///
    /// # Errors
    /// When another cluster runs in this directory, or the network cannot be made.
    pub fn create(root: &Path, temporary: bool, node: bool) -> Result<Self> {
        let _one_at_a_time = hold()?;
        let others = remove_leftovers()?;
        if others.iter().any(|other| other.root == root) {
            bail!("a cluster runs in {} already", root.display());
        }
        let taken: Vec<_> = others.iter().map(|other| other.ports).collect();
        let (network, ports) = if node {
            (Some(Network::plan()?), Ports::USUAL)
        } else {
            (None, Ports::free(&taken)?)
        };
        let path = directory()?.join(format!("{}.record", std::process::id()));
        let file = File::create(&path).with_context(|| format!("write {}", path.display()))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).context("lock the cluster's record")?;
        let record = Record {
            root: root.to_owned(),
            temporary,
            ports,
            network,
        };
        let registration = Self { record, path, file };
        registration.write()?;
        if let Some(network) = registration.network() {
            network.create()?;
        }
        Ok(registration)
    }

    /// The cluster's network, if it has one.
    pub fn network(&self) -> Option<&Network> {
        self.record.network.as_ref()
    }

    /// The ports of the control plane.
    pub fn ports(&self) -> Ports {
        self.record.ports
    }

    /// In place and at once: a file renamed over this one would not be locked.
    fn write(&self) -> Result<()> {
        let text = serde_json::to_vec(&self.record)?;
        self.file.write_all_at(&text, 0).context("register the cluster")
    }
}

impl Drop for Registration {
    /// Removes everything that was written down. The processes must have ended.
    fn drop(&mut self) {
        self.record.remove();
        let _gone = std::fs::remove_file(&self.path);
    }
}

impl Record {
    fn remove(&self) {
        if let Some(network) = &self.network {
            network.remove();
        }
        if self.temporary {
            remove_directory(&self.root);
            return;
        }
        for name in PRIVATE {
            let path = self.root.join(name);
            if path.is_dir() {
                remove_directory(&path);
            } else {
                let _absent = std::fs::remove_file(path);
            }
        }
    }
}

/// Processes that have just been killed may still be writing.
fn remove_directory(directory: &Path) {
    for _ in 0..20 {
        if !directory.exists() || std::fs::remove_dir_all(directory).is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Removes what clusters left whose supervisor was killed.
pub fn reap() -> Result<()> {
    let _one_at_a_time = hold()?;
    remove_leftovers().map(|_running| ())
}

/// What is written down of the clusters that run.
pub fn running() -> Result<Vec<Record>> {
    let _one_at_a_time = hold()?;
    let held = records()?.into_iter().filter(|path| is_held(path));
    Ok(held.filter_map(|path| read(&path)).collect())
}

/// Gives the records of those that run.
fn remove_leftovers() -> Result<Vec<Record>> {
    let (held, left): (Vec<_>, Vec<_>) = records()?.into_iter().partition(|path| is_held(path));
    for path in left {
        if let Some(record) = read(&path) {
            record.remove();
        }
        let _gone = std::fs::remove_file(path);
    }
    Ok(held.iter().filter_map(|path| read(path)).collect())
}

fn records() -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory()?)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "record") {
            paths.push(path);
        }
    }
    Ok(paths)
}

/// Whether the supervisor lives. A record that cannot be opened has just been removed by its owner.
fn is_held(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_err())
}

fn read(path: &Path) -> Option<Record> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// Where the records lie: gone after a reboot, as the namespaces are. Without root there are no namespaces.
fn directory() -> Result<PathBuf> {
    let directory = if rustix::process::geteuid().is_root() {
        PathBuf::from("/run/local-cluster")
    } else {
        cache()?.join("running")
    };
    std::fs::create_dir_all(&directory).with_context(|| format!("create {}", directory.display()))?;
    Ok(directory)
}

/// While the value lives, no cluster is registered and nothing is removed of those whose supervisor was killed. A
/// running supervisor ends undisturbed.
pub fn hold() -> Result<File> {
    let lock = File::create(directory()?.join("lock"))?;
    flock(&lock, FlockOperation::LockExclusive).context("wait for another cluster's start")?;
    Ok(lock)
}
