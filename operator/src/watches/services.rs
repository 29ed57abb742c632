//! The watch of the services themselves, in one or several namespaces, into one store. I/O.

use std::collections::HashSet;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::select_all;
use healthcare_crds::HealthcareService;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource, ResourceExt};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{asks_for_a_pass, cause, initial};
use crate::access::Callers;
use crate::context::Context;
use crate::generations::generation;
use crate::metadata::without_managed_fields;
use crate::queue::{Cause, Key, Triggers};
use crate::scoped::scoped;

/// A service whose spec and status have not been read: one that cannot be must not stop the others.
#[derive(Clone, Debug, Deserialize, Resource)]
#[resource(inherit = HealthcareService)]
struct Unread {
    #[serde(deserialize_with = "without_managed_fields")]
    metadata: ObjectMeta,
    spec: Option<Box<RawValue>>,
    status: Option<Box<RawValue>>,
}

/// Keeps the store of services and triggers passes.
pub struct ServicesWatch {
    /// Namespaces to watch, all when it holds none.
    pub namespaces: Vec<Option<String>>,
    /// Who calls whom, for now nobody.
    pub callers: Callers,
    /// Memories to keep up to date.
    pub ctx: Arc<Context>,
    /// Where triggers go.
    pub triggers: Triggers,
}

impl ServicesWatch {
    /// Follows the services for ever, calling `synced` once every namespace has been listed.
    pub async fn run(mut self, mut synced: impl FnMut() + Send) {
        let mut events = self.stream();
        let mut listing: Vec<HashSet<Key>> = vec![HashSet::new(); self.namespaces.len()];
        let mut unlisted: HashSet<usize> = (0..self.namespaces.len()).collect();
        while let Some((scope, event)) = events.next().await {
            let Some(present) = listing.get_mut(scope) else {
                continue;
            };
            match event {
                Ok(Event::Init) => present.clear(),
                Ok(Event::InitApply(object)) => {
                    if let Some(service) = valid(object) {
                        present.insert(Key::from(&service));
                        self.saw(&service, unlisted.contains(&scope));
                    }
                }
                Ok(Event::InitDone) => {
                    self.remove_all_but(&std::mem::take(present), scope);
                    if unlisted.remove(&scope) && unlisted.is_empty() {
                        synced();
                    }
                }
                Ok(Event::Apply(object)) => {
                    if let Some(service) = valid(object) {
                        self.saw(&service, false);
                    }
                }
                Ok(Event::Delete(object)) => {
                    if let Some(service) = valid(object) {
                        self.gone(&service);
                    }
                }
                Err(error) => tracing::warn!(%error, "watch of HealthcareServices interrupted"),
            }
        }
    }

    fn stream(&self) -> impl futures::Stream<Item = (usize, watcher::Result<Event<Unread>>)> + Send + use<> {
        let client = &self.ctx.client;
        let each = self.namespaces.iter().enumerate().map(|(scope, namespace)| {
            let api: Api<Unread> = scoped(client, namespace.as_deref());
            let start = move |config| watcher(api.clone(), config).default_backoff().boxed();
            let events = initial::events(start, watcher::Config::default());
            events.map(move |event| (scope, event)).boxed()
        });
        select_all(each.collect::<Vec<_>>())
    }

    fn saw(&mut self, service: &HealthcareService, first_list: bool) {
        let key = Key::from(service);
        let before = self.ctx.services.get(&key);
        if before.as_ref().is_some_and(|before| is_earlier(service, before)) {
            return;
        }
        // Deleted and made again while the watch was cut.
        if let Some(gone) = before.as_ref().filter(|before| before.uid() != service.uid()) {
            self.ctx.forget(gone);
        }
        let asks = asks_for_a_pass(before.as_ref(), service).then(|| cause(service, first_list));
        self.ctx.statuses.shown(service);
        self.ctx.generations.shown(service);
        if asks.is_some() {
            self.callers.update(before.as_ref(), Some(service));
        }
        if before.is_none() && self.ctx.shard.owns(&key.namespace) {
            self.ctx.ledger.recall_all(service);
        }
        // Before the triggers: a pass that follows must find the service as it is now.
        self.ctx.services.put(&key, service);
        if let Some(cause) = asks {
            self.trigger_callers(&key);
            self.trigger(key, cause);
        }
    }

    /// Services of other shards are known, for they may call or be called, but are not worked on.
    fn trigger(&self, key: Key, cause: Cause) {
        if self.ctx.shard.owns(&key.namespace) {
            self.triggers.trigger(key, cause);
        }
    }

    fn gone(&mut self, service: &HealthcareService) {
        let key = Key::from(service);
        self.ctx.services.remove(&key);
        self.callers.update(Some(service), None);
        self.ctx.forget(service);
        self.trigger_callers(&key);
        self.triggers.forget(key);
    }

    fn remove_all_but(&mut self, present: &HashSet<Key>, scope: usize) {
        let namespace = self.namespaces.get(scope).cloned().flatten();
        let in_scope = |key: &Key| namespace.as_deref().is_none_or(|name| name == &*key.namespace);
        let known = self.ctx.services.keys().into_iter();
        let missing = known.filter(|key| in_scope(key) && !present.contains(key));
        for service in missing
            .filter_map(|key| self.ctx.services.get(&key))
            .collect::<Vec<_>>()
        {
            self.gone(&service);
        }
    }

    /// Services that call this one report whether it admits them.
    fn trigger_callers(&self, callee: &Key) {
        for caller in self.callers.of(callee) {
            self.trigger(caller.clone(), Cause::Sweep);
        }
    }
}

/// Whether a new watch began with what the API server remembered of a service, and an earlier one showed more.
fn is_earlier(service: &HealthcareService, before: &HealthcareService) -> bool {
    service.uid() == before.uid() && generation(service) < generation(before)
}

fn valid(object: Unread) -> Option<HealthcareService> {
    let (namespace, name) = (object.metadata.namespace.clone(), object.metadata.name.clone());
    match read(object) {
        Ok(service) => Some(trimmed(service)),
        Err(error) => {
            tracing::error!(
                namespace,
                name,
                %error,
                "a HealthcareService cannot be read: is the installed CRD older or newer than this operator?"
            );
            None
        }
    }
}

fn read(object: Unread) -> serde_json::Result<HealthcareService> {
    let status = object.status.map(|status| serde_json::from_str(status.get()));
    Ok(HealthcareService {
        metadata: object.metadata,
        spec: serde_json::from_str(object.spec.as_deref().map_or("null", RawValue::get))?,
        status: status.transpose()?,
    })
}

/// Without what kubectl keeps for itself.
fn trimmed(mut service: HealthcareService) -> HealthcareService {
    service.annotations_mut().remove(LAST_APPLIED);
    service
}

/// Where `kubectl apply` keeps the manifest.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

#[cfg(test)]
mod tests;
