//! Static binaries, by cargo and musl.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::COMPONENTS;
use crate::workspace::Workspace;

const TARGET: &str = "x86_64-unknown-linux-musl";
const PROFILE: &str = "dist";

/// Compiles every component; the answer is the directory the binaries are in.
pub fn compile(workspace: &Workspace) -> Result<PathBuf> {
    check_prerequisites()?;
    let status = command(workspace)?
        .status()
        .context("cargo could not be run; is Rust installed?")?;
    if !status.success() {
        bail!("cargo could not build the binaries; its messages are above");
    }
    Ok(workspace.target_directory.join(TARGET).join(PROFILE))
}

fn command(workspace: &Workspace) -> Result<Command> {
    let mut command = Command::new("cargo");
    command.args(["build", "--locked", "--profile", PROFILE, "--target", TARGET]);
    for component in COMPONENTS {
        command.args(["--package", component.package]);
    }
    command
        .current_dir(&workspace.workspace_root)
        // For the C code of aws-lc.
        .env("CC_x86_64_unknown_linux_musl", "musl-gcc")
        .env("CARGO_ENCODED_RUSTFLAGS", remapped(workspace)?)
        .env_remove("RUSTFLAGS");
    Ok(command)
}

/// Panic locations name sources by paths that do not depend on who builds where.
fn remapped(workspace: &Workspace) -> Result<OsString> {
    let prefixes = [
        (cargo_home()?, "/cargo"),
        (workspace.workspace_root.clone(), "/src"),
    ];
    let mut flags = OsString::new();
    for (number, (from, to)) in prefixes.iter().enumerate() {
        if number > 0 {
            flags.push("\x1f");
        }
        flags.push("--remap-path-prefix=");
        flags.push(from);
        flags.push(format!("={to}"));
    }
    Ok(flags)
}

fn cargo_home() -> Result<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let default = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    home.or_else(default)
        .context("neither CARGO_HOME nor HOME is set")
}

fn check_prerequisites() -> Result<()> {
    if !runs("musl-gcc", &["--version"]) {
        bail!("musl-gcc is missing; install it with: apt-get install musl-tools");
    }
    let libraries = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()?;
    let libraries = PathBuf::from(String::from_utf8_lossy(&libraries.stdout).trim());
    if !libraries.is_dir() {
        bail!("Rust's standard library for {TARGET} is missing; install it with: rustup target add {TARGET}");
    }
    Ok(())
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .output()
        .is_ok_and(|output| output.status.success())
}
