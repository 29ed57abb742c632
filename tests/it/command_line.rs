//! The command line beside the real kubectl.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::tools::{program, root};

fn built(name: &str) -> PathBuf {
    healthcare_tests::built::command_line(name).unwrap()
}

/// kubectl looks for plugins on the PATH.
#[test]
fn kubectl_finds_it_as_a_plugin() {
    let plugin = built("kubectl-healthcare");
    let run = |arguments: &[&str]| {
        let output = Command::new(program("kubectl"))
            .args(arguments)
            .env("PATH", plugin.parent().unwrap())
            .env("KUBECONFIG", "/dev/null")
            .current_dir(root())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, out, err) = run(&["healthcare", "render", "examples/minimal.yaml"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("kind: Deployment"), "{out}");
    let (code, _, err) = run(&["healthcare", "validate", "/no/such/file"]);
    assert_eq!(code, Some(2), "its exit code is that of the plugin: {err}");
    let (_, out, _) = run(&["healthcare", "--help"]);
    assert!(out.contains("Usage: kubectl healthcare"), "{out}");
}

#[test]
fn the_output_of_kustomize_is_read_from_a_pipe() {
    let mut kustomize = Command::new(program("kubectl"))
        .args(["kustomize", "examples/gitops/production"])
        .current_dir(root())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = Command::new(built("gitops-health"))
        .args(["validate", "-"])
        .stdin(kustomize.stdout.take().unwrap())
        .output()
        .unwrap();
    assert!(kustomize.wait().unwrap().success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), said.trim()),
        (Some(0), "1 manifests, 0 violations")
    );
}
