//! `why`: why a service is not ready. I/O; the tree is made by [`crate::why`].

use clap::{Args, ValueEnum};
use healthcare_crds::keys;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::ListParams;
use kube::{Api, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use service_kit::Clock;

use crate::cluster::{Cluster, ClusterArgs, ClusterError, failed};
use crate::report::{Error, Report, Verdict, json};
use crate::style::{WARN, paint};
use crate::why::{self, Health, Seen};

/// Most pods in trouble whose events are asked for.
const MOST_PODS: usize = 5;

/// Tell why a service is not ready, down to the container
///
/// Reads the service, its Deployments, ReplicaSets, pods and autoscaler and the warnings about them; neither Secrets nor
/// ConfigMaps nor environments. The exit code is 0 when the service is ready in its current generation, and 1 when not.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub struct WhyArgs {
    /// Name of the HealthcareService
    pub name: String,
    /// Its namespace [default: that of the context]
    #[arg(short, long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// A tree, or JSON
    #[arg(short, long, default_value = "tree")]
    pub output: WhyFormat,
    /// Also tell what containers wrote when they ended; that may hold anything that they know
    #[arg(long)]
    pub termination_messages: bool,
}

/// How the tree is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WhyFormat {
    /// For people.
    Tree,
    /// For programs.
    Json,
}

/// Asks and tells.
///
/// # Errors
/// When the cluster cannot be asked, or has no such service.
pub async fn run(args: &WhyArgs, cluster: &ClusterArgs, clock: &Clock) -> Result<Report, Error> {
    let cluster = Cluster::connect(cluster).await?;
    let namespace = args.namespace.as_ref().unwrap_or(&cluster.namespace);
    let mut asked = Asked {
        cluster: &cluster,
        namespace,
        notes: Vec::new(),
    };
    let mut seen = asked.seen(&args.name, clock).await?;
    seen.tells_termination_messages = args.termination_messages;
    let tree = why::tree(&seen);
    Ok(Report {
        text: match args.output {
            WhyFormat::Tree => why::written(&tree),
            WhyFormat::Json => json(&tree)?,
        },
        notes: asked.notes,
        verdict: Verdict::of(tree.health != Health::Good),
    })
}

/// The cluster, and what it did not let be seen.
struct Asked<'a> {
    cluster: &'a Cluster,
    namespace: &'a str,
    notes: Vec<String>,
}

impl Asked<'_> {
    async fn seen(&mut self, name: &str, clock: &Clock) -> Result<Seen, ClusterError> {
        let service = self.cluster.service(self.namespace, name).await?;
        let of_service = ListParams::default().labels(&format!("{}={name}", keys::SERVICE));
        let deployments: Vec<Deployment> = self.list("Deployments", &of_service).await;
        let uid = service.uid();
        let is_ours = |deployment: &Deployment| {
            let mut owners = deployment.owner_references().iter();
            owners.any(|owner| Some(&owner.uid) == uid.as_ref())
        };
        let autoscalers: Vec<HorizontalPodAutoscaler> =
            self.list("HorizontalPodAutoscalers", &of_service).await;
        let mut seen = Seen {
            deployments: deployments.into_iter().filter(is_ours).collect(),
            replica_sets: self.list::<ReplicaSet>("ReplicaSets", &of_service).await,
            pods: self.list::<Pod>("pods", &of_service).await,
            autoscaler: autoscalers.into_iter().next(),
            service,
            events: Vec::new(),
            tells_termination_messages: false,
            now: clock.now(),
        };
        seen.events = self.events(&seen).await;
        Ok(seen)
    }

    fn api<T>(&self) -> Api<T>
    where
        T: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.cluster.client.clone(), self.namespace)
    }

    /// A list that may not be read is told of, and the rest still explains something.
    async fn list<T>(&mut self, what: &str, params: &ListParams) -> Vec<T>
    where
        T: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        match self.api::<T>().list(params).await {
            Ok(list) => list.items,
            Err(error) => {
                let error = failed("list", format!("{what} of namespace {}", self.namespace))(error);
                let note = format!("{}: {error}", paint(WARN, "warning"));
                if !self.notes.contains(&note) {
                    self.notes.push(note);
                }
                Vec::new()
            }
        }
    }

    /// Warnings about the service and what is not well of it.
    async fn events(&mut self, seen: &Seen) -> Vec<Event> {
        let above = [seen.service.uid()].into_iter();
        let above = above.chain(seen.deployments.iter().map(ResourceExt::uid));
        let above = above.chain(seen.replica_sets.iter().map(ResourceExt::uid));
        let pods = why::troubled(&seen.pods).take(MOST_PODS).map(ResourceExt::uid);
        let uids: Vec<_> = above.chain(pods).flatten().collect();
        let mut found = Vec::new();
        for uid in uids {
            let params = ListParams::default().fields(&format!("involvedObject.uid={uid},type=Warning"));
            found.extend(self.list::<Event>("events", &params).await);
        }
        found
    }
}
