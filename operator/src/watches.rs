//! The watches: what each event means, and which service it concerns. I/O.

use std::collections::HashSet;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use healthcare_crds::{HealthcareService, keys};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource, ResourceExt};

use crate::context::Context;
use crate::ledger::{ChildKey, sighting};
use crate::metadata::ChildView;
use crate::queue::{Cause, Key, Triggers};
use crate::render::ChildKind;
use crate::scoped::{scoped, scoped_with};
use crate::workload::{DeploymentView, Moved};

mod initial;
pub mod services;

/// A child of any kind, as far as it is read.
enum Sighted {
    Deployment(Box<DeploymentView>),
    Other(Box<ChildView>),
}

impl Sighted {
    fn child(&self) -> &ChildView {
        match self {
            Self::Deployment(deployment) => &deployment.child,
            Self::Other(child) => child,
        }
    }

    fn metadata(&self) -> &ObjectMeta {
        &self.child().metadata
    }
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
    pub async fn run(self, mut synced: impl FnMut() + Send) {
        let mut events = self.stream();
        let mut present = HashSet::new();
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Init) => present.clear(),
                Ok(Event::InitApply(child)) => {
                    present.extend(self.key(child.metadata()));
                    self.saw(&child, Cause::Sweep);
                }
                Ok(Event::InitDone) => {
                    self.listed(&std::mem::take(&mut present));
                    synced();
                }
                Ok(Event::Apply(child)) => self.saw(&child, Cause::Child),
                Ok(Event::Delete(child)) => self.gone(&child),
                Err(error) => tracing::warn!(kind = self.kind.kind(), %error, "watch interrupted"),
            }
        }
    }

    fn stream(&self) -> futures::stream::BoxStream<'static, watcher::Result<Event<Sighted>>> {
        let client = &self.ctx.client;
        let namespace = self.namespace.as_deref();
        if self.kind == ChildKind::Deployment {
            let api: Api<DeploymentView> = scoped(client, namespace);
            return followed(api, |deployment| Sighted::Deployment(Box::new(deployment))).boxed();
        }
        let resource = self.kind.resource();
        // Of these the API server sends the metadata alone.
        let api: Api<ChildView> = scoped_with(client, namespace, &resource);
        followed(api, |child| Sighted::Other(Box::new(child))).boxed()
    }

    fn saw(&self, child: &Sighted, cause: Cause) {
        let Some(key) = self.key(child.metadata()) else {
            return;
        };
        let drifted = sighting(child.child()).and_then(|sighting| self.ctx.ledger.saw(&key, sighting));
        let moved = match child {
            Sighted::Deployment(deployment) => self.ctx.workloads.saw(deployment),
            Sighted::Other(_) => None,
        };
        // Also one that a pass under way makes: its answer may never come.
        let strayed = self.strayed(&key, child.child());
        if let Some(service) = drifted.or(strayed) {
            self.trigger(&key.namespace, &service, cause);
        } else if let Some(moved) = moved {
            self.trigger(&key.namespace, &key.name, cause.min(cause_of(moved)));
        }
    }

    /// The service of a child that this process did not make and has not heard of yet.
    fn strayed(&self, key: &ChildKey, child: &ChildView) -> Option<String> {
        let is_known = self.ctx.ledger.uid(key) == child.metadata.uid;
        (!is_known).then(|| self.ctx.strays.saw(self.kind, child))?
    }

    fn gone(&self, child: &Sighted) {
        let Some(key) = self.key(child.metadata()) else {
            return;
        };
        self.ctx.strays.gone(child.child());
        let uid = child.metadata().uid.as_deref().unwrap_or_default();
        if self.kind == ChildKind::Deployment {
            self.ctx.workloads.deleted(&key.namespace, &key.name, uid);
        }
        if let Some(service) = self.ctx.ledger.deleted(&key, uid) {
            self.trigger(&key.namespace, &service, Cause::Child);
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
            self.trigger(&key.namespace, &service, Cause::Sweep);
        }
    }

    /// None for a child in a namespace of another shard.
    fn key(&self, metadata: &ObjectMeta) -> Option<ChildKey> {
        let namespace = metadata.namespace.as_ref();
        Some(ChildKey {
            kind: self.kind,
            namespace: namespace.filter(|name| self.ctx.shard.owns(name))?.clone(),
            name: metadata.name.clone()?,
        })
    }

    fn trigger(&self, namespace: &str, service: &str, cause: Cause) {
        self.triggers.trigger(Key::new(namespace, service), cause);
    }
}

fn cause_of(moved: Moved) -> Cause {
    match moved {
        Moved::Pods => Cause::Pods,
        Moved::Replicas => Cause::Replicas,
        Moved::State => Cause::State,
    }
}

/// A watch of our children only.
fn followed<K, T>(
    api: Api<K>,
    trim: impl Fn(K) -> T + Copy + Send + 'static,
) -> impl Stream<Item = watcher::Result<Event<T>>> + Send
where
    K: Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned + Send + 'static,
    T: Send + 'static,
{
    let config =
        watcher::Config::default().labels(&format!("app.kubernetes.io/managed-by={}", keys::MANAGED_BY));
    let start = move |config| {
        let events = watcher(api.clone(), config).default_backoff();
        events
            .map(move |event| event.map(|event| mapped(event, &trim)))
            .boxed()
    };
    initial::events(start, config)
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

/// Why an event about a service asks for a pass. One that is listed at the start as it was left is one of many.
pub(crate) fn cause(service: &HealthcareService, first_list: bool) -> Cause {
    let observed = service
        .status
        .as_ref()
        .and_then(|status| status.observed_generation);
    if first_list && observed == service.metadata.generation {
        Cause::Sweep
    } else {
        Cause::Service
    }
}

#[cfg(test)]
mod tests;
