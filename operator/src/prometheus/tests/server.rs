//! Prometheus as a child process.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::client;
use crate::prometheus::Prometheus;

const MISSING: &str = "Prometheus is needed: apt-get install prometheus";

/// Killed when it is dropped.
pub(super) struct Server {
    child: Child,
    pub(super) client: Prometheus,
    _directory: TempDir,
}

impl Server {
    /// Scrapes every second, and evaluates the groups of rules.
    pub(super) async fn start(targets: &[Value], groups: &Value) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name);
        // JSON is YAML.
        std::fs::write(file("rules.yaml"), json!({"groups": groups}).to_string()).unwrap();
        let settings = json!({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [file("rules.yaml")],
            "scrape_configs": [{"job_name": "pods", "static_configs": targets}],
        });
        std::fs::write(file("prometheus.yaml"), settings.to_string()).unwrap();
        let address = free_address();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file("prometheus.yaml").display()))
            .arg(format!("--storage.tsdb.path={}", file("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--web.route-prefix=/prefix")
            .arg("--log.level=error")
            .stdin(Stdio::null())
            .spawn()
            .expect(MISSING);
        let server = Self {
            child,
            client: client(&format!("http://{address}/prefix/")),
            _directory: directory,
        };
        until("Prometheus answers", async || {
            server.client.value("vector(1)").await == Ok(Some(1.0))
        })
        .await;
        server
    }

    /// Waits until so many pods were scraped, and once more.
    pub(super) async fn scraped(&self, pods: usize) {
        let scraped = r#"count(count_over_time(up{job="records"}[1m]) >= 2 and up == 1)"#;
        until("the pods are scraped", async || {
            let count = self.client.value(scraped).await;
            count.is_ok_and(|count| {
                count.is_some_and(|count| count >= f64::from(u32::try_from(pods).unwrap()))
            })
        })
        .await;
    }

    /// Holds the process, as a machine without memory or CPU does; connections are still accepted.
    pub(super) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(super) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    pub(super) fn kill(&mut self) {
        let _ended_before = self.child.kill();
        let _ended_before = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Asks until it is so.
pub(super) async fn until(what: &str, so: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !so().await {
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "{what}: not within a minute"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
