//! `rollout status`: asks once, or follows a rollout to its end. I/O; the tree is made by [`crate::rollout`].

use std::io::ErrorKind;
use std::time::Duration;

use futures::StreamExt;
use healthcare_crds::{HealthcareService, keys};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::ListParams;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, ResourceExt};

use super::{ServiceArgs, StatusArgs, StatusFormat};
use crate::cluster::{Cluster, ClusterError, failed};
use crate::commands::World;
use crate::report::{Error, Report, Verdict, json};
use crate::rollout::{self, Outcome, Seen};
use crate::style::{BAD, WARN, paint};
use crate::tree::written;

/// What is followed.
pub(super) struct Watched<'a> {
    /// Which service.
    pub(super) service: &'a ServiceArgs,
    /// How changes are written.
    pub(super) output: StatusFormat,
    /// For how long.
    pub(super) timeout: Option<Duration>,
    /// The end that is wanted.
    pub(super) wanted: Outcome,
}

/// Tells how the rollout stands.
///
/// # Errors
/// When the cluster cannot be asked, or has no such service.
pub(super) async fn run(
    cluster: &Cluster,
    args: &StatusArgs,
    world: &mut World<'_>,
) -> Result<Report, Error> {
    if args.watch.watch {
        let watched = Watched {
            service: &args.service,
            output: args.output,
            timeout: args.watch.timeout,
            wanted: Outcome::Completed,
        };
        return to_the_end(cluster, &watched, world).await;
    }
    let service = cluster
        .service(args.service.namespace(cluster), &args.service.name)
        .await?;
    let (seen, notes) = seen(cluster, service, world).await;
    let view = rollout::view(&seen);
    Ok(Report {
        text: match args.output {
            StatusFormat::Tree => written(&rollout::tree(&view, seen.now)),
            StatusFormat::Json => json(&view)?,
        },
        notes,
        verdict: Verdict::of(!view.outcome.is_well()),
    })
}

/// Tells of each change until the end, and then how it stands.
///
/// # Errors
/// When the cluster cannot be asked, or the service is not there or goes.
pub(super) async fn to_the_end(
    cluster: &Cluster,
    watched: &Watched<'_>,
    world: &mut World<'_>,
) -> Result<Report, Error> {
    let namespace = watched.service.namespace(cluster);
    let mut last = cluster.service(namespace, &watched.service.name).await?;
    let following = follow(cluster, watched, world, &mut last);
    let is_late = match watched.timeout {
        Some(timeout) => tokio::time::timeout(timeout, following)
            .await
            .unwrap_or(Ok(true))?,
        None => following.await?,
    };
    let outcome = Outcome::of(&last);
    let (seen, mut notes) = seen(cluster, last, world).await;
    if is_late {
        notes.push(format!(
            "{}: the rollout has not ended within --timeout",
            paint(BAD, "too late")
        ));
    }
    Ok(Report {
        text: match watched.output {
            StatusFormat::Tree => written(&rollout::tree(&rollout::view(&seen), seen.now)),
            StatusFormat::Json => String::new(),
        },
        notes,
        verdict: Verdict::of(outcome != watched.wanted),
    })
}

/// Tells of each change, and ends with the rollout or the reader. Never late itself.
async fn follow(
    cluster: &Cluster,
    watched: &Watched<'_>,
    world: &mut World<'_>,
    last: &mut HealthcareService,
) -> Result<bool, Error> {
    let namespace = watched.service.namespace(cluster);
    let name = &watched.service.name;
    let api: Api<HealthcareService> = Api::namespaced(cluster.client.clone(), namespace);
    let mut changes = Box::pin(watcher::watch_object(api, name).default_backoff());
    let mut told = String::new();
    while let Some(change) = changes.next().await {
        let what = format!("HealthcareService {namespace}/{name}");
        let Some(found) = retried(change, &what)? else {
            continue;
        };
        *last = found.ok_or(ClusterError::Missing(what))?;
        let text = changed(last, watched.output, world)?;
        if text != told && !tell(world, &text)? {
            break;
        }
        told = text;
        if Outcome::of(last).is_end() {
            break;
        }
    }
    Ok(false)
}

/// What was seen; none when it is tried again, as a connection that breaks is. A refusal stays one.
fn retried<T>(change: watcher::Result<T>, what: &str) -> Result<Option<T>, ClusterError> {
    use watcher::Error::{InitialListFailed, WatchFailed, WatchStartFailed};
    match change {
        Ok(seen) => Ok(Some(seen)),
        Err(InitialListFailed(error) | WatchStartFailed(error) | WatchFailed(error)) if matches!(&error, kube::Error::Api(status) if matches!(status.code, 401 | 403)) => {
            Err(failed("watch", what)(error))
        }
        Err(_) => Ok(None),
    }
}

fn changed(service: &HealthcareService, output: StatusFormat, world: &World<'_>) -> Result<String, Error> {
    let seen = Seen {
        service: service.clone(),
        deployments: Vec::new(),
        now: world.clock.now(),
    };
    let view = rollout::view(&seen);
    Ok(match output {
        StatusFormat::Tree => written(&rollout::line(&view)),
        StatusFormat::Json => serde_json::to_string(&view)? + "\n",
    })
}

/// Writes now. Whether somebody still reads.
pub(super) fn tell(world: &mut World<'_>, text: &str) -> Result<bool, Error> {
    match (world.tell)(text) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(source) => Err(Error::Write {
            what: "standard output".to_owned(),
            source,
        }),
    }
}

/// The service with its Deployments; those that may not be read are told of.
async fn seen(cluster: &Cluster, service: HealthcareService, world: &World<'_>) -> (Seen, Vec<String>) {
    let namespace = service.namespace().unwrap_or_default();
    let api: Api<Deployment> = Api::namespaced(cluster.client.clone(), &namespace);
    let ours = ListParams::default().labels(&format!("{}={}", keys::SERVICE, service.name_any()));
    let (deployments, notes) = match api.list(&ours).await {
        Ok(list) => (list.items, Vec::new()),
        Err(error) => {
            let error = failed("list", format!("the Deployments of namespace {namespace}"))(error);
            (Vec::new(), vec![format!("{}: {error}", paint(WARN, "warning"))])
        }
    };
    let seen = Seen {
        service,
        deployments,
        now: world.clock.now(),
    };
    (seen, notes)
}

impl ServiceArgs {
    fn namespace<'a>(&'a self, cluster: &'a Cluster) -> &'a str {
        self.namespace.as_ref().unwrap_or(&cluster.namespace)
    }
}
