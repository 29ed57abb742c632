//! The real process: settings, signals, exit codes, standard output.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// The service as a child process, its log lines, and where it listens. Killed when a test fails.
pub(crate) struct Process {
    child: Child,
    logs: Option<JoinHandle<String>>,
    pub(crate) address: SocketAddr,
}

/// The service with these settings and no others, on a free port.
pub(crate) fn command(settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synthetic-phi-service"));
    command
        .env_clear()
        // For the lines that a coverage run sees in the child.
        .envs(std::env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)))
        .env("HOST", "127.0.0.1")
        .env("PORT", "0")
        .envs(settings.iter().copied());
    command
}

pub(crate) fn output(settings: &[(&str, &str)], arguments: &[&str]) -> Output {
    command(settings).args(arguments).output().unwrap()
}

impl Process {
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let mut child = command(settings).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        let line: Value = serde_json::from_str(&first).unwrap_or_else(|error| panic!("{error}: {first}"));
        assert_eq!(line["message"], "listening", "{first}");
        let address = line["address"].as_str().unwrap().parse().unwrap();
        let logs = Some(std::thread::spawn(move || rest(first, stdout)));
        Self { child, logs, address }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn terminate(&self) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
    }

    /// Exit code and everything it logged.
    pub(crate) async fn end(mut self) -> (Option<i32>, String) {
        let logs = self.logs.take().unwrap();
        let text = tokio::task::spawn_blocking(|| logs.join().unwrap())
            .await
            .unwrap();
        (self.child.wait().unwrap().code(), text)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn rest(mut text: String, mut stdout: BufReader<ChildStdout>) -> String {
    stdout.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn all_wrong_settings_are_listed_at_once() {
    let wrong = [
        ("PORT", "many"),
        ("LOG_FORMAT", "xml"),
        ("OTEL_TRACES_SAMPLER_ARG", "7"),
        ("REQUEST_TIMEOUT", "1"),
    ];
    let output = output(&wrong, &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{said}");
    for (variable, _) in wrong {
        assert!(said.contains(variable), "{variable} not in {said}");
    }
    assert!(said.contains("4 wrong setting(s)"), "{said}");
}

/// A page of any origin could act for its visitor: browsers refuse that, and so does the service. It is found beside
/// the settings that are wrong by themselves.
#[test]
fn cors_for_everybody_with_credentials_does_not_start() {
    let wrong = [
        ("CORS_ALLOWED_ORIGINS", "*"),
        ("CORS_ALLOWED_HEADERS", "*"),
        ("CORS_ALLOW_CREDENTIALS", "true"),
        ("REQUEST_TIMEOUT", "1"),
    ];
    let output = output(&wrong, &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{said}");
    for expected in [
        "3 wrong setting(s)",
        "REQUEST_TIMEOUT: ",
        "CORS_ALLOWED_ORIGINS: * cannot be combined with CORS_ALLOW_CREDENTIALS=true",
        "CORS_ALLOWED_HEADERS: * cannot be combined with CORS_ALLOW_CREDENTIALS=true",
    ] {
        assert!(said.contains(expected), "{expected} not in {said}");
    }
}

/// A key of the manifest's `config` becomes an environment variable: one that the service does not read would be
/// ignored in silence.
#[test]
fn the_example_sets_only_what_the_service_reads() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/synthetic-phi-service.yaml"
    );
    let example: serde_yaml::Value = serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let settings: BTreeMap<String, String> =
        serde_yaml::from_value(example["spec"]["config"].clone()).unwrap();
    assert!(!settings.is_empty());
    let help = String::from_utf8(output(&[], &["--help"]).stdout).unwrap();
    for variable in settings.keys() {
        assert!(
            help.contains(&format!("[env: {variable}=]")),
            "{variable} is not read:\n{help}"
        );
    }
    let all: Vec<(&str, &str)> = settings
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    // They are also accepted: only the port is wrong here.
    let refused = output(&[all.as_slice(), &[("PORT", "x")]].concat(), &[]);
    assert!(
        String::from_utf8(refused.stderr)
            .unwrap()
            .contains("1 wrong setting(s)")
    );
}

#[test]
fn a_port_in_use_is_a_failure_with_an_explanation() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = output(&[("PORT", &port)], &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains(&format!("cannot listen on 127.0.0.1:{port}")),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_check_asks_the_running_service() {
    // An empty variable is one that is not set.
    let process = Process::start(&[
        ("SHUTDOWN_DRAIN_DELAY", "0s"),
        ("OTEL_SERVICE_NAME", ""),
        ("LOG_LEVEL", ""),
    ]);
    let port = process.address.port().to_string();
    assert_eq!(
        output(&[("PORT", &port), ("HOST", "0.0.0.0")], &["--healthcheck"])
            .status
            .code(),
        Some(0)
    );
    process.terminate();
    assert_eq!(process.end().await.0, Some(0));
    assert_eq!(
        output(&[("PORT", &port)], &["--healthcheck"]).status.code(),
        Some(1)
    );
}
