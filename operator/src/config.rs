//! The operator's settings: flags, each also an environment variable.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use service_kit::telemetry::TelemetryConfig;
use thiserror::Error;

use crate::leader::LeaseConfig;
use crate::plan::OperatorDefaults;
use crate::prometheus::PrometheusSettings;
use crate::shard::Shard;

/// Runs healthcare services on Kubernetes from one manifest each.
#[derive(Debug, Parser)]
#[command(name = "healthcare-operator", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the binary does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the controller
    Run(Box<RunArgs>),
    /// Print the CustomResourceDefinition as YAML
    Crd,
    /// Ask an HTTP URL; exit 0 when it answers with 2xx (for probes and tests in an image without a shell)
    Probe {
        /// Such as http://healthcare-operator:8080/readyz
        #[arg(long)]
        url: String,
    },
}

/// Settings of the controller.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// Namespaces to watch, separated by commas; all when empty
    #[arg(long, env = "WATCH_NAMESPACES", default_value = "", value_parser = parse_scope)]
    pub watch_namespaces: Scope,
    /// Address of /healthz, /readyz and /metrics
    #[arg(long, env = "ADMIN_ADDRESS", default_value = "0.0.0.0:8080")]
    pub admin_address: SocketAddr,
    /// Whether replicas elect a leader; false only for a single process
    #[arg(long, env = "LEADER_ELECT", default_value = "true", action = clap::ArgAction::Set)]
    pub leader_elect: bool,
    /// Namespace of the Lease [default: the namespace of the pod, else of the kubeconfig]
    #[arg(long, env = "LEASE_NAMESPACE")]
    pub lease_namespace: Option<String>,
    /// Namespace this process runs in
    #[arg(long, env = "POD_NAMESPACE", hide = true)]
    pub pod_namespace: Option<String>,
    /// Name of the Lease
    #[arg(long, env = "LEASE_NAME", default_value = "healthcare-operator", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub lease_name: String,
    /// Seconds a standby waits for a silent leader
    #[arg(long, env = "LEASE_DURATION_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(3..=300))]
    pub lease_duration_seconds: u64,
    /// Seconds after which a leader that cannot renew gives up [default: two thirds of the lease duration]
    #[arg(long, env = "RENEW_DEADLINE_SECONDS")]
    pub renew_deadline_seconds: Option<u64>,
    /// Seconds between tries [default: two fifteenths of the lease duration]
    #[arg(long, env = "RETRY_PERIOD_SECONDS")]
    pub retry_period_seconds: Option<u64>,
    /// Name of this replica in the Lease [default: the host name and a random suffix]
    #[arg(long, env = "POD_NAME")]
    pub identity: Option<String>,
    /// Passes at a time
    #[arg(long, env = "CONCURRENCY", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub concurrency: u16,
    /// Which share of the namespaces this process works on, as index/count; each share has a Lease of its own
    #[arg(long, env = "SHARD", default_value_t = Shard::WHOLE)]
    pub shard: Shard,
    /// What is added to every service
    #[command(flatten)]
    pub defaults: DefaultsArgs,
    /// Prometheus to ask how a new version does, such as http://prometheus.monitoring:9090/prefix [default: none, and rollouts go by readiness alone]
    #[arg(long, env = "PROMETHEUS_URL")]
    pub prometheus_url: Option<String>,
    /// File with a bearer token for Prometheus, read anew for each query
    #[arg(long, env = "PROMETHEUS_TOKEN_FILE")]
    pub prometheus_token_file: Option<String>,
    /// File of certificates (PEM) to trust for Prometheus, in place of the system's
    #[arg(long, env = "PROMETHEUS_CA_FILE")]
    pub prometheus_ca_file: Option<String>,
    /// Milliseconds after which Prometheus has not answered
    #[arg(long, env = "PROMETHEUS_TIMEOUT_MILLISECONDS", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(100..=60_000))]
    pub prometheus_timeout_milliseconds: u64,
    /// Logs and traces of the operator itself
    #[command(flatten)]
    pub telemetry: TelemetryConfig,
}

/// What the operator adds to every service. The command line takes the same flags, so that it renders what the operator
/// renders.
#[derive(Args, Clone, Debug)]
pub struct DefaultsArgs {
    /// OTLP endpoint given to services that name none
    #[arg(long, env = "DEFAULT_OTLP_ENDPOINT")]
    pub default_otlp_endpoint: Option<String>,
    /// Labels of namespaces whose pods may scrape services
    #[arg(long, env = "MONITORING_NAMESPACE_LABELS", default_value = "kubernetes.io/metadata.name=monitoring", value_parser = parse_selector)]
    pub monitoring_namespace_labels: Labels,
    /// Labels of namespaces whose pods forward outside traffic
    #[arg(long, env = "INGRESS_NAMESPACE_LABELS", default_value = "kubernetes.io/metadata.name=ingress-nginx", value_parser = parse_selector)]
    pub ingress_namespace_labels: Labels,
    /// Labels by which the cluster's Prometheus selects ServiceMonitors and PrometheusRules
    #[arg(long, env = "MONITOR_LABELS", default_value = "", value_parser = parse_labels)]
    pub monitor_labels: Labels,
}

/// Labels, as an object carries or a selector asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(pub BTreeMap<String, String>);

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Every namespace.
    All,
    /// These.
    Namespaces(Vec<String>),
}

impl Scope {
    /// One entry a watch: none stands for all namespaces.
    pub fn namespaces(&self) -> Vec<Option<String>> {
        match self {
            Self::All => vec![None],
            Self::Namespaces(names) => names.iter().cloned().map(Some).collect(),
        }
    }
}

impl DefaultsArgs {
    /// What these settings add to every service.
    pub fn resolved(&self) -> OperatorDefaults {
        OperatorDefaults {
            otlp_endpoint: given(self.default_otlp_endpoint.as_deref()).map(str::to_owned),
            monitoring_namespace_labels: self.monitoring_namespace_labels.0.clone(),
            ingress_namespace_labels: self.ingress_namespace_labels.0.clone(),
            monitor_labels: self.monitor_labels.0.clone(),
        }
    }
}

impl RunArgs {
    /// What these settings add to every service.
    pub fn defaults(&self) -> OperatorDefaults {
        self.defaults.resolved()
    }

    /// Where Prometheus is; none when no URL is set.
    pub fn prometheus(&self) -> Option<PrometheusSettings> {
        let file = |path: &Option<String>| given(path.as_deref()).map(PathBuf::from);
        given(self.prometheus_url.as_deref()).map(|url| PrometheusSettings {
            url: url.to_owned(),
            token_file: file(&self.prometheus_token_file),
            ca_file: file(&self.prometheus_ca_file),
            deadline: Duration::from_millis(self.prometheus_timeout_milliseconds),
        })
    }

    /// Terms of the election; client-go's proportions where only the duration is given.
    ///
    /// # Errors
    /// When not duration > deadline > period > 0: two replicas could lead at once.
    pub fn lease(&self, default_namespace: &str) -> Result<LeaseConfig, ConfigError> {
        let duration = Duration::from_secs(self.lease_duration_seconds);
        let renew_deadline = self
            .renew_deadline_seconds
            .map_or(duration * 2 / 3, Duration::from_secs);
        let retry_period = self
            .retry_period_seconds
            .map_or(duration * 2 / 15, Duration::from_secs);
        if duration <= renew_deadline || renew_deadline <= retry_period || retry_period.is_zero() {
            return Err(ConfigError::Lease {
                duration,
                renew_deadline,
                retry_period,
            });
        }
        let namespace = given(self.lease_namespace.as_deref())
            .or_else(|| given(self.pod_namespace.as_deref()))
            .unwrap_or(default_namespace);
        Ok(LeaseConfig {
            namespace: namespace.to_owned(),
            name: self.shard.lease_name(&self.lease_name),
            // An empty holder means that nobody leads.
            identity: given(self.identity.as_deref()).map_or_else(random_identity, str::to_owned),
            duration,
            renew_deadline,
            retry_period,
        })
    }
}

/// Why settings cannot be used together.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The terms of the election contradict each other.
    #[error(
        "lease duration {duration:?}, renew deadline {renew_deadline:?}, retry period {retry_period:?}: each must be shorter than the one before (LEASE_DURATION_SECONDS, RENEW_DEADLINE_SECONDS, RETRY_PERIOD_SECONDS)"
    )]
    Lease {
        /// How long a standby waits.
        duration: Duration,
        /// How long a leader tries.
        renew_deadline: Duration,
        /// Pause between tries.
        retry_period: Duration,
    },
}

/// A variable that is set to nothing counts as not set.
fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn random_identity() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let random = std::fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap_or_default();
    format!("{}-{}", host.trim(), random.split('-').next().unwrap_or_default())
}

fn parse_scope(text: &str) -> Result<Scope, String> {
    let names: Vec<_> = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();
    if let Some(wrong) = names.iter().find(|name| !is_dns_label(name)) {
        return Err(format!(
            "{wrong:?} is not a namespace: use lower-case letters, digits and dashes, at most 63"
        ));
    }
    if names.is_empty() {
        return Ok(Scope::All);
    }
    // One watch each, however often it is named.
    let names: BTreeSet<_> = names.into_iter().map(str::to_owned).collect();
    Ok(Scope::Namespaces(names.into_iter().collect()))
}

fn is_dns_label(name: &str) -> bool {
    let inner = name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    inner && (1..=63).contains(&name.len()) && !name.starts_with('-') && !name.ends_with('-')
}

fn parse_labels(text: &str) -> Result<Labels, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(parse_label).collect::<Result<_, _>>().map(Labels)
}

/// Labels of which there must be one at least: an empty namespaceSelector in a NetworkPolicy selects every namespace.
fn parse_selector(text: &str) -> Result<Labels, String> {
    let labels = parse_labels(text)?;
    if labels.0.is_empty() {
        return Err("no label at all would let every namespace in: write key=value".to_owned());
    }
    Ok(labels)
}

fn parse_label(part: &str) -> Result<(String, String), String> {
    let (key, value) = part.split_once('=').unwrap_or_default();
    let (key, value) = (key.trim(), value.trim());
    let (prefix, name) = key.rsplit_once('/').unwrap_or(("", key));
    let is_key = prefix
        .split('.')
        .all(|part| prefix.is_empty() || is_dns_label(part))
        && is_label_text(name);
    if is_key && (value.is_empty() || is_label_text(value)) {
        return Ok((key.to_owned(), value.to_owned()));
    }
    Err(format!(
        "{part:?} is not a label: write key=value, both of letters, digits, dashes, dots and underscores, at most 63"
    ))
}

/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>
fn is_label_text(text: &str) -> bool {
    let is_edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    inner && text.len() <= 63 && is_edge(text.chars().next()) && is_edge(text.chars().next_back())
}

#[cfg(test)]
mod tests;
