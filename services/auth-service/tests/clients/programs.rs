//! The clients: openid-client (npm), Authlib and schemathesis (PyPI), pinned, in environments of their own below `target`.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");

/// A client, and how it is installed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Program {
    OpenidClient,
    Authlib,
    Schemathesis,
}

impl Program {
    const fn name(self) -> &'static str {
        match self {
            Self::OpenidClient => "openid-client",
            Self::Authlib => "authlib",
            Self::Schemathesis => "schemathesis",
        }
    }

    /// What it is made of: when one of these changes, it is installed anew.
    const fn recipe(self) -> &'static [&'static str] {
        match self {
            Self::OpenidClient => &["package.json", "package-lock.json", "flows.mjs"],
            Self::Authlib | Self::Schemathesis => &["requirements.txt"],
        }
    }

    /// Runs its flows with this input; what it wrote.
    pub(crate) fn flows(self, input: &str) -> String {
        let home = self.installed();
        let source = Path::new(PROGRAMS).join(self.name());
        let mut command = match self {
            Self::OpenidClient => {
                // Packages are looked for where the script is: it is copied with them.
                let mut node = Command::new("node");
                node.arg(home.join("flows.mjs"));
                node
            }
            Self::Authlib | Self::Schemathesis => {
                let mut python = Command::new(home.join("environment/bin/python"));
                // The test's server is on this machine, without TLS.
                python.env("AUTHLIB_INSECURE_TRANSPORT", "1");
                python.arg(source.join("flows.py"));
                python
            }
        };
        run(&mut command, input, "")
    }

    /// Where it is; installed by whoever comes first.
    pub(crate) fn installed(self) -> PathBuf {
        let source = Path::new(PROGRAMS).join(self.name());
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(self.name());
        fs::create_dir_all(&home).unwrap();
        let lock = File::create(home.join("lock")).unwrap();
        lock.lock().unwrap();
        let recipe: String = self
            .recipe()
            .iter()
            .map(|name| fs::read_to_string(source.join(name)).unwrap())
            .collect();
        let done = home.join("installed.txt");
        if fs::read_to_string(&done).is_ok_and(|installed| installed == recipe) {
            return home;
        }
        let _ = fs::remove_file(&done);
        self.install(&source, &home);
        fs::write(&done, recipe).unwrap();
        home
    }

    fn install(self, source: &Path, home: &Path) {
        match self {
            Self::OpenidClient => {
                for name in self.recipe() {
                    fs::copy(source.join(name), home.join(name)).unwrap();
                }
                let mut npm = Command::new("npm");
                npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                    .current_dir(home);
                run(&mut npm, "", "apt-get install nodejs npm");
            }
            Self::Authlib | Self::Schemathesis => {
                let environment = home.join("environment");
                let mut python = Command::new("python3");
                python.args(["-m", "venv", "--clear"]).arg(&environment);
                run(&mut python, "", "apt-get install python3-venv");
                let mut pip = Command::new(environment.join("bin/pip"));
                pip.args([
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--requirement",
                ])
                .arg(source.join("requirements.txt"));
                run(&mut pip, "", "is PyPI within reach?");
            }
        }
    }
}

/// Runs a command to its end; its standard output. Fails with what it said when it fails.
fn run(command: &mut Command, input: &str, advice: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; {advice}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}\n{advice}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
