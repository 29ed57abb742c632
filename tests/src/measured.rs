//! A process, and what the kernel says of its cost.

use std::process::{Child, Command};

use anyhow::{Context, Result};

/// User and system time of a process so far: fields 14 and 15 of `proc_pid_stat(5)`, in hundredths of a second.
///
/// # Errors
/// When there is no such process.
pub fn cpu_seconds(pid: u32) -> Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, after_name) = text.rsplit_once(')').context("the name stands in parentheses")?;
    let times = after_name.split_whitespace().skip(11).take(2);
    let ticks: f64 = times.filter_map(|n| n.parse::<f64>().ok()).sum();
    Ok(ticks / 100.0)
}

/// A process under measurement, killed when dropped.
#[derive(Debug)]
pub struct Measured(Child);

impl Measured {
    /// Starts it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: &mut Command) -> Result<Self> {
        let child = command.spawn();
        Ok(Self(child.with_context(|| format!("start {command:?}"))?))
    }

    /// Processor time so far.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn cpu_seconds(&self) -> Result<f64> {
        cpu_seconds(self.0.id())
    }

    /// A line of `proc_pid_status(5)`, such as `VmRSS`, in MiB.
    ///
    /// # Errors
    /// When the process is gone, or has no such line.
    pub fn memory(&self, field: &str) -> Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .context("the kernel tells it")?;
        let kib: f64 = line.split_whitespace().nth(1).context("a number")?.parse()?;
        Ok(kib / 1024.0)
    }

    /// Lets the process count its greatest memory from now on (`clear_refs` of `proc(5)`).
    ///
    /// # Errors
    /// When the process is gone.
    pub fn forget_peak(&self) -> Result<()> {
        std::fs::write(format!("/proc/{}/clear_refs", self.0.id()), "5").context("forget the greatest memory")
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}
