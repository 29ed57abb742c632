//! An OpenTelemetry Collector (`tests/collector`), built once and run for one test.

use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use local_cluster::toolchain::{Group, Toolchain};
use serde_json::Value;
use tempfile::TempDir;

/// What a collector is given; the same for one that is started again.
pub(crate) struct Collector {
    directory: TempDir,
    binary: PathBuf,
    grpc: SocketAddr,
    http: SocketAddr,
    child: Option<Child>,
}

/// Files with a certificate and its key (PEM).
pub(crate) struct ServerCertificate {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Collector {
    pub(crate) fn start() -> Self {
        Self::start_with(None)
    }

    /// Over TLS only, when there is a certificate.
    pub(crate) fn start_with(tls: Option<&ServerCertificate>) -> Self {
        let tell = |message: &str| eprintln!("local-cluster: {message}");
        let tools = Toolchain::build(&[Group::Collector], &tell).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let (grpc, http) = (free_address(), free_address());
        let settings = settings(directory.path(), grpc, http, tls);
        std::fs::write(directory.path().join("collector.yaml"), settings).unwrap();
        let mut collector = Self {
            directory,
            binary: tools.binary("collector").unwrap(),
            grpc,
            http,
            child: None,
        };
        collector.restart();
        collector
    }

    /// Starts it again, where it was.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.directory.path().join("log"))
            .unwrap();
        let mut child = Command::new(&self.binary)
            .arg("--config")
            .arg(self.directory.path().join("collector.yaml"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_mins(1);
        while ![self.grpc, self.http]
            .iter()
            .all(|address| TcpStream::connect(address).is_ok())
        {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        self.child = Some(child);
    }

    /// As a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// The endpoint for a value of `OTEL_EXPORTER_OTLP_PROTOCOL`.
    pub(crate) fn endpoint(&self, protocol: &str) -> String {
        format!("http://{}", self.address(protocol))
    }

    pub(crate) fn address(&self, protocol: &str) -> SocketAddr {
        if protocol == "grpc" { self.grpc } else { self.http }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Everything it received, as it wrote it.
    pub(crate) fn text(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("spans.json")).unwrap_or_default()
    }

    /// Every span, with the attributes of its resource as `resource`, and all attributes as plain maps.
    pub(crate) fn spans(&self) -> Vec<Value> {
        let text = self.text();
        // A line that a crash cut off was not acknowledged either.
        let batches = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        batches.flat_map(|batch| spans_of(&batch)).collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spans_of(batch: &Value) -> Vec<Value> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut found = Vec::new();
    for resource_spans in list(&batch["resourceSpans"]) {
        let resource = plain(&resource_spans["resource"]["attributes"]);
        for scope_spans in list(&resource_spans["scopeSpans"]) {
            for mut span in list(&scope_spans["spans"]) {
                span["attributes"] = plain(&span["attributes"]);
                span["resource"] = resource.clone();
                found.push(span);
            }
        }
    }
    found
}

/// `[{"key": k, "value": {"stringValue": v}}]` as `{k: v}`; numbers are texts in OTLP's JSON.
fn plain(attributes: &Value) -> Value {
    let pair = |attribute: &Value| {
        let value = attribute["value"].as_object()?.values().next()?.clone();
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some((attribute["key"].as_str()?.to_owned(), Value::from(text)))
    };
    attributes
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(pair)
        .collect()
}

fn settings(directory: &Path, grpc: SocketAddr, http: SocketAddr, tls: Option<&ServerCertificate>) -> String {
    let tls = tls.map_or(
        Value::Null,
        |files| serde_json::json!({"cert_file": files.certificate, "key_file": files.key}),
    );
    let receiver = |address: SocketAddr| serde_json::json!({"endpoint": address, "tls": tls});
    let file = directory.join("spans.json");
    // JSON is YAML.
    serde_json::json!({
        "receivers": {"otlp": {"protocols": {"grpc": receiver(grpc), "http": receiver(http)}}},
        "exporters": {"file": {"path": file}},
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["file"]}},
        },
    })
    .to_string()
}

/// An address that is free now and stays so: its port is below those of outgoing connections (32768 and above by
/// default, ip(7)), from which the kernel would give it away before it is used or while its owner restarts.
pub(crate) fn free_address() -> SocketAddr {
    // A new hasher has random keys.
    let random = || RandomState::new().build_hasher().finish();
    std::iter::repeat_with(|| {
        SocketAddr::from((
            Ipv4Addr::LOCALHOST,
            24_000 + u16::try_from(random() % 8_000).unwrap(),
        ))
    })
    .find(|address| TcpListener::bind(address).is_ok())
    .unwrap()
}
