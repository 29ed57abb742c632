//! However a cluster ends, nothing of it stays on the machine.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command};

use anyhow::Context;
use local_cluster::{Cluster, Options, registry};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::support::{Traces, eventually};

/// Names a file to a process that plays an owner: there it writes the directory of its cluster.
const TOLD_IN: &str = "LOCAL_CLUSTER_TEST_TOLD_IN";

/// In the process that a test starts: owns a cluster. Returns when the test wants its end.
fn play_owner(node: bool) {
    let Some(told_in) = std::env::var_os(TOLD_IN).map(PathBuf::from) else {
        return;
    };
    let cluster = Cluster::start(Options {
        node,
        measured: false,
    })
    .unwrap();
    let unfinished = told_in.with_extension("new");
    std::fs::write(&unfinished, cluster.layout().root.display().to_string()).unwrap();
    std::fs::rename(unfinished, told_in).unwrap();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    panic!("an owner panics while its cluster runs");
}

/// Runs `test` of this binary in a process of its own, which plays the owner, until its cluster runs.
fn owner(test: &str) -> (Child, Traces) {
    let directory = tempfile::tempdir().unwrap();
    let told_in = directory.path().join("root");
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(TOLD_IN, &told_in)
        .process_group(0)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let root = eventually("the owner's cluster runs", || {
        assert!(process.try_wait().unwrap().is_none(), "the owner ended");
        std::fs::read_to_string(&told_in).context("not yet")
    });
    let traces = Traces::of(root.as_ref());
    assert!(!traces.found().is_empty());
    (process, traces)
}

#[test]
fn an_owner_that_panics_leaves_nothing() {
    play_owner(false);
    let (mut process, traces) = owner("ends::an_owner_that_panics_leaves_nothing");
    traces.wait_until_gone_after(|| {
        drop(process.stdin.take());
        assert_eq!(process.wait().unwrap().code(), Some(101), "an end by panic");
    });
}

#[test]
fn an_owner_that_is_killed_leaves_nothing() {
    play_owner(true);
    let (mut process, traces) = owner("ends::an_owner_that_is_killed_leaves_nothing");
    traces.wait_until_gone_after(|| {
        process.kill().unwrap();
        process.wait().unwrap();
    });
}

/// As a terminal does on Ctrl-C: the signal is for every process of the group.
#[test]
fn an_owner_that_is_interrupted_leaves_nothing() {
    play_owner(false);
    let (mut process, traces) = owner("ends::an_owner_that_is_interrupted_leaves_nothing");
    traces.wait_until_gone_after(|| {
        kill_process_group(Pid::from_child(&process), Signal::INT).unwrap();
        assert!(!process.wait().unwrap().success());
    });
}

#[test]
fn what_a_killed_supervisor_leaves_is_removed_by_the_next() {
    let cluster = Cluster::start(Options {
        node: true,
        measured: false,
    })
    .unwrap();
    let traces = Traces::of(&cluster.layout().root);
    let supervisor = cluster.layout().announced().unwrap().supervisor;
    let supervisor = Pid::from_raw(supervisor.cast_signed()).unwrap();
    kill_process(supervisor, Signal::KILL).unwrap();
    eventually("the supervisor is gone", || {
        let running = registry::running()?;
        let runs = running.iter().any(|record| record.root == cluster.layout().root);
        anyhow::ensure!(!runs, "it runs");
        Ok(())
    });
    registry::reap().unwrap();
    traces.wait_until_gone();
}
