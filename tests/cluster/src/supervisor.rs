//! The process that owns a cluster: starts it, obeys, and removes everything at the end.

use std::io::BufRead;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::control_plane::ControlPlane;
use crate::layout::{Layout, Ready};
use crate::network::Network;
use crate::node::{self, Node};
use crate::process::Process;
use crate::toolchain::{Group, Toolchain};

/// The command that ends a supervisor in good order.
pub const QUIT: &str = "quit";

/// What kind of cluster is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// With a real node.
    pub node: bool,
    /// With an audit log.
    pub audit: bool,
}

/// Owns a cluster until standard input ends (the process that asked for it is gone) or says `quit`. Each other line on standard
/// input is a command: `stop NAME`, `kill NAME`, `start NAME` for a process of the control plane; the answer is a line.
///
/// # Errors
/// When the cluster does not start. What had been started is stopped.
pub fn serve(root: &Path, wanted: Wanted, tell: &dyn Fn(&str)) -> Result<()> {
    let layout = Layout::new(root);
    layout.withdraw();
    let groups: &[Group] = if wanted.node {
        &Group::ALL
    } else {
        &Group::CONTROL_PLANE
    };
    let tools = Toolchain::build(groups, tell)?;
    layout.create()?;
    let mut network = if wanted.node {
        Some(Network::create()?)
    } else {
        None
    };
    let result = run(&layout, &tools, network.as_mut(), wanted, tell);
    layout.withdraw();
    if let Some(network) = network {
        network.remove();
    }
    remove_data(root);
    result
}

fn run(
    layout: &Layout,
    tools: &Toolchain,
    mut network: Option<&mut Network>,
    wanted: Wanted,
    tell: &dyn Fn(&str),
) -> Result<()> {
    if let Some(network) = network.as_deref_mut() {
        network.cgroups = node::cgroups(&network.namespace())?;
        network.register()?;
    }
    let network = network.as_deref();
    let plane = ControlPlane::new(layout, tools, network, wanted.audit)?;
    plane.identities()?;
    tell("starting the control plane");
    let mut processes = Processes(plane.start()?);
    if let Some(network) = network {
        tell("starting the node");
        let node = Node {
            layout,
            tools,
            network,
            server: plane.server(),
        };
        processes.0.push(("node-init", node.start()?));
    }
    layout.announce(&Ready {
        supervisor: std::process::id(),
        kubeconfig: layout.kubeconfig("admin"),
        path: tools.directories().to_vec(),
        network_namespace: network.map(Network::namespace),
    })?;
    tell("ready");
    obey(&plane, &mut processes, tell);
    Ok(())
}

/// Processes in the order of starting; dropped in reverse.
struct Processes(Vec<(&'static str, Process)>);

impl Drop for Processes {
    /// `unshare` blocks SIGTERM: the node is killed, and its pid namespace with it.
    fn drop(&mut self) {
        while let Some((name, mut process)) = self.0.pop() {
            let patience = if name == "node-init" {
                Duration::ZERO
            } else {
                Duration::from_secs(10)
            };
            process.stop(patience);
        }
    }
}

fn obey(plane: &ControlPlane<'_>, processes: &mut Processes, tell: &dyn Fn(&str)) {
    let commands = commands();
    loop {
        match commands.recv_timeout(Duration::from_millis(200)) {
            Ok(line) if line == QUIT => return,
            Ok(line) => {
                let answer = obey_one(plane, processes, &line);
                tell(&answer.map_or_else(|error| format!("failed: {error:#}"), |()| "done".to_owned()));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn obey_one(plane: &ControlPlane<'_>, processes: &mut Processes, line: &str) -> Result<()> {
    let (verb, name) = line.split_once(' ').context("a command is a verb and a name")?;
    let known = processes.0.iter_mut().find(|(known, _)| *known == name);
    let (_, process) = known.with_context(|| format!("no process {name}"))?;
    match verb {
        "stop" => process.stop(Duration::from_secs(10)),
        "kill" => process.stop(Duration::ZERO),
        "start" => *process = plane.restart(name)?,
        other => bail!("unknown command {other}"),
    }
    Ok(())
}

/// Lines of standard input; ends with it.
fn commands() -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Logs stay for whoever looks into a failure; data and keys go.
fn remove_data(root: &Path) {
    for directory in [
        "etcd",
        "pki",
        "containerd",
        "kubelet",
        "images",
        "cni",
        "sysctl",
        "var-log",
        "pid",
    ] {
        let _gone = std::fs::remove_dir_all(root.join(directory));
    }
}
