//! Readiness of a volume: a service that cannot write must say so before its writes fail.

use std::path::{Path, PathBuf};

use rustix::fs::{StatVfs, StatVfsMountFlags, statvfs};

use super::{Check, Status};

/// A volume that a service writes to.
#[derive(Clone, Debug, PartialEq)]
pub struct DiskSpace {
    /// Any path on it.
    pub path: PathBuf,
    /// Below this share of free space or free inodes the check is degraded: there is time to act.
    pub degraded_below: f64,
    /// Below this share it is not ready.
    pub not_ready_below: f64,
}

impl DiskSpace {
    /// The volume of `path`: degraded below a tenth, not ready below a fiftieth.
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            degraded_below: 0.1,
            not_ready_below: 0.02,
        }
    }

    /// The readiness check `disk_space`.
    pub fn check(self) -> Check {
        Check::new("disk_space", move || {
            let volume = self.clone();
            async move {
                // A network volume may keep us waiting.
                let asked = tokio::task::spawn_blocking(move || volume.status()).await;
                asked.unwrap_or_else(|_| Status::NotReady("the volume could not be asked".to_owned()))
            }
        })
    }

    fn status(&self) -> Status {
        match statvfs(&self.path) {
            Ok(volume) => self.judge(&Usage::from(&volume)),
            Err(error) => Status::NotReady(format!(
                "{} cannot be asked for its free space: {error}; is the volume mounted?",
                shown(&self.path)
            )),
        }
    }

    fn judge(&self, usage: &Usage) -> Status {
        let path = shown(&self.path);
        if usage.read_only {
            return Status::NotReady(format!("{path} is read-only; mount it writable"));
        }
        let (what, free) = usage.scarcest();
        let says = || {
            format!(
                "{:.1} % of the {what} of {path} are free; delete files or enlarge the volume",
                free * 100.0
            )
        };
        if free < self.not_ready_below {
            Status::NotReady(says())
        } else if free < self.degraded_below {
            Status::Degraded(says())
        } else {
            Status::Ready
        }
    }
}

/// What is known of a volume.
#[derive(Clone, Copy, Debug)]
struct Usage {
    read_only: bool,
    /// Free for us and in all, in the volume's units.
    space: (u64, u64),
    /// The same of inodes; nothing in all where the file system has no fixed number of them.
    inodes: (u64, u64),
}

impl From<&StatVfs> for Usage {
    fn from(volume: &StatVfs) -> Self {
        Self {
            read_only: volume.f_flag.contains(StatVfsMountFlags::RDONLY),
            space: (volume.f_bavail, volume.f_blocks),
            inodes: (volume.f_favail, volume.f_files),
        }
    }
}

impl Usage {
    fn scarcest(&self) -> (&'static str, f64) {
        let (space, inodes) = (share(self.space), share(self.inodes));
        if inodes < space {
            ("inodes", inodes)
        } else {
            ("space", space)
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share to a few digits")]
fn share((free, total): (u64, u64)) -> f64 {
    if total == 0 {
        1.0
    } else {
        free as f64 / total as f64
    }
}

/// The path is the service's own setting; it holds nothing of a caller's.
fn shown(path: &Path) -> std::path::Display<'_> {
    path.display()
}

#[cfg(test)]
mod tests;
