//! The process that owns a cluster: starts it, obeys, and removes everything at the end.

use std::io::BufRead;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::control_plane::ControlPlane;
use crate::layout::{Layout, Ready};
use crate::network::Network;
use crate::node::Node;
use crate::process::{Process, Stop};
use crate::registry::Registration;
use crate::toolchain::{Group, Toolchain};

/// The command that ends a supervisor in good order.
pub const QUIT: &str = "quit";

/// What kind of cluster is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// With a real node.
    pub node: bool,
    /// With an audit log and a quiet autoscaler.
    pub measured: bool,
    /// Its directory goes with it. Otherwise the logs stay.
    pub temporary: bool,
}

/// Owns a cluster until standard input ends (the process that asked for it is gone) or says `quit`. Each other line
/// on standard input is a command: `stop NAME`, `kill NAME`, `start NAME` for a process of the control plane; the
/// answer is a line.
///
/// # Errors
/// When the cluster does not start, or is told to end before it has. What had been started is stopped.
pub fn serve(root: &Path, wanted: Wanted, tell: &dyn Fn(&str)) -> Result<()> {
    let stop = Stop::default();
    let commands = commands(stop.clone());
    let root = &std::path::absolute(root)?;
    let registration = Registration::create(root, wanted.temporary, wanted.node)?;
    let layout = Layout::new(root);
    layout.withdraw();
    let _logs_of_another = std::fs::remove_dir_all(layout.log());
    layout.create()?;
    let groups: &[Group] = if wanted.node {
        &Group::ALL
    } else {
        &Group::CONTROL_PLANE
    };
    let tools = Toolchain::build_until_stopped(groups, tell, &stop)?;
    let plane = ControlPlane {
        layout: &layout,
        tools: &tools,
        network: registration.network(),
        measured: wanted.measured,
        ports: registration.ports(),
    };
    let mut processes = start(&plane, &stop, tell)?;
    layout.announce(&Ready {
        supervisor: std::process::id(),
        kubeconfig: layout.kubeconfig("admin"),
        path: tools.directories().to_vec(),
        network_namespace: registration.network().map(Network::namespace),
    })?;
    tell("ready");
    obey(&plane, &mut processes, &stop, &commands, tell);
    layout.withdraw();
    Ok(())
}

fn start(plane: &ControlPlane<'_>, stop: &Stop, tell: &dyn Fn(&str)) -> Result<Processes> {
    plane.identities()?;
    tell("starting the control plane");
    let mut processes = Processes(plane.start(stop)?);
    if let Some(network) = plane.network {
        tell("starting the node");
        let node = Node {
            layout: plane.layout,
            tools: plane.tools,
            network,
            server: plane.server(),
        };
        processes.0.push(("node-init", node.start(stop)?));
    }
    Ok(processes)
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

fn obey(
    plane: &ControlPlane<'_>,
    processes: &mut Processes,
    stop: &Stop,
    commands: &Receiver<String>,
    tell: &dyn Fn(&str),
) {
    for line in commands {
        let answer = obey_one(plane, processes, stop, &line);
        tell(&answer.map_or_else(|error| format!("failed: {error:#}"), |()| "done".to_owned()));
    }
}

fn obey_one(plane: &ControlPlane<'_>, processes: &mut Processes, stop: &Stop, line: &str) -> Result<()> {
    let (verb, name) = line.split_once(' ').context("a command is a verb and a name")?;
    let known = processes.0.iter_mut().find(|(known, _)| *known == name);
    let (_, process) = known.with_context(|| format!("no process {name}"))?;
    match verb {
        "stop" => process.stop(Duration::from_secs(10)),
        "kill" => process.stop(Duration::ZERO),
        "start" if process.is_running() => bail!("{name} runs already"),
        "start" => *process = plane.restart(name, stop)?,
        other => bail!("unknown command {other}"),
    }
    Ok(())
}

/// Lines of standard input; ends with it and with `quit`, and then asks for the end of a start that is under way.
fn commands(stop: Stop) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let lines = std::io::stdin().lock().lines().map_while(Result::ok);
        for line in lines.take_while(|line| line != QUIT) {
            if sender.send(line).is_err() {
                return;
            }
        }
        stop.request();
    });
    receiver
}
