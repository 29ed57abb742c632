//! The command line.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::Context;
use local_cluster::registry;

use crate::support::{Traces, eventually};

const PROGRAM: &str = env!("CARGO_BIN_EXE_local-cluster");

fn command(dir: &Path, verb: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg(verb).arg("--dir").arg(dir);
    command
}

/// Ends the cluster when a test fails before it does so itself.
struct Ended<'a>(&'a Path);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let _ended_before = command(self.0, "down").output();
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_cluster_in_a_directory_with_a_space_goes_up_and_down() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("a checkout");
    let _ended = Ended(&dir);
    let up = command(&dir, "up").output().unwrap();
    assert!(up.status.success(), "{}", text(&up));
    let traces = Traces::of(&dir);
    assert!(command(&dir, "status").status().unwrap().success());
    let script = r#". "$0/env.sh" && kubectl get nodes -o name"#;
    let nodes = Command::new("sh")
        .args(["-c", script])
        .arg(&dir)
        .output()
        .unwrap();
    assert_eq!(text(&nodes), "node/node-1\n");
    let down = command(&dir, "down").output().unwrap();
    assert!(down.status.success(), "{}", text(&down));
    assert_eq!(
        traces.found(),
        Vec::<String>::new(),
        "down returns when all is gone"
    );
    assert!(!command(&dir, "status").status().unwrap().success());
    assert!(dir.join("log/kubelet.log").exists(), "logs stay");
}

#[test]
fn down_ends_a_cluster_that_is_still_starting() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("cluster");
    let _ended = Ended(&dir);
    let mut up = command(&dir, "up");
    let up = up
        .arg("--control-plane-only")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let traces = eventually("it is registered", || {
        let running = registry::running()?;
        running
            .iter()
            .find(|record| record.root == dir)
            .context("not yet")?;
        Ok(Traces::of(&dir))
    });
    let down = command(&dir, "down").output().unwrap();
    assert_eq!(text(&down), "stopped\n");
    traces.wait_until_gone();
    let up = up.wait_with_output().unwrap();
    assert!(!up.status.success());
    assert!(
        text(&up).contains("told to end while it was starting"),
        "{}",
        text(&up)
    );
}
