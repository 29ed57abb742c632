//! The program under the name by which kubectl runs it. That the real kubectl finds it is shown in `healthcare-tests`.

use std::process::Command;

use super::support::finish;

#[test]
fn as_a_plugin_it_calls_itself_kubectl_healthcare() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-healthcare"));
    let ran = finish(command.args(["validate", "--help"]), b"");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("Usage: kubectl healthcare validate"),
        "{}",
        ran.out
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubectl-healthcare"));
    let version = finish(command.arg("--version"), b"").out;
    assert_eq!(
        version.trim(),
        format!("kubectl-healthcare {}", env!("CARGO_PKG_VERSION"))
    );
}
