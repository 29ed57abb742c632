//! The real process: settings, signals, exit codes, standard output.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use reqwest::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::net::TcpListener;

/// The service as a child process, its log lines, and where it listens. Killed when a test fails.
pub(crate) struct Process {
    child: Child,
    logs: Option<JoinHandle<String>>,
    pub(crate) address: SocketAddr,
}

fn command(settings: &[(&str, &str)]) -> Command {
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

fn lines(logs: &str) -> Vec<Value> {
    logs.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
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

/// A collector that keeps the spans it is sent.
async fn collector() -> (String, Arc<Mutex<Vec<Span>>>) {
    let spans = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&spans);
    let receive = move |body: axum::body::Bytes| async move {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        let received = request
            .resource_spans
            .into_iter()
            .flat_map(|r| r.scope_spans)
            .flat_map(|s| s.spans);
        kept.lock().unwrap().extend(received);
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/v1/traces", axum::routing::post(receive));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (endpoint, spans)
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat()
}

/// One trace, whole: the caller's id, the server span, its child, and the log lines, flushed on the way out.
#[tokio::test(flavor = "multi_thread")]
async fn a_trace_arrives_with_its_child_span_and_its_log_lines() {
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    let (endpoint, spans) = collector().await;
    let process = Process::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("SHUTDOWN_DRAIN_DELAY", "0s"),
    ]);
    let request = Client::new().get(process.url("/synthetic-patient?seed=7"));
    request
        .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"))
        .send()
        .await
        .unwrap();
    process.terminate();
    let (code, logs) = process.end().await;
    assert_eq!(code, Some(0));

    let spans = spans.lock().unwrap();
    let named = |name: &str| {
        spans
            .iter()
            .find(|span| span.name == name)
            .unwrap_or_else(|| panic!("no {name}"))
    };
    let (server, child) = (named("GET /synthetic-patient"), named("generate_single_patient"));
    assert_eq!(
        (hex(&server.trace_id), hex(&server.parent_span_id)),
        (TRACE.to_owned(), "b7ad6b7169203331".to_owned())
    );
    assert_eq!(
        (&child.trace_id, &child.parent_span_id),
        (&server.trace_id, &server.span_id)
    );
    let lines = lines(&logs);
    let line = |message: &str| lines.iter().find(|line| line["message"] == message).unwrap();
    assert_eq!(
        (&line("request")["trace_id"], &line("request")["span_id"]),
        (&TRACE.into(), &hex(&server.span_id).into())
    );
    assert_eq!(line("patient generated")["span_id"], hex(&child.span_id));
    assert_eq!(
        line("patient generated")["request_id"],
        line("request")["request_id"]
    );
}

/// Whatever a caller plants, standard output and spans do not repeat it.
#[tokio::test(flavor = "multi_thread")]
async fn canaries_stay_out_of_logs_and_spans() {
    const CANARY: &str = "Jane-Roe-000-12-3456";
    let (endpoint, spans) = collector().await;
    let process = Process::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("SHUTDOWN_DRAIN_DELAY", "0s"),
        ("LOG_LEVEL", "trace"),
    ]);
    let client = Client::new();
    let patient = process.url("/synthetic-patient");
    let requests = [
        client.get(process.url(&format!("/{CANARY}"))),
        client.get(format!("{patient}?seed={CANARY}")),
        client.get(format!("{patient}?patient={CANARY}")),
        client
            .get(&patient)
            .header("x-request-id", CANARY)
            .header("user-agent", CANARY)
            .header("cookie", CANARY),
        client.post(&patient).json(&serde_json::json!({"count": CANARY})),
        client
            .post(&patient)
            .json(&serde_json::json!({"count": 1, CANARY: 1})),
        client.post(&patient).header("content-type", CANARY).body(CANARY),
    ];
    for request in requests {
        let response = request.send().await.unwrap();
        assert!(!format!("{:?}", response.headers()).contains(CANARY));
        assert!(!response.text().await.unwrap().contains(CANARY));
    }
    process.terminate();
    let (_, logs) = process.end().await;
    assert!(!logs.contains(CANARY), "{logs}");
    let spans = spans.lock().unwrap();
    assert!(spans.len() >= 7 && !format!("{spans:?}").contains(CANARY));
}
