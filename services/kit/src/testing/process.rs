//! A server process that does not outlive the test process.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use uuid::Uuid;

/// `nobody`: what the servers run as when the tests run as root. PostgreSQL refuses root.
pub(super) const UNPRIVILEGED: u32 = 65534;

/// Longest a server may take until it answers.
const START_LIMIT: Duration = Duration::from_mins(1);

/// A server under a supervising shell, which ends it when this process ends, however it ends.
#[derive(Debug)]
pub(super) struct Process {
    directory: PathBuf,
    supervisor: Mutex<Supervisor>,
}

/// How a server is told to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndSignals {
    /// By [`Process::stop`]: in good order.
    pub(super) gentle: &'static str,
    /// When nobody needs it any more: at once.
    pub(super) quick: &'static str,
}

#[derive(Debug)]
struct Supervisor {
    shell: Child,
    commands: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// A server of `command` (program and arguments) in `directory`, which is removed with it; not yet started.
    pub(super) fn new(directory: PathBuf, signals: EndSignals, command: &[String]) -> Result<Self> {
        let mut shell = Command::new("sh")
            .args(["-c", include_str!("supervise.sh"), "supervise"])
            .arg(&directory)
            .args([signals.gentle, signals.quick])
            .args(as_unprivileged())
            // After the change of user, which takes the setting back.
            .args(["setpriv", "--pdeathsig", "KILL", "--"])
            .args(command)
            .current_dir(&directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C is for the test process: its end is what the shell waits for.
            .process_group(0)
            .spawn()
            .context("start the supervising shell")?;
        let answers = shell.stdout.take().context("the shell has an output")?;
        let supervisor = Supervisor {
            commands: shell.stdin.take(),
            shell,
            answers: BufReader::new(answers).lines(),
        };
        Ok(Self {
            directory,
            supervisor: Mutex::new(supervisor),
        })
    }

    /// Starts the server and waits until it is `ready`.
    pub(super) fn start(&self, ready: impl Fn() -> bool) -> Result<()> {
        let pid = self.command("start")?;
        let deadline = Instant::now() + START_LIMIT;
        while !ready() {
            if has_ended(&pid) || Instant::now() > deadline {
                bail!("the server did not start:\n{}", self.last_words());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Ends the server in good order.
    pub(super) fn stop(&self) -> Result<()> {
        self.command("stop").map(drop)
    }

    /// Kills the server as a power cut would.
    pub(super) fn kill(&self) -> Result<()> {
        self.command("kill").map(drop)
    }

    /// Freezes the server (SIGSTOP): connections stay, nothing answers.
    pub(super) fn pause(&self) -> Result<()> {
        self.command("pause").map(drop)
    }

    /// Lets a frozen server go on.
    pub(super) fn resume(&self) -> Result<()> {
        self.command("resume").map(drop)
    }

    /// Gives one command; the answer is the server's process id, or empty without a server.
    fn command(&self, command: &str) -> Result<String> {
        let mut supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner);
        let input = supervisor.commands.as_mut().context("the shell listens")?;
        writeln!(input, "{command}")?;
        let answer = supervisor
            .answers
            .next()
            .context("the supervising shell has ended")?;
        Ok(answer?)
    }

    /// The end of the server's log.
    fn last_words(&self) -> String {
        let text = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        let lines: Vec<_> = text.lines().rev().take(15).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Supervisor {
    /// The end of its input tells the shell to clean up.
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ended = self.shell.wait();
    }
}

/// A new directory that the server may write to.
pub(super) fn directory(prefix: &str) -> Result<PathBuf> {
    let directory = tempfile::Builder::new().prefix(prefix).tempdir()?.keep();
    if is_root() {
        chown(&directory, Some(UNPRIVILEGED), Some(UNPRIVILEGED))?;
    }
    Ok(directory)
}

/// Runs a command to its end, unprivileged.
pub(super) fn run(directory: &Path, command: &[String]) -> Result<String> {
    let mut words = as_unprivileged().into_iter().chain(command.iter().cloned());
    let program = words.next().context("a command has a first word")?;
    let output = Command::new(&program)
        .args(words)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("run {program}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        bail!("{} failed with {}: {said}", command.join(" "), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Writes a file that the server owns and nobody else reads.
pub(super) fn write_private(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    if is_root() {
        chown(path, Some(UNPRIVILEGED), Some(UNPRIVILEGED))?;
    }
    Ok(())
}

fn as_unprivileged() -> Vec<String> {
    if !is_root() {
        return Vec::new();
    }
    let id = UNPRIVILEGED.to_string();
    ["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups", "--"]
        .map(str::to_owned)
        .to_vec()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The path of `program` on `PATH` or in one of `directories`.
///
/// # Errors
/// When it is nowhere; the message names the Debian `package`.
pub(super) fn find(program: &str, directories: &[&str], package: &str) -> Result<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain(directories.iter().map(PathBuf::from))
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file());
    found.map(|path| path.display().to_string()).with_context(|| {
        format!("{program} is not on this machine: install the Debian package {package} (apt-get install {package})")
    })
}

/// A port nobody listens on, from below the range that outgoing connections take theirs from: a stopped server finds
/// its port again.
pub(super) fn free_port() -> Result<u16> {
    let candidates = (0..200).map(|_| {
        let [high, low, ..] = Uuid::new_v4().into_bytes();
        15_000 + u16::from_be_bytes([high, low]) % 17_000
    });
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    candidates
        .into_iter()
        .find(is_free)
        .context("200 ports in a row are taken")
}

/// Whether the process is no more, or is only waiting to be noticed (a zombie).
fn has_ended(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold anything; the state follows it.
    stat.rsplit_once(") ")
        .is_none_or(|(_, rest)| rest.starts_with('Z'))
}

#[cfg(test)]
mod tests;
