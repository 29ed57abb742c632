//! Services of a cluster with the objects that are there. I/O.

use healthcare_crds::{HealthcareService, keys};
use healthcare_operator::compliance::{Input, Report as Judged};
use healthcare_operator::render::ChildKind;
use jiff::Timestamp;
use kube::api::ListParams;
use kube::core::DynamicObject;
use kube::{Api, ResourceExt};
use serde_json::Value;

use super::{ReportArgs, judged};
use crate::cluster::{Cluster, ClusterError, failed};
use crate::commands::render::capabilities;
use crate::report::Error;
use crate::service::{self, Surroundings, full_name, unseen};
use crate::style::{WARN, paint};

/// A child that is there, with the uid of its owner.
struct Found {
    owner: String,
    kind: ChildKind,
    body: Value,
}

/// The reports, and what is to be said of services that cannot be judged.
pub(super) async fn reports(
    cluster: &Cluster,
    args: &ReportArgs,
    mut surroundings: Surroundings,
    now: Timestamp,
) -> Result<(Vec<Judged>, Vec<String>), Error> {
    surroundings.capabilities = capabilities(cluster).await?;
    let namespace = args.namespace.namespace.as_ref().unwrap_or(&cluster.namespace);
    let namespace = Some(namespace.as_str()).filter(|_| !args.all_namespaces);
    let services = services(cluster, args, namespace).await?;
    let children = children(cluster, namespace, &surroundings).await?;
    let (mut reports, mut unjudged) = (Vec::new(), Vec::new());
    for service in &services {
        match judge(args, service, &children, &surroundings, now) {
            Ok(report) => reports.push(report),
            Err(why) => unjudged.push(format!(
                "{}: {} cannot be judged: {why}",
                paint(WARN, "warning"),
                full_name(service)
            )),
        }
    }
    Ok((reports, unjudged))
}

async fn services(
    cluster: &Cluster,
    args: &ReportArgs,
    namespace: Option<&str>,
) -> Result<Vec<HealthcareService>, ClusterError> {
    let Some(namespace) = namespace.filter(|_| !args.targets.is_empty()) else {
        return cluster.services(namespace).await;
    };
    let mut found = Vec::new();
    for name in &args.targets {
        found.push(cluster.service(namespace, &name.to_string_lossy()).await?);
    }
    Ok(found)
}

/// Every child, by one request for each kind: a cluster may have thousands of services. Revisions evidence nothing.
async fn children(
    cluster: &Cluster,
    namespace: Option<&str>,
    surroundings: &Surroundings,
) -> Result<Vec<Found>, ClusterError> {
    let kinds = ChildKind::ALL
        .into_iter()
        .filter(|kind| kind.is_served(surroundings.capabilities) && *kind != ChildKind::ControllerRevision);
    let ours = ListParams::default().labels(keys::SERVICE);
    let mut all = Vec::new();
    for kind in kinds {
        let client = cluster.client.clone();
        let api: Api<DynamicObject> = match namespace {
            Some(namespace) => Api::namespaced_with(client, namespace, &kind.resource()),
            None => Api::all_with(client, &kind.resource()),
        };
        let list = api.list(&ours).await;
        let list = list.map_err(failed("list", format!("the {} of the services", kind.plural())))?;
        all.extend(list.items.into_iter().filter_map(|object| found(kind, object)));
    }
    Ok(all)
}

/// None of what no service owns.
fn found(kind: ChildKind, mut object: DynamicObject) -> Option<Found> {
    let mut owners = object.owner_references().iter();
    let owner = owners.find(|owner| owner.controller == Some(true))?.uid.clone();
    // Items of a list do not tell their kind.
    object.types.get_or_insert_with(|| kube::core::TypeMeta {
        api_version: kind.api_version(),
        kind: kind.kind().to_owned(),
    });
    let body = serde_json::to_value(object).ok()?;
    Some(Found { owner, kind, body })
}

fn judge(
    args: &ReportArgs,
    service: &HealthcareService,
    children: &[Found],
    surroundings: &Surroundings,
    now: Timestamp,
) -> Result<Judged, String> {
    let uid = service.uid().unwrap_or_default();
    let own: Vec<_> = children.iter().filter(|child| child.owner == uid).collect();
    if own.is_empty()
        && let Some(unseen) = unseen(service)
    {
        return Err(unseen);
    }
    let plan = service::plan(service, surroundings).map_err(|refusal| refusal.to_string())?;
    let own = own.into_iter().map(|child| (child.kind, &child.body));
    Ok(judged(args, &Input::live(service, &plan, own), now))
}
