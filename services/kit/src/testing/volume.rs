//! A volume that is soon full.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::process::UNPRIVILEGED;

/// Mounts, says so, and waits until nobody needs the volume any more.
const MOUNT: &str = "mount -t tmpfs -o size=$0,uid=$1,gid=$1,mode=755 tmpfs /mnt && echo mounted && \
    exec setpriv --reuid $1 --regid $1 --clear-groups -- cat";

/// A file system in memory, of a size of the test's choice. It is mounted in a namespace of its own, which goes with
/// this value or with the test process. The throw-away servers may write to it. Needs root.
#[derive(Debug)]
pub struct SmallVolume {
    holder: Child,
    path: PathBuf,
}

impl SmallVolume {
    /// A volume of `size`, such as `1m`.
    pub fn new(size: &str) -> Result<Self> {
        let mut holder = Command::new("unshare")
            .args(["--mount", "sh", "-c", MOUNT, size, &UNPRIVILEGED.to_string()])
            // Its end tells the holder that the test process is gone.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("run unshare (Debian package util-linux)")?;
        let mut answer = String::new();
        let output = holder.stdout.take().context("the holder has an output")?;
        BufReader::new(output).read_line(&mut answer)?;
        if answer != "mounted\n" {
            let _ended = holder.wait();
            bail!("a volume could not be mounted; that needs root");
        }
        // The holder's mounts as others see them: proc_pid_root(5).
        let path = ["/proc", &holder.id().to_string(), "root", "mnt"]
            .iter()
            .collect();
        Ok(Self { holder, path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SmallVolume {
    fn drop(&mut self) {
        let _ended = self.holder.kill();
        let _ended = self.holder.wait();
    }
}
