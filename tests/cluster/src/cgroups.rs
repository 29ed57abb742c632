//! Control groups (version 1) of a node: one in each hierarchy, below this process' own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

/// The hierarchies that containers are put into.
const HIERARCHIES: [&str; 9] = [
    "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd",
];

/// Where the groups of this name go. Makes none.
///
/// # Errors
/// When this machine has no version 1 hierarchies.
pub fn paths(name: &str) -> Result<Vec<PathBuf>> {
    let own = std::fs::read_to_string("/proc/self/cgroup").context("read this process' control groups")?;
    let path = |hierarchy: &&str| Ok(parent(hierarchy, &own)?.join(name));
    HIERARCHIES.iter().map(path).collect()
}

/// The group of this process in one hierarchy, from the text of `/proc/self/cgroup` (cgroups(7)).
fn parent(hierarchy: &str, own: &str) -> Result<PathBuf> {
    let controller = if hierarchy == "systemd" {
        "name=systemd"
    } else {
        hierarchy
    };
    let path = own.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        controllers.split(',').any(|c| c == controller).then_some(path)
    });
    let path = path.with_context(|| {
        format!(
            "there is no cgroup v1 hierarchy {hierarchy}: the local node needs them; \
             use a cluster of your own through KUBECONFIG"
        )
    })?;
    Ok(Path::new("/sys/fs/cgroup")
        .join(hierarchy)
        .join(path.trim_start_matches('/')))
}

/// Makes the groups. A task can join a cpuset only when it names processors and memory.
pub fn create(groups: &[PathBuf]) -> Result<()> {
    for group in groups {
        std::fs::create_dir_all(group)
            .with_context(|| format!("make the control group {}", group.display()))?;
        let parent = group.parent().context("a control group has a parent")?;
        for file in ["cpuset.cpus", "cpuset.mems"] {
            if group.join(file).exists() {
                std::fs::write(group.join(file), std::fs::read(parent.join(file))?)?;
            }
        }
    }
    Ok(())
}

/// Removes the groups. One goes when its last process has gone, which takes a moment after the kill.
pub fn remove(groups: &[PathBuf]) {
    for group in groups.iter().rev() {
        for _ in 0..50 {
            if !group.exists() || remove_tree(group).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
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

#[cfg(test)]
mod tests;
