//! The command line of the local cluster.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use local_cluster::layout::{Layout, Ready};
use local_cluster::process::exists;
use local_cluster::supervisor::{QUIT, Wanted, serve};
use local_cluster::toolchain::{Group, Toolchain};

/// A real Kubernetes on this machine.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Build every binary that is not in the cache yet.
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
        /// With an audit log.
        #[arg(long)]
        audit: bool,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Action::Build => Toolchain::build(&Group::ALL, &say).map(|_| ()),
        Action::Up {
            dir,
            control_plane_only,
        } => up(&dir, !control_plane_only),
        Action::Down { dir } => down(&dir),
        Action::Status { dir } => status(&dir),
        Action::Load { dir, images } => images.iter().try_for_each(|image| load(&dir, image)),
        Action::Serve { dir, node, audit } => serve(&dir, Wanted { node, audit }, &say),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the output of a command line")]
fn say(line: &str) {
    println!("{line}");
}

/// The running cluster below `dir`, if there is one.
fn running(dir: &Path) -> Option<Ready> {
    Layout::new(dir)
        .announced()
        .filter(|ready| exists(ready.supervisor))
}

/// The supervisor reads from a pipe of its own that nobody closes: it ends by `down` only.
fn up(dir: &Path, node: bool) -> Result<()> {
    std::fs::create_dir_all(dir)?;
    let dir = dir.canonicalize()?;
    if running(&dir).is_some() {
        say("the cluster runs already");
        return Ok(());
    }
    let groups: &[Group] = if node { &Group::ALL } else { &Group::CONTROL_PLANE };
    Toolchain::build(groups, &say)?;
    let log = std::fs::File::create(dir.join("supervisor.log"))?;
    let program = std::env::current_exe()?;
    let mut command = Command::new("setsid");
    command
        .args([
            "sh",
            "-c",
            "mkfifo \"$0/stdin\" 2>/dev/null; exec \"$@\" <> \"$0/stdin\"",
        ])
        .arg(&dir);
    command
        .arg(program)
        .arg("serve")
        .arg("--dir")
        .arg(&dir)
        .args(node.then_some("--node"));
    let mut supervisor = command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("start the supervisor")?;
    say("starting etcd, the control plane and the node");
    while running(&dir).is_none() {
        if let Some(status) = supervisor.try_wait()? {
            let text = std::fs::read_to_string(dir.join("supervisor.log")).unwrap_or_default();
            bail!("the cluster did not start ({status}):\n{text}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    write_environment(&dir)?;
    say(&format!(
        "running; `. {}/env.sh` sets KUBECONFIG and PATH, `make down` ends it",
        dir.display()
    ));
    Ok(())
}

fn write_environment(dir: &Path) -> Result<()> {
    let ready = running(dir).context("the cluster has just ended")?;
    let path: Vec<_> = ready.path.iter().map(|p| p.display().to_string()).collect();
    let kubeconfig = ready.kubeconfig.display();
    let namespace = ready.network_namespace.unwrap_or_default();
    let text = format!(
        "export KUBECONFIG={kubeconfig}\nexport PATH={}:$PATH\nexport CLUSTER_NETNS={namespace}\n",
        path.join(":")
    );
    std::fs::write(dir.join("env.sh"), text).context("write env.sh")
}

fn down(dir: &Path) -> Result<()> {
    let Some(ready) = running(dir) else {
        say("no cluster runs");
        local_cluster::network::reap()?;
        return Ok(());
    };
    std::fs::write(dir.join("stdin"), format!("{QUIT}\n")).context("tell the supervisor to end")?;
    while exists(ready.supervisor) {
        std::thread::sleep(Duration::from_millis(50));
    }
    local_cluster::network::reap()?;
    let _gone = std::fs::remove_file(dir.join("env.sh"));
    say("stopped");
    Ok(())
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
