//! The cluster that commands ask. I/O.

use std::path::PathBuf;

use clap::Args;
use healthcare_crds::HealthcareService;
use kube::api::ListParams;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Api, Client, Config};
use thiserror::Error;

/// Which cluster.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Cluster")]
pub struct ClusterArgs {
    /// File with the cluster's address and credentials [default: as kubectl: $KUBECONFIG, ~/.kube/config, the pod's account]
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig [default: the current one]
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
}

/// Why the cluster does not give what was asked for.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// The kubeconfig cannot be used.
    #[error("no cluster to ask: {0}: name one with --kubeconfig and --context")]
    Kubeconfig(#[from] KubeconfigError),
    /// There is neither a kubeconfig nor a pod's account.
    #[error("no cluster to ask: {0}: name one with --kubeconfig and --context")]
    Infer(#[from] kube::config::InferConfigError),
    /// The kubeconfig's settings make no client.
    #[error("the kubeconfig cannot be used: {0}")]
    Client(kube::Error),
    /// A request failed.
    #[error("cannot {action} {what}: {}", explained(.source))]
    Request {
        /// Such as `read`.
        action: &'static str,
        /// Such as `Deployment healthcare/api`.
        what: String,
        /// What the client said.
        source: kube::Error,
    },
    /// It is not there.
    #[error("there is no {0}: check the name and --namespace")]
    Missing(String),
}

/// The API server's message without the debug form of the whole answer.
fn explained(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => {
            format!("{} ({} {})", status.message, status.code, status.reason)
        }
        other => {
            let mut text = other.to_string();
            let mut source = std::error::Error::source(other);
            while let Some(error) = source {
                let more = error.to_string();
                if !text.contains(&more) {
                    text = format!("{text}: {more}");
                }
                source = error.source();
            }
            text
        }
    }
}

/// A cluster and the namespace that its context names.
#[derive(Clone)]
pub struct Cluster {
    /// Its API server.
    pub client: Client,
    /// Namespace of the context, `default` where it names none.
    pub namespace: String,
}

impl Cluster {
    /// Prepares to ask the cluster that the arguments name. No request is made yet.
    ///
    /// # Errors
    /// When there is no such cluster in the kubeconfig.
    pub async fn connect(args: &ClusterArgs) -> Result<Self, ClusterError> {
        let config = config(args).await?;
        let namespace = config.default_namespace.clone();
        let client = Client::try_from(config).map_err(ClusterError::Client)?;
        Ok(Self { client, namespace })
    }

    /// A service, if it is there.
    ///
    /// # Errors
    /// When the cluster cannot be asked.
    pub async fn find(&self, namespace: &str, name: &str) -> Result<Option<HealthcareService>, ClusterError> {
        let api: Api<HealthcareService> = Api::namespaced(self.client.clone(), namespace);
        let found = api.get_opt(name).await;
        found.map_err(failed("read", title(namespace, name)))
    }

    /// A service that has to be there.
    ///
    /// # Errors
    /// When it is not, or the cluster cannot be asked.
    pub async fn service(&self, namespace: &str, name: &str) -> Result<HealthcareService, ClusterError> {
        let found = self.find(namespace, name).await?;
        found.ok_or_else(|| ClusterError::Missing(title(namespace, name)))
    }

    /// The services of a namespace, or of all.
    ///
    /// # Errors
    /// When the cluster cannot be asked.
    pub async fn services(&self, namespace: Option<&str>) -> Result<Vec<HealthcareService>, ClusterError> {
        let client = self.client.clone();
        let (api, place) = match namespace {
            Some(namespace) => (
                Api::namespaced(client, namespace),
                format!("namespace {namespace}"),
            ),
            None => (Api::all(client), "every namespace".to_owned()),
        };
        let list = api.list(&ListParams::default()).await;
        let what = format!("the HealthcareServices of {place}");
        Ok(list.map_err(failed("list", what))?.items)
    }
}

fn title(namespace: &str, name: &str) -> String {
    format!("HealthcareService {namespace}/{name}")
}

async fn config(args: &ClusterArgs) -> Result<Config, ClusterError> {
    let options = KubeConfigOptions {
        context: args.context.clone(),
        ..KubeConfigOptions::default()
    };
    Ok(match &args.kubeconfig {
        Some(file) => Config::from_custom_kubeconfig(Kubeconfig::read_from(file)?, &options).await?,
        None if args.context.is_some() => Config::from_kubeconfig(&options).await?,
        None => Config::infer().await?,
    })
}

/// Names what a failed request was about.
pub fn failed(action: &'static str, what: impl Into<String>) -> impl FnOnce(kube::Error) -> ClusterError {
    let what = what.into();
    move |source| ClusterError::Request { action, what, source }
}
