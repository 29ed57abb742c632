//! The operator under measurement.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// The operator as a process, killed when dropped.
pub(crate) struct Operator(Child);

impl Operator {
    pub(crate) fn start(binary: &Path, kubeconfig: &Path, concurrency: usize) -> Result<Self> {
        let log = std::fs::File::create(kubeconfig.with_file_name("bench-operator.log"))?;
        let concurrency = concurrency.to_string();
        let child = Command::new(binary)
            .args([
                "run",
                "--leader-elect",
                "false",
                "--admin-address",
                "127.0.0.1:0",
                "--concurrency",
                &concurrency,
            ])
            .env("KUBECONFIG", kubeconfig)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        Ok(Self(child))
    }

    /// User and system time so far: fields 14 and 15 of proc_pid_stat(5), in hundredths of a second.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        let (_, after_name) = text.rsplit_once(')').context("the name stands in parentheses")?;
        let ticks: f64 = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|n| n.parse::<f64>().ok())
            .sum();
        Ok(ticks / 100.0)
    }

    /// A line of proc_pid_status(5), in MiB.
    pub(crate) fn memory(&self, field: &str) -> Result<f64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(field))
            .context("the kernel tells it")?;
        let kib: f64 = line.split_whitespace().nth(1).context("a number")?.parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}
