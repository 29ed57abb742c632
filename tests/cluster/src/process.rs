//! Processes that end with the supervisor.

use std::fs::File;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::layout::Layout;

/// A running process with its log and pid files.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
}

impl Process {
    /// Starts `command` with output in a log of its own, after what is there of an earlier run. The kernel kills it when this thread ends
    /// (`PR_SET_PDEATHSIG`), so it must be called from the supervisor's main thread.
    pub fn start(layout: &Layout, name: &str, command: &[String]) -> Result<Self> {
        let log = layout.log().join(format!("{name}.log"));
        let log = File::options().create(true).append(true).open(log)?;
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .args(command)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("start {name}"))?;
        std::fs::write(layout.pid().join(name), child.id().to_string())?;
        Ok(Self {
            name: name.to_owned(),
            child,
        })
    }

    /// Waits until `ready`, failing early with the end of the log if the process ends, and when nobody wants the
    /// cluster any more.
    pub fn wait_until(
        &mut self,
        layout: &Layout,
        limit: Duration,
        stop: &Stop,
        ready: impl Fn() -> bool,
    ) -> Result<()> {
        let deadline = Instant::now() + limit;
        while !ready() {
            stop.check()?;
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended with {status}:\n{}", self.name, tail(layout, &self.name));
            }
            if Instant::now() > deadline {
                bail!(
                    "{} was not ready after {limit:?}:\n{}",
                    self.name,
                    tail(layout, &self.name)
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks it to end, then makes it.
    pub fn stop(&mut self, patience: Duration) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let _gone = pid.map(|pid| kill_process(pid, Signal::TERM));
        let deadline = Instant::now() + patience;
        while self.is_running() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

impl Drop for Process {
    /// One that was not stopped in good order, as when a start fails, is killed: what it uses is removed next.
    fn drop(&mut self) {
        let _ended_before = self.child.kill();
        let _ended_before = self.child.wait();
    }
}

/// The request to end, shared between the supervisor and the thread that listens for it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks for the end.
    pub fn request(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// # Errors
    /// When the end was asked for.
    pub fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Acquire) {
            bail!("the cluster was told to end while it was starting");
        }
        Ok(())
    }

    /// Runs a command to its end, or kills it when the end is asked for.
    pub fn run(&self, command: &mut Command) -> Result<ExitStatus> {
        let mut child = command.spawn().context("start it")?;
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            if let Err(stopped) = self.check() {
                child.kill()?;
                child.wait()?;
                return Err(stopped);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The last lines of a process' log.
pub fn tail(layout: &Layout, name: &str) -> String {
    let text = std::fs::read_to_string(layout.log().join(format!("{name}.log"))).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines
        .iter()
        .skip(lines.len().saturating_sub(15))
        .copied()
        .collect::<Vec<_>>()
        .join("\n")
}

/// Runs a command to its end and gives its output.
///
/// # Errors
/// When it fails, with what it wrote to standard error.
pub fn run(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("run {command:?}"))?;
    if !output.status.success() {
        bail!(
            "{command:?} failed with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests;
