//! What is done to the services, and how long it takes until it has its effect.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use healthcare_crds::HealthcareService;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::watcher::{self, watcher};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::world::{NAMESPACE, World, name, service};

/// Children of each service.
const CHILDREN: usize = 11;
/// Longest time for a phase.
const PATIENCE: Duration = Duration::from_hours(1);
/// Services that are tampered with.
const SAMPLES: usize = 100;

/// Creates all services. The time of each is from its creation to its complete inventory.
pub(crate) async fn converge(world: &World, services: usize) -> Result<Vec<Duration>> {
    let api = world.services();
    let all = (0..services).map(|number| service(number, NAMESPACE));
    let all = all.collect::<Result<Vec<_>>>()?;
    let is_complete = |service: &HealthcareService| {
        let status = service.status.as_ref();
        status.is_some_and(|status| status.inventory.len() == CHILDREN)
    };
    let complete = watch_until(world, services, is_complete).await?;
    let begun = stream::iter(all).map(|service| {
        let api = api.clone();
        async move {
            let begun = Instant::now();
            api.create(&PostParams::default(), &service).await?;
            anyhow::Ok((service.name_any(), begun))
        }
    });
    let begun: HashMap<_, _> = begun.buffer_unordered(world.concurrency).try_collect().await?;
    times(begun, &complete.await?)
}

/// Gives every service another image. The time of each is from the change to the status that tells of it.
pub(crate) async fn change_all(world: &World, services: usize) -> Result<Vec<Duration>> {
    const IMAGE: &str = "registry.local/changed:2";
    let api = world.services();
    let is_changed = |service: &HealthcareService| {
        let status = service.status.as_ref();
        status.and_then(|status| status.image.as_deref()) == Some(IMAGE)
    };
    let changed = watch_until(world, services, is_changed).await?;
    let begun = stream::iter(0..services).map(|number| {
        let api = api.clone();
        async move {
            let begun = Instant::now();
            let patch = Patch::Merge(json!({"spec": {"image": IMAGE}}));
            api.patch(&name(number), &PatchParams::default(), &patch).await?;
            anyhow::Ok((name(number), begun))
        }
    });
    let begun: HashMap<_, _> = begun.buffer_unordered(world.concurrency).try_collect().await?;
    times(begun, &changed.await?)
}

fn times(begun: HashMap<String, Instant>, ended: &HashMap<String, Instant>) -> Result<Vec<Duration>> {
    let time = |(name, begun): (String, Instant)| {
        let ended = ended.get(&name).with_context(|| format!("{name} was not seen"))?;
        Ok(ended.saturating_duration_since(begun))
    };
    begun.into_iter().map(time).collect()
}

/// Watches until so many services are as `wanted`, and tells when each was first seen so. Returns once it watches.
async fn watch_until(
    world: &World,
    services: usize,
    wanted: impl Fn(&HealthcareService) -> bool + Send + 'static,
) -> Result<impl Future<Output = Result<HashMap<String, Instant>>>> {
    let api = world.services();
    let (listed, watching) = oneshot::channel();
    let task = tokio::spawn(async move {
        let mut events = watcher(api, watcher::Config::default()).boxed();
        let (mut seen, mut listed) = (HashMap::new(), Some(listed));
        while seen.len() < services {
            match events.try_next().await?.context("the watch ended")? {
                watcher::Event::InitDone => drop(listed.take().map(|listed| listed.send(()))),
                watcher::Event::Apply(service) if wanted(&service) => {
                    seen.entry(service.name_any()).or_insert_with(Instant::now);
                }
                _ => {}
            }
        }
        anyhow::Ok(seen)
    });
    watching.await.context("the watch begins")?;
    Ok(async {
        let ended = tokio::time::timeout(PATIENCE, task).await;
        ended.context("not all services got there")??
    })
}

/// Deletes Services, one after another: the time until each is there again.
pub(crate) async fn delete_services(world: &World, services: usize) -> Result<Vec<Duration>> {
    let api: Api<Service> = Api::namespaced(world.client.clone(), NAMESPACE);
    let mut times = Vec::new();
    for number in 0..services.min(SAMPLES) {
        let name = name(number);
        let before = api.get(&name).await?.uid();
        let begun = Instant::now();
        api.delete(&name, &DeleteParams::default()).await?;
        until(|| async {
            Ok(api
                .get_opt(&name)
                .await?
                .is_some_and(|found| found.uid() != before))
        })
        .await?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// Edits Deployments as `kubectl set image` does: the time until each is as it was.
pub(crate) async fn edit_deployments(world: &World, services: usize) -> Result<Vec<Duration>> {
    tamper(world, services, |image| {
        json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": format!("{image}-evil")}])
    })
    .await
}

/// Adds a container to Deployments: the time until it is out again.
pub(crate) async fn add_sidecars(world: &World, services: usize) -> Result<Vec<Duration>> {
    tamper(world, services, |_| {
        json!([{"op": "add", "path": "/spec/template/spec/containers/-", "value": {"name": "sidecar", "image": "registry.local/evil:1"}}])
    })
    .await
}

async fn tamper(world: &World, services: usize, patch: impl Fn(&str) -> Value) -> Result<Vec<Duration>> {
    let api: Api<Deployment> = Api::namespaced(world.client.clone(), NAMESPACE);
    let images = |deployment: &Deployment| -> Vec<String> {
        let containers = deployment
            .spec
            .iter()
            .filter_map(|spec| spec.template.spec.as_ref());
        let containers = containers.flat_map(|pod| &pod.containers);
        containers
            .filter_map(|container| container.image.clone())
            .collect()
    };
    let mut times = Vec::new();
    for number in 0..services.min(SAMPLES) {
        let name = name(number);
        let before = images(&api.get(&name).await?);
        let patch = patch(before.first().map_or("", String::as_str));
        let patch = Patch::Json::<()>(serde_json::from_value(patch)?);
        api.patch(&name, &PatchParams::apply("kubectl-edit"), &patch)
            .await?;
        let begun = Instant::now();
        until(|| async { Ok(images(&api.get(&name).await?) == before) }).await?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// Labels that another manager adds to Services are none of the operator's business.
pub(crate) async fn label_services(world: &World, services: usize) -> Result<Vec<Duration>> {
    let api: Api<Service> = Api::namespaced(world.client.clone(), NAMESPACE);
    let patch = Patch::Merge(json!({"metadata": {"labels": {"team": "records"}}}));
    for number in 0..services.min(SAMPLES) {
        api.patch(&name(number), &PatchParams::apply("kubectl-label"), &patch)
            .await?;
    }
    Ok(Vec::new())
}

/// Scales Deployments through the subresource, as the autoscaler does.
pub(crate) async fn scale_deployments(world: &World, services: usize) -> Result<Vec<Duration>> {
    let api: Api<Deployment> = Api::namespaced(world.client.clone(), NAMESPACE);
    let patch = Patch::Merge(json!({"spec": {"replicas": 4}}));
    for number in 0..services.min(SAMPLES) {
        api.patch_scale(&name(number), &PatchParams::default(), &patch)
            .await?;
    }
    Ok(Vec::new())
}

/// Waits until the pods of all Deployments serve, so that the next measurement begins at rest.
pub(crate) async fn all_available(world: &World) -> Result<()> {
    let api: Api<Deployment> = Api::namespaced(world.client.clone(), NAMESPACE);
    let started = Instant::now();
    let is_available = |deployment: &Deployment| {
        let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas);
        let status = deployment.status.as_ref();
        status.and_then(|status| status.available_replicas) == wanted
    };
    let all = ListParams::default();
    while !api.list(&all).await?.iter().all(is_available) {
        if started.elapsed() > PATIENCE {
            bail!("the pods do not come up");
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    Ok(())
}

/// Asks every few milliseconds.
async fn until<F: Future<Output = Result<bool>>>(holds: impl Fn() -> F) -> Result<()> {
    let started = Instant::now();
    while !holds().await? {
        if started.elapsed() > Duration::from_mins(1) {
            bail!("the operator does not put it right");
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}
