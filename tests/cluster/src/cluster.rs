//! A cluster for a test, the demo or a benchmark.

use std::io::{BufRead, BufReader, Lines, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kube::config::{KubeConfigOptions, Kubeconfig};
use tempfile::TempDir;

use crate::account::account;
use crate::crds;
use crate::layout::{Layout, Ready};
use crate::pki::{self, Authority, Subject};
use crate::process::run;
use crate::program;

/// What kind of cluster is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// With a real node: about ten seconds more.
    pub node: bool,
    /// For measurements: with an audit log of every request, see [`Layout::audit_log`], and an autoscaler that does not
    /// look every few seconds at pods of which there are no metrics.
    pub measured: bool,
}

/// A running cluster. It ends when this value is dropped, and also when this process ends in any other way: its
/// supervisor notices.
#[derive(Debug)]
pub struct Cluster {
    supervisor: Mutex<Supervisor>,
    ready: Ready,
    layout: Layout,
    _directory: TempDir,
}

#[derive(Debug)]
struct Supervisor {
    process: Child,
    commands: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Cluster {
    /// Starts a cluster through the `local-cluster` binary, which is built when needed. Blocks for seconds; much
    /// longer when Kubernetes itself has not been built on this machine yet.
    ///
    /// # Errors
    /// With the supervisor's last words when the cluster does not start.
    pub fn start(options: Options) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("local-cluster-").tempdir()?;
        let mut command = Command::new(program::supervisor()?);
        command
            .args(["serve", "--temporary", "--dir"])
            .arg(directory.path())
            .args(options.node.then_some("--node"))
            .args(options.measured.then_some("--measured"));
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C is for the owner: its end is what the supervisor waits for.
            .process_group(0)
            .spawn()
            .context("start the supervisor")?;
        let answers = BufReader::new(process.stdout.take().context("the supervisor has an output")?).lines();
        let mut supervisor = Supervisor {
            commands: process.stdin.take(),
            process,
            answers,
        };
        supervisor.read_until(|line| line == "ready")?;
        let layout = Layout::new(directory.path());
        let ready = layout.announced().context("a ready cluster is announced")?;
        Ok(Self {
            supervisor: Mutex::new(supervisor),
            ready,
            layout,
            _directory: directory,
        })
    }

    /// The cluster's files: logs, kubeconfigs, audit log.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Kubeconfig of an administrator.
    pub fn kubeconfig(&self) -> &Path {
        &self.ready.kubeconfig
    }

    /// A client with an administrator's rights.
    pub async fn client(&self) -> Result<kube::Client> {
        client(self.kubeconfig()).await
    }

    /// Writes a kubeconfig for another user, who is known by name and group only.
    pub fn user(&self, name: &str, group: Option<&str>) -> Result<PathBuf> {
        let admin = Kubeconfig::read_from(self.kubeconfig())?;
        let server = admin
            .clusters
            .into_iter()
            .find_map(|c| c.cluster?.server)
            .context("the kubeconfig names a server")?;
        let authority = Authority::load(&self.layout.pki(), "ca")?;
        let subject = Subject {
            name,
            group,
            ..Subject::default()
        };
        pki::kubeconfig(&self.layout, &authority, &server, name, &subject)?;
        Ok(self.layout.kubeconfig(name))
    }

    /// Runs kubectl as an administrator and gives its output.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub fn kubectl(&self, args: &[&str]) -> Result<String> {
        run(self.tool("kubectl")?.args(args))
    }

    /// Runs helm as an administrator and gives its output.
    pub fn helm(&self, args: &[&str]) -> Result<String> {
        run(self.tool("helm")?.args(args))
    }

    /// A command of the cluster's binaries with its kubeconfig.
    pub fn tool(&self, name: &str) -> Result<Command> {
        let mut command = Command::new(binary(&self.ready.path, name)?);
        command.env("KUBECONFIG", self.kubeconfig());
        Ok(command)
    }

    /// Applies manifests given as text.
    pub fn apply(&self, manifests: &str) -> Result<String> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(manifests.as_bytes())?;
        self.kubectl(&["apply", "-f", &file.path().display().to_string()])
    }

    /// Puts an OCI image archive on the node.
    pub fn load_image(&self, archive: &Path) -> Result<()> {
        import(&self.layout, &self.ready.path, archive)
    }

    /// A command inside the node's network, where ClusterIPs and pods can be reached.
    pub fn in_network(&self, program: &str) -> Result<Command> {
        let namespace = self
            .ready
            .network_namespace
            .as_ref()
            .context("this cluster has no node")?;
        let mut command = Command::new("ip");
        command.args(["netns", "exec", namespace, program]);
        Ok(command)
    }

    /// Installs the CRDs of the Prometheus operator that this project knows.
    pub fn install_monitoring_crds(&self) -> Result<()> {
        self.install(&crds::monitoring()?)
    }

    /// Installs the CRDs of the Gateway API's standard channel.
    pub fn install_gateway_crds(&self) -> Result<()> {
        self.install(&crds::gateway()?)
    }

    /// Waits up to half a minute until every CRD is served.
    pub fn wait_for_crds(&self) -> Result<()> {
        let wait = [
            "wait",
            "--for=condition=Established",
            "crd",
            "--all",
            "--timeout=30s",
        ];
        // kubectl gives up at once on a CRD that has no conditions yet.
        for _ in 0..10 {
            if self.kubectl(&wait).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        self.kubectl(&wait).map(|_| ())
    }

    fn install(&self, manifests: &[PathBuf]) -> Result<()> {
        run(self.tool("kubectl")?.args(crds::apply(manifests))).map(|_| ())
    }

    /// Kills a process of the control plane as `kill -9` does.
    pub fn kill(&self, process: &str) -> Result<()> {
        self.command(&format!("kill {process}"))
    }

    /// Starts it again, on the same ports and data.
    pub fn restart(&self, process: &str) -> Result<()> {
        self.command(&format!("start {process}"))
    }

    fn command(&self, line: &str) -> Result<()> {
        let mut supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner);
        let commands = supervisor.commands.as_mut().context("the supervisor listens")?;
        writeln!(commands, "{line}")?;
        let answer = supervisor.read_until(|_| true)?;
        if answer != "done" {
            bail!("{line}: {answer}");
        }
        Ok(())
    }
}

impl Drop for Cluster {
    /// A test that fails on a real node shows what was the matter there: the cluster is gone right after.
    fn drop(&mut self) {
        if std::thread::panicking() && self.ready.network_namespace.is_some() {
            progress(&account(self));
        }
    }
}

impl Drop for Supervisor {
    /// The end of its input is the supervisor's signal; waiting makes sure that everything is gone afterwards.
    fn drop(&mut self) {
        drop(self.commands.take());
        let _gone = self.process.wait();
    }
}

impl Supervisor {
    fn read_until(&mut self, wanted: impl Fn(&str) -> bool) -> Result<String> {
        let mut last = String::new();
        for line in self.answers.by_ref() {
            last = line?;
            if wanted(&last) {
                return Ok(last);
            }
            progress(&last);
        }
        bail!("the cluster's supervisor ended: {last}")
    }
}

/// Long waits are explained on standard error, which test runners show.
#[expect(clippy::print_stderr, reason = "progress of a harness")]
fn progress(line: &str) {
    eprintln!("local-cluster: {line}");
}

/// A client for a kubeconfig. Installs the crypto provider of this process if none is yet.
pub async fn client(kubeconfig: &Path) -> Result<kube::Client> {
    let _installed_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let config = Kubeconfig::read_from(kubeconfig)?;
    let config = kube::Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await?;
    Ok(kube::Client::try_from(config)?)
}

/// Puts an OCI image archive into a node's containerd.
pub fn import(layout: &Layout, path: &[PathBuf], archive: &Path) -> Result<()> {
    let socket = layout.containerd();
    let mut command = Command::new(binary(path, "ctr")?);
    command
        .arg("--address")
        .arg(socket)
        .args(["-n", "k8s.io", "images", "import", "--local"])
        .arg(archive);
    run(&mut command).map(|_| ())
}

/// A binary of a running cluster, on the path that it announced.
pub fn binary(path: &[PathBuf], name: &str) -> Result<PathBuf> {
    let found = path
        .iter()
        .map(|directory| directory.join(name))
        .find(|file| file.is_file());
    found.with_context(|| format!("{name} is not among the cluster's binaries"))
}
