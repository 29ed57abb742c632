//! The arguments. What they do is in [`crate::commands`].

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use healthcare_operator::capabilities::Capabilities;
use healthcare_operator::config::DefaultsArgs;
use healthcare_operator::render::ChildKind;

use crate::cluster::ClusterArgs;
use crate::commands::{completions, compliance, crd, diff, graph, man, render, risk, rollout, validate, why};
use crate::report::EXIT_CODES;
use crate::service::Surroundings;

/// Work with HealthcareService manifests and the services they describe, by the code that the operator runs.
///
/// Manifests are read from files, directories (recursively, .yaml, .yml and .json) and standard input (-), as YAML with any
/// number of documents, as JSON, and as lists; objects of other kinds are passed over. So the output of kustomize or helm can
/// be piped in: kubectl kustomize overlays/production | gitops-health validate -
///
/// Installed as kubectl-healthcare on the PATH, it is also `kubectl healthcare`.
#[derive(Debug, Parser)]
#[command(name = "gitops-health", version, after_help = EXIT_CODES, max_term_width = 110, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Whether output is coloured; `auto`: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// What the program does.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "each command is described at its arguments, and that is what --help shows"
)]
pub enum Command {
    Render(render::RenderArgs),
    Validate(validate::ValidateArgs),
    Diff(diff::DiffArgs),
    Why(why::WhyArgs),
    Graph(graph::GraphArgs),
    Risk(risk::RiskArgs),
    Compliance(compliance::ComplianceArgs),
    Rollout(rollout::RolloutArgs),
    Crd(crd::CrdArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Also in a pipe.
    Always,
    /// Never.
    Never,
}

/// Which manifests.
#[derive(Args, Clone, Debug)]
pub struct SourceArgs {
    /// Files, directories, or - for standard input
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The same, as kubectl takes them
    #[arg(short = 'f', long = "filename", value_name = "PATH")]
    pub filenames: Vec<PathBuf>,
}

impl SourceArgs {
    /// Every source, in order.
    pub fn all(&self) -> Vec<PathBuf> {
        self.filenames.iter().chain(&self.paths).cloned().collect()
    }
}

/// In which surroundings manifests are rendered: the flags of the operator and the APIs of the cluster.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "The operator and its cluster")]
pub struct SurroundingsArgs {
    /// Optional APIs that the cluster has, such as monitoring.coreos.com/v1,gateway.networking.k8s.io/v1
    #[arg(long, value_name = "GROUP/VERSION[/KIND]", value_delimiter = ',', value_parser = parse_api)]
    pub api_versions: Vec<ApiVersion>,
    /// What the operator adds to every service.
    #[command(flatten)]
    pub defaults: DefaultsArgs,
}

/// An optional API, whole or one kind of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiVersion(Vec<ChildKind>);

/// Namespace of manifests.
#[derive(Args, Clone, Debug)]
pub struct NamespaceArgs {
    /// Namespace of manifests that name none [default: default]; one that names another is refused
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,
}

impl SurroundingsArgs {
    /// What these arguments amount to.
    pub fn surroundings(&self, namespace: &NamespaceArgs) -> Surroundings {
        let has = |kind| self.api_versions.iter().any(|api| api.0.contains(&kind));
        Surroundings {
            namespace: namespace.namespace.clone(),
            defaults: self.defaults.resolved(),
            capabilities: Capabilities {
                service_monitor: has(ChildKind::ServiceMonitor),
                prometheus_rule: has(ChildKind::PrometheusRule),
                http_route: has(ChildKind::HttpRoute),
            },
        }
    }
}

/// Other APIs than those that matter are accepted: the whole list of `kubectl api-versions` can be given.
fn parse_api(text: &str) -> Result<ApiVersion, String> {
    let text = text.trim();
    let is_api = text.split('/').all(|part| !part.is_empty()) && text.split('/').count() <= 3;
    if !is_api {
        return Err("write group/version or group/version/Kind, such as monitoring.coreos.com/v1".to_owned());
    }
    let optional = ChildKind::ALL.into_iter().filter(|kind| kind.is_optional());
    let named = |kind: &ChildKind| {
        let api = kind.api_version();
        text == api || text.strip_prefix(&api) == Some(&format!("/{}", kind.kind()))
    };
    Ok(ApiVersion(optional.filter(named).collect()))
}

/// The whole definition, under the name by which people call it.
pub fn definition(called: &'static str) -> clap::Command {
    let name = called.replace(' ', "-");
    Cli::command().name(name).bin_name(called)
}

#[cfg(test)]
mod tests;
