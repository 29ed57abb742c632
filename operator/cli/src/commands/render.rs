//! `render`: the children, as the controller applies them.

use std::io::Read;

use clap::{Args, ValueEnum};
use healthcare_crds::HealthcareService;
use healthcare_operator::capabilities::Capabilities;
use kube::ResourceExt;
use serde_json::{Value, json};

use crate::cli::{NamespaceArgs, SourceArgs, SurroundingsArgs};
use crate::cluster::{Cluster, ClusterArgs, ClusterError, failed};
use crate::input::{self, Manifest};
use crate::report::{Error, Report, json as as_json};
use crate::schema::Checker;
use crate::service::{self, Refused, Surroundings, full_name};

/// Print the objects that the operator makes of manifests
///
/// The objects are those that the operator applies, byte for byte, in its order. What an operator is told by its own flags, and
/// which optional APIs the cluster has, changes them: give the same flags here. Without a cluster the owner references hold the
/// uid 00000000-0000-0000-0000-000000000000. The number of replicas of a Deployment is not among it: the operator sets it
/// apart, unless an autoscaler does.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub struct RenderArgs {
    /// Which manifests.
    #[command(flatten)]
    pub sources: SourceArgs,
    /// Their namespace.
    #[command(flatten)]
    pub namespace: NamespaceArgs,
    /// YAML documents, or one v1 List as JSON
    #[arg(short, long, default_value = "yaml")]
    pub output: RenderFormat,
    /// Ask the cluster which optional APIs it has and which uid each service has there
    #[arg(long, conflicts_with = "api_versions")]
    pub live: bool,
    /// Operator and cluster.
    #[command(flatten)]
    pub surroundings: SurroundingsArgs,
}

/// How objects are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RenderFormat {
    /// Documents, each behind a line `---`.
    Yaml,
    /// A `v1` `List`.
    Json,
}

/// Renders.
///
/// # Errors
/// When something cannot be read or rendered.
pub async fn run(args: &RenderArgs, cluster: &ClusterArgs, stdin: &mut dyn Read) -> Result<Report, Error> {
    let manifests = input::read(&args.sources.all(), stdin)?.whole()?;
    let mut surroundings = args.surroundings.surroundings(&args.namespace);
    let mut services = services(&manifests, &surroundings)?;
    if args.live {
        let cluster = Cluster::connect(cluster).await?;
        surroundings.capabilities = capabilities(&cluster).await?;
        for service in &mut services {
            identify(&cluster, service).await?;
        }
    }
    let children = children(&services, &surroundings)?;
    Ok(Report::fine(match args.output {
        RenderFormat::Yaml => yaml(&children)?,
        RenderFormat::Json => as_json(&json!({"apiVersion": "v1", "kind": "List", "items": children}))?,
    }))
}

/// The services that valid manifests describe.
///
/// # Errors
/// [`Error::Refused`] with everything that is wrong with any of them.
pub fn services(
    manifests: &[Manifest],
    surroundings: &Surroundings,
) -> Result<Vec<HealthcareService>, Error> {
    let checker = Checker::published();
    let mut refused = Vec::new();
    let mut services = Vec::new();
    for manifest in manifests {
        match service::service(&checker, manifest, surroundings, false) {
            Ok(service) => services.push(service),
            Err(refusals) => refused.push(Refused {
                manifest: Box::new(manifest.clone()),
                refusals,
            }),
        }
    }
    if refused.is_empty() {
        Ok(services)
    } else {
        Err(Error::Refused(refused))
    }
}

fn children(services: &[HealthcareService], surroundings: &Surroundings) -> Result<Vec<Value>, Error> {
    let mut bodies = Vec::new();
    for service in services {
        let children = service::children(service, surroundings).map_err(|refusal| Error::Service {
            name: full_name(service),
            refusal,
        })?;
        bodies.extend(children.into_iter().map(|child| child.body));
    }
    Ok(bodies)
}

fn yaml(objects: &[Value]) -> Result<String, Error> {
    let documents = objects
        .iter()
        .map(|object| Ok(format!("---\n{}", serde_yaml::to_string(object)?)));
    documents.collect()
}

/// The optional APIs that a cluster has.
///
/// # Errors
/// When it cannot be asked.
pub async fn capabilities(cluster: &Cluster) -> Result<Capabilities, ClusterError> {
    Capabilities::discover(&cluster.client)
        .await
        .map_err(failed("ask for", "the APIs of the cluster"))
}

/// Gives a service the uid and generation that it has in the cluster, if it is there, and tells it as it is there.
///
/// # Errors
/// When the cluster cannot be asked.
pub async fn identify(
    cluster: &Cluster,
    service: &mut HealthcareService,
) -> Result<Option<HealthcareService>, ClusterError> {
    let namespace = service.namespace().unwrap_or_default();
    let found = cluster.find(&namespace, &service.name_any()).await?;
    if let Some(live) = &found {
        service.metadata.uid.clone_from(&live.metadata.uid);
        service.metadata.generation = live.metadata.generation;
    }
    Ok(found)
}
