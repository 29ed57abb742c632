//! Waiting, and what a cluster leaves on the machine.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use local_cluster::registry::{self, Record};

/// Tries until it works.
pub(super) fn eventually<T>(what: &str, mut attempt: impl FnMut() -> anyhow::Result<T>) -> T {
    let deadline = Instant::now() + Duration::from_mins(3);
    loop {
        match attempt() {
            Ok(value) => return value,
            Err(error) => assert!(Instant::now() < deadline, "{what}: {error:#}"),
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Where a running cluster can be seen from outside.
pub(super) struct Traces(Record);

impl Traces {
    /// Those of the cluster in this directory.
    pub(super) fn of(root: &Path) -> Self {
        let record = registry::running().unwrap().into_iter().find(|r| r.root == root);
        Self(record.expect("a running cluster is registered"))
    }

    /// What is there of them.
    pub(super) fn found(&self) -> Vec<String> {
        let network = self.network();
        // A number is given to another cluster only when nothing of this one is left.
        let network = if self.number_is_another_clusters() {
            Vec::new()
        } else {
            network
        };
        self.rest().into_iter().chain(network).collect()
    }

    /// Processes, mounts and files.
    fn rest(&self) -> Vec<String> {
        let mut found = processes(&self.0.root);
        found.extend(mounts(&self.0.root));
        found.extend(self.files().iter().map(|path| path.display().to_string()));
        found
    }

    /// Of a directory that somebody chose, logs may stay.
    fn files(&self) -> Vec<PathBuf> {
        let root = &self.0.root;
        let files = if self.0.temporary {
            vec![root.clone()]
        } else {
            ["pki", "etcd", "containerd", "kubelet", "stdin", "ready.json"]
                .map(|name| root.join(name))
                .to_vec()
        };
        files.into_iter().filter(|path| path.exists()).collect()
    }

    /// The network namespace, the link and the control groups.
    fn network(&self) -> Vec<String> {
        let Some(network) = &self.0.network else {
            return Vec::new();
        };
        let namespace = Path::new("/run/netns").join(network.namespace());
        let link = Path::new("/sys/class/net").join(network.link());
        let all = [namespace, link].into_iter().chain(network.cgroups.clone());
        let existing = all.filter(|path| path.exists());
        existing.map(|path| path.display().to_string()).collect()
    }

    fn number_is_another_clusters(&self) -> bool {
        let number = |record: &Record| record.network.as_ref().map(|network| network.index);
        let others = registry::running().unwrap();
        let same = |other: &Record| other.root != self.0.root && number(other) == number(&self.0);
        number(&self.0).is_some() && others.iter().any(same)
    }

    /// Does something that ends the cluster and waits until its supervisor has removed everything: starts of other
    /// clusters, which would remove what it leaves, wait meanwhile.
    pub(super) fn wait_until_gone_after(&self, end: impl FnOnce()) {
        let _no_help = registry::hold().unwrap();
        end();
        eventually("the supervisor removes everything", || {
            let found: Vec<_> = self.rest().into_iter().chain(self.network()).collect();
            anyhow::ensure!(found.is_empty(), "still there: {found:#?}");
            Ok(())
        });
    }

    /// Waits until nothing is left.
    pub(super) fn wait_until_gone(&self) {
        eventually("everything is removed", || {
            let found = self.found();
            anyhow::ensure!(found.is_empty(), "still there: {found:#?}");
            Ok(())
        });
    }
}

/// Every process of a cluster, and its supervisor, has the directory among its arguments.
fn processes(root: &Path) -> Vec<String> {
    let root = root.display().to_string();
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = all.filter_map(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).replace('\0', " "))
    });
    lines.filter(|line| line.contains(&root)).collect()
}

fn mounts(root: &Path) -> Vec<String> {
    let root = root.display().to_string();
    let all = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    all.lines()
        .filter(|line| line.contains(&root))
        .map(str::to_owned)
        .collect()
}
