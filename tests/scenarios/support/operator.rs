//! The operator as a process of its own, the way it runs in a cluster.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// A running operator. Killed when dropped.
pub(crate) struct Operator {
    process: Child,
    /// Address of `/healthz`, `/readyz` and `/metrics`.
    pub(crate) admin: String,
    log: PathBuf,
}

impl Operator {
    /// Starts the operator against `kubeconfig`, with further arguments.
    pub(crate) fn start(kubeconfig: &Path, name: &str, args: &[&str]) -> Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let admin = format!("127.0.0.1:{port}");
        let log = kubeconfig.with_file_name(format!("operator-{name}-{port}.log"));
        let output = std::fs::File::create(&log)?;
        // The one that stories share is never dropped: it has to end with the thread that started it.
        let process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(binary()?)
            .args([
                "run",
                "--admin-address",
                &admin,
                "--identity",
                name,
                "--log-format",
                "text",
            ])
            .args(args)
            .env("KUBECONFIG", kubeconfig)
            .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("start the operator")?;
        Ok(Self { process, admin, log })
    }

    /// Starts one without leader election and waits until it has listed everything.
    pub(crate) async fn ready(kubeconfig: &Path, name: &str, args: &[&str]) -> Result<Self> {
        let mut operator = Self::start(kubeconfig, name, &[&["--leader-elect", "false"], args].concat())?;
        operator.wait_ready().await?;
        Ok(operator)
    }

    /// Waits for `/readyz`.
    pub(crate) async fn wait_ready(&mut self) -> Result<()> {
        for _ in 0..300 {
            if let Some(status) = self.process.try_wait()? {
                bail!("the operator ended with {status}:\n{}", self.log());
            }
            let answer = reqwest::get(format!("http://{}/readyz", self.admin)).await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the operator did not become ready:\n{}", self.log())
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// SIGTERM, then the exit code.
    pub(crate) fn terminate(&mut self) -> Result<i32> {
        signal("-TERM", self.process.id());
        Ok(self.process.wait()?.code().unwrap_or(-1))
    }

    /// Process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _ended = self.kill();
    }
}

/// Builds the binary once per test run and tells where it is.
pub(crate) fn binary() -> Result<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT
        .get_or_init(|| healthcare_tests::built::operator().map_err(|error| format!("{error:#}")))
        .clone()
        .map_err(anyhow::Error::msg)
}

/// Sends a signal to a process of ours.
pub(crate) fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "kill {name} {pid}");
}
