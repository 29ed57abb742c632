//! Python tools that judge the service from outside, in an environment of their own below `target`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = include_str!("../python/requirements.txt");

/// The directory of `tests/python`.
pub(crate) const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python");

/// The `bin` of an environment with the pinned tools; made once, and again when they change.
pub(crate) fn tools() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    fs::create_dir_all(&root).unwrap();
    // One test makes it, others, of this process or another, wait.
    let lock = File::create(root.join("lock")).unwrap();
    lock.lock().unwrap();
    let environment = root.join("environment");
    let installed = root.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == REQUIREMENTS) {
        return environment.join("bin");
    }
    let _ = fs::remove_file(&installed);
    let mut python = Command::new("python3");
    python.args(["-m", "venv", "--clear"]).arg(&environment);
    run(&mut python, "apt-get install python3-venv");
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ])
    .arg(Path::new(DIRECTORY).join("requirements.txt"));
    run(&mut pip, "is PyPI within reach?");
    fs::write(&installed, REQUIREMENTS).unwrap();
    environment.join("bin")
}

fn run(command: &mut Command, advice: &str) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; {advice}"));
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}\n{advice}");
}
