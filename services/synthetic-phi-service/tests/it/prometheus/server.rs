//! Prometheus as a child process, and its HTTP API.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::rendered::Rendered;
use crate::telemetry::collector::free_address;
use crate::telemetry::service::until;

const MISSING: &str = "Prometheus is needed: apt-get install prometheus";

/// Killed when it is dropped.
pub(crate) struct Prometheus {
    child: Child,
    address: SocketAddr,
    _directory: TempDir,
}

impl Prometheus {
    /// Scrapes the pods every second, with the labels that the Prometheus Operator would give them by the rendered
    /// ServiceMonitor, and evaluates the rendered rules.
    pub(crate) async fn start(rendered: &Rendered, pods: &[SocketAddr]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name);
        // JSON is YAML.
        std::fs::write(
            file("rules.yaml"),
            json!({"groups": rendered.groups()}).to_string(),
        )
        .unwrap();
        let settings = json!({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [file("rules.yaml")],
            "scrape_configs": [rendered.scrape(pods)],
        });
        std::fs::write(file("prometheus.yaml"), settings.to_string()).unwrap();
        let address = free_address();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file("prometheus.yaml").display()))
            .arg(format!("--storage.tsdb.path={}", file("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=error")
            .stdin(Stdio::null())
            .spawn()
            .expect(MISSING);
        let server = Self {
            child,
            address,
            _directory: directory,
        };
        let ready = format!("http://{address}/-/ready");
        until("Prometheus is ready", async || {
            Client::new()
                .get(&ready)
                .send()
                .await
                .is_ok_and(|answer| answer.status() == 200)
        })
        .await;
        server
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, String> {
        let request = Client::new().get(format!("http://{}/api/v1/{path}", self.address));
        let mut answer: Value = request.query(query).send().await.unwrap().json().await.unwrap();
        if answer["status"] == "success" && answer["warnings"].is_null() {
            Ok(answer["data"].take())
        } else {
            Err(answer.to_string())
        }
    }

    /// The series that an instant query finds.
    pub(crate) async fn query(&self, query: &str) -> Result<Vec<Value>, String> {
        let data = self.get("query", &[("query", query)]).await?;
        Ok(data["result"].as_array().unwrap().clone())
    }

    pub(crate) async fn label_values(&self, selector: &str, label: &str) -> Vec<Value> {
        let data = self
            .get(&format!("label/{label}/values"), &[("match[]", selector)])
            .await
            .unwrap();
        data.as_array().unwrap().clone()
    }

    /// Every rule with its health, once each was evaluated.
    pub(crate) async fn rules(&self) -> Vec<Value> {
        let rules = async || {
            let data = self.get("rules", &[]).await.unwrap();
            let groups = data["groups"].as_array().unwrap().clone();
            groups
                .iter()
                .flat_map(|group| group["rules"].as_array().unwrap().clone())
                .collect::<Vec<_>>()
        };
        until("every rule is evaluated", async || {
            rules().await.iter().all(|rule| rule["health"] != "unknown")
        })
        .await;
        rules().await
    }

    pub(crate) async fn alerts(&self) -> Vec<Value> {
        self.get("alerts", &[]).await.unwrap()["alerts"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// Waits until so many targets were scraped without an error.
    pub(crate) async fn until_scraped(&self, count: usize) {
        until("the pods are scraped", async || {
            let data = self.get("targets", &[]).await.unwrap();
            let targets = data["activeTargets"].as_array().unwrap();
            targets.iter().filter(|target| target["health"] == "up").count() == count
        })
        .await;
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ended_before = self.child.kill();
        let _ended_before = self.child.wait();
    }
}
