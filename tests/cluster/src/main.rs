//! The command line of the local cluster.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use local_cluster::crds;
use local_cluster::layout::{Layout, Ready};
use local_cluster::process::run;
use local_cluster::supervisor::{QUIT, Wanted, serve};
use local_cluster::toolchain::{Group, Toolchain};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

/// A real Kubernetes on this machine.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Build every binary that is not in the cache yet, of a cluster and of what tests run beside it.
    Build,
    /// Start a cluster that outlives this command.
    Up {
        /// Where its files go.
        #[arg(long, default_value = "target/cluster")]
        dir: PathBuf,
        /// Without a node.
        #[arg(long)]
        control_plane_only: bool,
    },
    /// Stop it and remove everything it made.
    Down {
        /// Where its files are.
        #[arg(long, default_value = "target/cluster")]
        dir: PathBuf,
    },
    /// Tell whether it runs.
    Status {
        /// Where its files are.
        #[arg(long, default_value = "target/cluster")]
        dir: PathBuf,
    },
    /// Put OCI image archives on the node.
    Load {
        /// Where the cluster's files are.
        #[arg(long, default_value = "target/cluster")]
        dir: PathBuf,
        /// The archives.
        images: Vec<PathBuf>,
    },
    /// Own a cluster until standard input ends. Used by the other commands and by tests.
    Serve {
        /// Where its files go.
        #[arg(long)]
        dir: PathBuf,
        /// With a real node.
        #[arg(long)]
        node: bool,
        /// With an audit log and a quiet autoscaler.
        #[arg(long)]
        measured: bool,
        /// Remove the directory at the end, logs included.
        #[arg(long)]
        temporary: bool,
    },
}

fn build() -> Result<()> {
    let groups = [Group::ALL.as_slice(), &[Group::Collector, Group::Probe]].concat();
    Toolchain::build(&groups, &say).map(|_| ())
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Action::Build => build(),
        Action::Up {
            dir,
            control_plane_only,
        } => up(&dir, !control_plane_only),
        Action::Down { dir } => down(&dir),
        Action::Status { dir } => status(&dir),
        Action::Load { dir, images } => images.iter().try_for_each(|image| load(&dir, image)),
        Action::Serve {
            dir,
            node,
            measured,
            temporary,
        } => serve(
            &dir,
            Wanted {
                node,
                measured,
                temporary,
            },
            &say,
        ),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Nobody may be listening any more: a supervisor outlives its owner.
fn say(line: &str) {
    let _closed = writeln!(std::io::stdout(), "{line}");
}

/// A supervisor started by `up` reads its commands from this.
fn pipe(dir: &Path) -> PathBuf {
    dir.join("stdin")
}

/// The writing end of the pipe, which can be opened only while a supervisor reads.
fn commands(dir: &Path) -> Option<File> {
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    File::options()
        .write(true)
        .custom_flags(nonblocking)
        .open(pipe(dir))
        .ok()
}

/// The running cluster below `dir`, if there is one.
fn running(dir: &Path) -> Option<Ready> {
    commands(dir).and_then(|_supervisor| Layout::new(dir).announced())
}

fn up(dir: &Path, node: bool) -> Result<()> {
    std::fs::create_dir_all(dir)?;
    let dir = dir.canonicalize()?;
    if running(&dir).is_some() {
        say("the cluster runs already");
        return Ok(());
    }
    if commands(&dir).is_some() {
        bail!("a cluster is starting there: wait, or end it with `make down`");
    }
    let groups: &[Group] = if node { &Group::ALL } else { &Group::CONTROL_PLANE };
    Toolchain::build(groups, &say)?;
    let mut supervisor = supervise(&dir, node)?;
    say("starting etcd and the control plane");
    while running(&dir).is_none() {
        if let Some(status) = supervisor.try_wait()? {
            let text = std::fs::read_to_string(dir.join("supervisor.log")).unwrap_or_default();
            bail!("the cluster did not start ({status}):\n{text}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    write_environment(&dir)?;
    install_optional_apis(&dir)?;
    say(&format!(
        "running; `. {}/env.sh` sets KUBECONFIG and PATH, `make down` ends it",
        dir.display()
    ));
    Ok(())
}

/// Starts a supervisor in a session of its own. It holds both ends of its pipe, so that it ends by `down` only.
fn supervise(dir: &Path, node: bool) -> Result<Child> {
    Layout::new(dir).withdraw();
    let _absent = std::fs::remove_file(pipe(dir));
    mknodat(CWD, pipe(dir), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)
        .context("make the supervisor's pipe")?;
    let input = File::options().read(true).write(true).open(pipe(dir))?;
    let log = File::create(dir.join("supervisor.log"))?;
    Command::new("setsid")
        .arg(std::env::current_exe()?)
        .args(["serve", "--dir"])
        .arg(dir)
        .args(node.then_some("--node"))
        .stdin(input)
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("start the supervisor")
}

/// What most clusters have besides Kubernetes itself: the Prometheus operator's kinds and the Gateway API's.
fn install_optional_apis(dir: &Path) -> Result<()> {
    let ready = running(dir).context("the cluster has just ended")?;
    let manifests = [crds::monitoring()?, crds::gateway()?].concat();
    let kubectl = local_cluster::cluster::binary(&ready.path, "kubectl")?;
    let mut command = Command::new(kubectl);
    command
        .args(crds::apply(&manifests))
        .env("KUBECONFIG", ready.kubeconfig);
    run(&mut command)
        .context("install the CRDs of optional APIs")
        .map(|_| ())
}

fn write_environment(dir: &Path) -> Result<()> {
    let ready = running(dir).context("the cluster has just ended")?;
    let path: Vec<_> = ready.path.iter().map(|p| p.display().to_string()).collect();
    let kubeconfig = ready.kubeconfig.display();
    let namespace = ready.network_namespace.unwrap_or_default();
    let text = format!(
        "export KUBECONFIG='{kubeconfig}'\nexport PATH='{}':\"$PATH\"\nexport CLUSTER_NETNS={namespace}\n",
        path.join(":")
    );
    std::fs::write(dir.join("env.sh"), text).context("write env.sh")
}

/// Also ends one that is still starting.
fn down(dir: &Path) -> Result<()> {
    if let Some(mut supervisor) = commands(dir) {
        writeln!(supervisor, "{QUIT}").context("tell the supervisor to end")?;
        drop(supervisor);
        while commands(dir).is_some() {
            std::thread::sleep(Duration::from_millis(50));
        }
        say("stopped");
    } else {
        say("no cluster runs");
    }
    for file in [pipe(dir), dir.join("env.sh")] {
        let _absent = std::fs::remove_file(file);
    }
    local_cluster::registry::reap()
}

fn status(dir: &Path) -> Result<()> {
    let ready = running(dir).context("no cluster runs: start one with `make up`")?;
    say(&format!(
        "running, supervisor {}, kubeconfig {}",
        ready.supervisor,
        ready.kubeconfig.display()
    ));
    Ok(())
}

fn load(dir: &Path, image: &Path) -> Result<()> {
    let ready = running(dir).context("no cluster runs: start one with `make up`")?;
    let layout = Layout::new(&dir.canonicalize()?);
    local_cluster::cluster::import(&layout, &ready.path, image)
}
