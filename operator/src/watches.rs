//! The watches: what each event means, and which service it concerns. I/O.

use std::collections::HashSet;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use healthcare_crds::{HealthcareService, keys};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::{DynamicObject, PartialObjectMeta};
use kube::runtime::WatchStreamExt;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource, ResourceExt};
use tokio::sync::mpsc::UnboundedSender;

use crate::context::Context;
use crate::ledger::{ChildKey, sighting};
use crate::render::ChildKind;

pub mod services;

/// Where triggers go: the queue of services to reconcile.
pub type Triggers = UnboundedSender<ObjectRef<HealthcareService>>;

/// An event of any kind of child: the metadata, and the Deployment itself where it is one.
struct Sighted {
    metadata: ObjectMeta,
    deployment: Option<Box<Deployment>>,
}

/// One watch of one kind of child in one scope.
#[derive(Clone)]
pub struct ChildWatch {
    /// The kind.
    pub kind: ChildKind,
    /// The namespace, all when none.
    pub namespace: Option<String>,
    /// Memories to keep up to date.
    pub ctx: Arc<Context>,
    /// Where triggers go.
    pub triggers: Triggers,
}

impl ChildWatch {
    /// Follows the children for ever, calling `synced` after each complete list. Failures of the watch are retried
    /// with growing pauses.
    pub async fn run(self, synced: impl Fn() + Send) {
        let mut events = self.stream();
        let mut present = HashSet::new();
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Init) => present.clear(),
                Ok(Event::InitApply(child)) => {
                    present.extend(self.key(&child.metadata));
                    self.saw(&child);
                }
                Ok(Event::InitDone) => {
                    self.listed(&std::mem::take(&mut present));
                    synced();
                }
                Ok(Event::Apply(child)) => self.saw(&child),
                Ok(Event::Delete(child)) => self.gone(&child),
                Err(error) => tracing::warn!(kind = self.kind.kind(), %error, "watch interrupted"),
            }
        }
    }

    fn stream(&self) -> futures::stream::BoxStream<'static, watcher::Result<Event<Sighted>>> {
        let client = self.ctx.client.clone();
        let namespace = self.namespace.as_deref();
        if self.kind == ChildKind::Deployment {
            let api: Api<Deployment> = match namespace {
                Some(namespace) => Api::namespaced(client, namespace),
                None => Api::all(client),
            };
            return followed(api, |deployment| Sighted {
                metadata: deployment.metadata.clone(),
                deployment: Some(Box::new(deployment)),
            })
            .boxed();
        }
        let resource = self.kind.resource();
        let api: Api<PartialObjectMeta<DynamicObject>> = match namespace {
            Some(namespace) => Api::namespaced_with(client, namespace, &resource),
            None => Api::all_with(client, &resource),
        };
        followed(api, |object| Sighted {
            metadata: object.metadata,
            deployment: None,
        })
        .boxed()
    }

    fn saw(&self, child: &Sighted) {
        let Some(key) = self.key(&child.metadata) else {
            return;
        };
        let drifted = sighting(&child.metadata).and_then(|sighting| self.ctx.ledger.saw(&key, sighting));
        let moved = child
            .deployment
            .as_ref()
            .is_some_and(|deployment| self.ctx.workloads.saw(deployment));
        if let Some(service) = drifted {
            self.trigger(&key.namespace, &service);
        } else if moved {
            self.trigger(&key.namespace, &key.name);
        }
    }

    fn gone(&self, child: &Sighted) {
        let Some(key) = self.key(&child.metadata) else {
            return;
        };
        let uid = child.metadata.uid.as_deref().unwrap_or_default();
        if self.kind == ChildKind::Deployment {
            self.ctx.workloads.forget(&key.namespace, &key.name);
        }
        if let Some(service) = self.ctx.ledger.deleted(&key, uid) {
            self.trigger(&key.namespace, &service);
        }
    }

    fn listed(&self, present: &HashSet<ChildKey>) {
        for (key, service) in self
            .ctx
            .ledger
            .listed(self.kind, self.namespace.as_deref(), present)
        {
            if self.kind == ChildKind::Deployment {
                self.ctx.workloads.forget(&key.namespace, &key.name);
            }
            self.trigger(&key.namespace, &service);
        }
    }

    fn key(&self, metadata: &ObjectMeta) -> Option<ChildKey> {
        Some(ChildKey {
            kind: self.kind,
            namespace: metadata.namespace.clone()?,
            name: metadata.name.clone()?,
        })
    }

    /// The queue ends only when the process does.
    fn trigger(&self, namespace: &str, service: &str) {
        let _ended = self.triggers.send(ObjectRef::new(service).within(namespace));
    }
}

/// A watch of our children only.
fn followed<K, T>(
    api: Api<K>,
    trim: impl Fn(K) -> T + Clone + Send + 'static,
) -> impl Stream<Item = watcher::Result<Event<T>>> + Send
where
    K: Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned + Send + 'static,
    K::DynamicType: Clone,
    T: Send + 'static,
{
    let config =
        watcher::Config::default().labels(&format!("app.kubernetes.io/managed-by={}", keys::MANAGED_BY));
    watcher(api, config)
        .default_backoff()
        .map(move |event| event.map(|event| mapped(event, &trim)))
}

fn mapped<K, T>(event: Event<K>, trim: &impl Fn(K) -> T) -> Event<T> {
    match event {
        Event::Init => Event::Init,
        Event::InitApply(object) => Event::InitApply(trim(object)),
        Event::InitDone => Event::InitDone,
        Event::Apply(object) => Event::Apply(trim(object)),
        Event::Delete(object) => Event::Delete(trim(object)),
    }
}

/// Whether an event about a service asks for a pass: its spec or annotations changed, or it is new. Our own
/// status writes change neither.
pub(crate) fn asks_for_a_pass(before: Option<&HealthcareService>, after: &HealthcareService) -> bool {
    before.is_none_or(|before| {
        before.uid() != after.uid()
            || before.metadata.generation != after.metadata.generation
            || before.annotations() != after.annotations()
            || before.labels() != after.labels()
            || after.metadata.deletion_timestamp.is_some()
    })
}

#[cfg(test)]
mod tests;
