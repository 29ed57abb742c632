//! The operators' processes: started again when they end, as a kubelet does. I/O.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::history::Violation;

/// The rule about processes.
pub(crate) const ENDS: &str = "an operator ends only when it lost its lease";
/// The rule about memory.
pub(crate) const MEMORY: &str = "memory stays bounded";
/// A process that ended is started again after this.
const RESTART: Duration = Duration::from_secs(1);
/// Longest that an operator is asked for its metrics.
const REQUEST: Duration = Duration::from_secs(1);
/// Where Debian's package `libfaketime` puts the library, for each architecture.
const FAKETIME: &str = "faketime/libfaketimeMT.so.1";

/// How operators are started.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The operator's binary.
    pub(crate) binary: PathBuf,
    /// Where logs go.
    pub(crate) logs: PathBuf,
    /// Arguments after `run`.
    pub(crate) arguments: Vec<String>,
    /// Most resident memory in MiB.
    pub(crate) memory_mib: f64,
}

/// A place for one operator: at most one process at a time, all with one identity.
pub(crate) struct Slot {
    /// Name in the Lease.
    pub(crate) identity: String,
    program: Program,
    kubeconfig: PathBuf,
    faketime: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    process: Option<Child>,
    ended: Option<Instant>,
    starts: usize,
    killed: bool,
    /// Not to be started again for now.
    down: bool,
    lost_leases: usize,
    peak_mib: f64,
    /// Where the process serves its metrics.
    admin: Option<SocketAddr>,
    /// Passes of the processes before this one, and of this one.
    passes: (u64, u64),
}

/// What became of the processes of a slot.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Life {
    /// Processes started.
    pub(crate) starts: usize,
    /// Of them ended because they had lost their lease.
    pub(crate) lost_leases: usize,
    /// Most resident memory seen, MiB.
    pub(crate) peak_mib: f64,
    /// Passes over services, as far as they were seen before a process was killed.
    pub(crate) passes: u64,
}

impl Slot {
    /// A place for an operator that reaches the API server by `kubeconfig`.
    ///
    /// # Errors
    /// When the wall clock of a process cannot be faked on this machine.
    pub(crate) fn new(identity: &str, program: Program, kubeconfig: &Path) -> Result<Self> {
        let slot = Self {
            identity: identity.to_owned(),
            kubeconfig: kubeconfig.to_owned(),
            faketime: faketime()?,
            program,
            state: Mutex::default(),
        };
        slot.set_clock(0)?;
        Ok(slot)
    }

    /// Starts the operator.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(&self) -> Result<()> {
        self.with(|state| self.start_process(state))
    }

    fn start_process(&self, state: &mut State) -> Result<()> {
        state.starts += 1;
        let log = self.log(state.starts);
        let output = std::fs::File::create(&log).with_context(|| format!("create {}", log.display()))?;
        let child = Command::new(&self.program.binary)
            .args(["run", "--log-format=text", "--admin-address"])
            .arg(state.admin.insert(free_address()?).to_string())
            .args(["--identity", &self.identity])
            .args(&self.program.arguments)
            .env("KUBECONFIG", &self.kubeconfig)
            // Only the wall clock jumps: a monotonic clock never does.
            .env("LD_PRELOAD", &self.faketime)
            .env("FAKETIME_TIMESTAMP_FILE", self.clock())
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("FAKETIME_DISABLE_SHM", "1")
            .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("start {}", self.program.binary.display()))?;
        state.process = Some(child);
        state.passes = (state.passes.0 + state.passes.1, 0);
        state.killed = false;
        state.ended = None;
        Ok(())
    }

    fn log(&self, start: usize) -> PathBuf {
        self.program.logs.join(format!("{}-{start}.log", self.identity))
    }

    fn clock(&self) -> PathBuf {
        self.program.logs.join(format!("{}.clock", self.identity))
    }

    /// Sets the operator's wall clock this many seconds off.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn set_clock(&self, seconds: i64) -> Result<()> {
        let unfinished = self.clock().with_extension("new");
        std::fs::write(&unfinished, format!("{seconds:+}s\n"))?;
        std::fs::rename(unfinished, self.clock()).context("set the clock")
    }

    /// Kills the operator, and keeps it down.
    pub(crate) fn kill(&self) {
        self.with(|state| {
            state.killed = true;
            state.down = true;
            if let Some(process) = &mut state.process {
                let _gone = process.kill();
            }
        });
    }

    /// Lets it be started again.
    pub(crate) fn allow(&self) {
        self.with(|state| state.down = false);
    }

    /// Stops the process with SIGSTOP; its id.
    pub(crate) fn pause(&self) -> Option<u32> {
        self.with(|state| {
            let id = state.process.as_ref()?.id();
            signal(id, Signal::STOP);
            Some(id)
        })
    }

    /// Lets a process that was stopped go on, if it still is the one of this slot.
    pub(crate) fn resume(&self, id: u32) {
        self.with(|state| {
            if state.process.as_ref().is_some_and(|process| process.id() == id) {
                signal(id, Signal::CONT);
            }
        });
    }

    /// Looks after the process: notes its memory, and starts it again some time after it ended.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn tend(&self) -> Result<Vec<Violation>> {
        self.with(|state| {
            let mut violations = Vec::new();
            if let Some(process) = &mut state.process {
                match process.try_wait()? {
                    Some(status) => {
                        state.process = None;
                        state.ended = Some(Instant::now());
                        violations.extend(self.judge_end(state, status));
                    }
                    None => violations.extend(self.judge_memory(state)),
                }
            }
            let due = state.ended.is_none_or(|ended| ended.elapsed() > RESTART);
            if state.process.is_none() && !state.down && due {
                self.start_process(state)?;
            }
            Ok(violations)
        })
    }

    fn judge_end(&self, state: &mut State, status: ExitStatus) -> Option<Violation> {
        let log = std::fs::read_to_string(self.log(state.starts)).unwrap_or_default();
        let lost = status.code() == Some(1) && log.contains("leadership lost");
        state.lost_leases += usize::from(lost);
        let expected = lost || state.killed && status.signal() == Some(Signal::KILL.as_raw());
        (!expected).then(|| {
            let end: Vec<_> = log.lines().rev().take(5).collect();
            Violation::of(ENDS, format!("{} ended with {status}: {end:?}", self.identity))
        })
    }

    fn judge_memory(&self, state: &mut State) -> Option<Violation> {
        let id = state.process.as_ref()?.id();
        let mib = resident_mib(id)?;
        let most = self.program.memory_mib;
        let grew = mib > most && state.peak_mib <= most;
        state.peak_mib = state.peak_mib.max(mib);
        grew.then(|| {
            Violation::of(
                MEMORY,
                format!("{} uses {mib:.0} MiB of {most:.0}", self.identity),
            )
        })
    }

    /// Asks the process how many passes it has made. One that does not answer is asked again later.
    pub(crate) async fn count_passes(&self) {
        let Some(admin) = self.with(|state| state.admin) else {
            return;
        };
        let asking = async {
            let answer = reqwest::get(format!("http://{admin}/metrics")).await?;
            answer.text().await
        };
        if let Ok(Ok(text)) = tokio::time::timeout(REQUEST, asking).await {
            let passes = passes(&text);
            self.with(|state| {
                if state.admin == Some(admin) {
                    state.passes.1 = passes;
                }
            });
        }
    }

    /// What became of it so far.
    pub(crate) fn life(&self) -> Life {
        self.with(|state| Life {
            starts: state.starts,
            lost_leases: state.lost_leases,
            peak_mib: state.peak_mib,
            passes: state.passes.0 + state.passes.1,
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.with(|state| {
            if let Some(mut process) = state.process.take() {
                let _gone = process.kill();
                let _gone = process.wait();
            }
        });
    }
}

/// Sends a signal to a process of ours; one that is gone needs none.
pub(crate) fn signal(id: u32, signal: Signal) {
    let id = i32::try_from(id).ok().and_then(Pid::from_raw);
    let _gone = id.map(|id| kill_process(id, signal));
}

/// Sum of the counters of passes, of whatever result.
fn passes(metrics: &str) -> u64 {
    let counters = metrics
        .lines()
        .filter(|line| line.starts_with("controller_runtime_reconcile_total"));
    counters
        .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
        .sum()
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn resident_mib(id: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}

/// The library that fakes the wall clock.
fn faketime() -> Result<PathBuf> {
    let places = std::fs::read_dir("/usr/lib")?.filter_map(Result::ok);
    let found = places
        .map(|place| place.path().join(FAKETIME))
        .find(|library| library.is_file());
    let Some(found) = found else {
        bail!("no {FAKETIME} below /usr/lib: apt-get install faketime, for the clocks to jump");
    };
    Ok(found)
}

#[cfg(test)]
mod tests;
