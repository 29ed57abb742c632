//! Metrics, traces, logs, alerts and objectives.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is observed, and what raises an alert. Everything is on by default.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Observability {
    /// Scraping by Prometheus, through a ServiceMonitor.
    #[serde(default)]
    pub metrics: Metrics,
    /// Export of spans by OTLP.
    #[serde(default)]
    pub tracing: Tracing,
    /// Logs.
    #[serde(default)]
    pub logging: Logging,
    /// Alerts, as a PrometheusRule.
    #[serde(default)]
    pub alerts: Alerts,
    /// The service-level objective: adds multi-window burn-rate alerts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slo: Option<Slo>,
}

/// Scraping of metrics.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// Whether Prometheus scrapes the service.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Path of the metrics.
    #[serde(default = "metrics_path")]
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^/\S*$"))]
    pub path: String,
    /// Port of the metrics, `spec.port` by default; otherwise one of `spec.additionalPorts` by number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
    /// Time between scrapes, such as `30s` or `1m`.
    #[serde(default = "scrape_interval")]
    #[schemars(length(min = 2, max = 8), regex(pattern = r"^[1-9][0-9]{0,4}(s|m)$"))]
    pub interval: String,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            enabled: true,
            path: metrics_path(),
            port: None,
            interval: scrape_interval(),
        }
    }
}

/// Export of spans.
#[derive(Clone, Debug, Deserialize, KubeSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Tracing {
    /// Whether the service exports spans. Without an endpoint here or in the operator's settings nothing is exported.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// OTLP endpoint over HTTP, such as `http://otel-collector.observability:4318`; the operator's own by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = Rule::new("self.matches('^https?://[^ /:]+(:[0-9]{1,5})?(/[^ ]*)?$')").message(Message::Expression("'tracing.endpoint %s is not a URL: write it like http://otel-collector.observability:4318'.format([self])".into())))]
    pub endpoint: Option<String>,
    /// Share of new traces that are recorded, from 0 to 1. The caller's decision is kept.
    #[serde(default = "sampling_ratio")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub sampling_ratio: f64,
}

impl Default for Tracing {
    fn default() -> Self {
        Self {
            enabled: true,
            endpoint: None,
            sampling_ratio: sampling_ratio(),
        }
    }
}

/// Logs of the service.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Logging {
    /// Least level that is logged.
    #[serde(default)]
    pub level: LogLevel,
}

/// Level of logging.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Everything.
    Trace,
    /// For finding faults.
    Debug,
    /// Normal operation.
    #[default]
    Info,
    /// Things to look at.
    Warn,
    /// Failures only.
    Error,
}

impl LogLevel {
    /// The level as services read it from the environment.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Alerts on the service.
#[derive(Clone, Debug, Deserialize, KubeSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Alerts {
    /// Whether the standard alerts (error rate, latency, down, pods not ready, replicas at maximum) are made.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Percent of failed (5xx) requests over five minutes that raises the error-rate alert.
    #[serde(default = "error_rate_percent")]
    #[schemars(range(min = 0.001, max = 100.0))]
    pub error_rate_percent: f64,
    /// Milliseconds that the 99th percentile may take before the latency alert.
    #[serde(default = "latency_milliseconds")]
    #[schemars(range(min = 1, max = 600_000))]
    pub latency_milliseconds: i32,
    /// Labels of every alert, for routing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 16))]
    #[x_kube(validation = Rule::new("self.all(k, k.matches('^[a-zA-Z_][a-zA-Z0-9_]*$'))")
        .message("alerts.labels: a Prometheus label name holds letters, digits and '_' and does not start with a digit; rename it"))]
    pub labels: BTreeMap<String, String>,
    /// Base of the runbook links; the alert's name is added to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512), regex(pattern = r"^https?://\S+$"))]
    pub runbook_base_url: Option<String>,
    /// Alerts of your own, parsed before they reach Prometheus.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["alert".into()]))]
    pub extra_rules: Vec<ExtraAlert>,
}

impl Default for Alerts {
    fn default() -> Self {
        Self {
            enabled: true,
            error_rate_percent: error_rate_percent(),
            latency_milliseconds: latency_milliseconds(),
            labels: BTreeMap::new(),
            runbook_base_url: None,
            extra_rules: Vec::new(),
        }
    }
}

/// An alert written by the service's team.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ExtraAlert {
    /// Name of the alert.
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[a-zA-Z_][a-zA-Z0-9_]*$"))]
    pub alert: String,
    /// PromQL expression: the alert is raised while it returns something.
    #[schemars(length(min = 1, max = 4096))]
    pub expr: String,
    /// Time the expression must hold, such as `5m`.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 8), regex(pattern = r"^[0-9]{1,5}(s|m|h|d)$"))]
    pub hold: Option<String>,
    /// Severity label.
    #[serde(default)]
    pub severity: Severity,
    /// One line for the person who is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub summary: Option<String>,
}

/// Severity of an alert.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Calls somebody.
    Critical,
    /// Makes a ticket.
    #[default]
    Warning,
    /// For dashboards.
    Info,
}

impl Severity {
    /// The value of the `severity` label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A service-level objective over thirty days.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Slo {
    /// Percent of requests that must succeed, such as 99.9.
    #[schemars(range(min = 50.0, max = 99.999))]
    pub objective: f64,
    /// Milliseconds within which a request must also be answered to count as good. It must be a bucket bound of
    /// the request histogram; without it only failures count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 600_000))]
    pub latency_milliseconds: Option<i32>,
}

fn yes() -> bool {
    true
}
fn metrics_path() -> String {
    "/metrics".into()
}
fn scrape_interval() -> String {
    "30s".into()
}
fn sampling_ratio() -> f64 {
    0.1
}
fn error_rate_percent() -> f64 {
    5.0
}
fn latency_milliseconds() -> i32 {
    1000
}
