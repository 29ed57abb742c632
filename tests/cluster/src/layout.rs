//! Where a cluster keeps its files, and what it tells those who use it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// The files of one cluster, below one directory.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The directory.
    pub root: PathBuf,
}

impl Layout {
    /// A layout below `root`.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// Keys and certificates.
    pub fn pki(&self) -> PathBuf {
        self.root.join("pki")
    }

    /// Configuration files and kubeconfigs.
    pub fn conf(&self) -> PathBuf {
        self.root.join("conf")
    }

    /// One log file a process.
    pub fn log(&self) -> PathBuf {
        self.root.join("log")
    }

    /// Process ids, a file each.
    pub fn pid(&self) -> PathBuf {
        self.root.join("pid")
    }

    /// The kubeconfig of a user of the cluster.
    pub fn kubeconfig(&self, user: &str) -> PathBuf {
        self.conf().join(format!("{user}.kubeconfig"))
    }

    /// The audit log.
    pub fn audit_log(&self) -> PathBuf {
        self.log().join("audit.jsonl")
    }

    /// Containerd's socket.
    pub fn containerd(&self) -> PathBuf {
        self.root.join("containerd.sock")
    }

    /// Makes the directories, only for this user: keys lie in them.
    ///
    /// # Errors
    /// Also when the path is too long for the socket in it (`sun_path` of unix(7) has 108 bytes with the final zero).
    pub fn create(&self) -> Result<()> {
        let (socket, longest) = (self.containerd(), 107);
        if socket.as_os_str().len() > longest {
            bail!(
                "{} is longer than the {longest} bytes of a socket's path: choose a shorter directory",
                socket.display()
            );
        }
        std::fs::create_dir_all(&self.root).with_context(|| format!("create {}", self.root.display()))?;
        std::fs::set_permissions(&self.root, Permissions::from_mode(0o700))?;
        for directory in [self.pki(), self.conf(), self.log(), self.pid()] {
            std::fs::create_dir_all(&directory).with_context(|| format!("create {}", directory.display()))?;
        }
        Ok(())
    }

    fn ready(&self) -> PathBuf {
        self.root.join("ready.json")
    }

    /// Says that the cluster takes work.
    pub fn announce(&self, ready: &Ready) -> Result<()> {
        let unfinished = self.root.join("ready.json.new");
        std::fs::write(&unfinished, serde_json::to_vec_pretty(ready)?)?;
        std::fs::rename(unfinished, self.ready()).context("announce the cluster")
    }

    /// What was announced, if it was.
    pub fn announced(&self) -> Option<Ready> {
        serde_json::from_slice(&std::fs::read(self.ready()).ok()?).ok()
    }

    /// Takes the announcement back.
    pub fn withdraw(&self) {
        let _absent = std::fs::remove_file(self.ready());
    }
}

/// What users of a running cluster need to know.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Ready {
    /// The supervisor's process.
    pub supervisor: u32,
    /// Kubeconfig of an administrator.
    pub kubeconfig: PathBuf,
    /// Directories with the binaries.
    pub path: Vec<PathBuf>,
    /// The network namespace, when there is a node.
    pub network_namespace: Option<String>,
}

#[cfg(test)]
mod tests;
