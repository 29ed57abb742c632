//! The watch of the services themselves, in one or several namespaces, into one store. I/O.

use std::collections::HashSet;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{BoxStream, select_all};
use healthcare_crds::HealthcareService;
use kube::core::DeserializeGuard;
use kube::runtime::WatchStreamExt;
use kube::runtime::reflector::{ObjectRef, store::Writer};
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, ResourceExt};

use super::{Triggers, asks_for_a_pass};
use crate::access;
use crate::context::Context;

type Guarded = DeserializeGuard<HealthcareService>;

/// Keeps the store of services and triggers passes.
pub struct ServicesWatch {
    /// Where services are kept.
    pub writer: Writer<HealthcareService>,
    /// Namespaces to watch, all when it holds none.
    pub namespaces: Vec<Option<String>>,
    /// Memories to keep up to date.
    pub ctx: Arc<Context>,
    /// Where triggers go.
    pub triggers: Triggers,
}

impl ServicesWatch {
    /// Follows the services for ever, calling `synced` once every namespace has been listed.
    pub async fn run(mut self, synced: impl Fn() + Send) {
        let mut events = self.stream();
        let mut listing: Vec<HashSet<ObjectRef<HealthcareService>>> =
            vec![HashSet::new(); self.namespaces.len()];
        let mut unlisted: HashSet<usize> = (0..self.namespaces.len()).collect();
        self.writer.apply_watcher_event(&Event::Init);
        while let Some((scope, event)) = events.next().await {
            let Some(present) = listing.get_mut(scope) else {
                continue;
            };
            match event {
                Ok(Event::Init) => present.clear(),
                Ok(Event::InitApply(object)) => {
                    if let Some(service) = valid(object) {
                        present.insert(ObjectRef::from_obj(&service));
                        self.saw(&service, unlisted.contains(&scope));
                    }
                }
                Ok(Event::InitDone) => {
                    self.remove_all_but(&std::mem::take(present), scope);
                    if unlisted.remove(&scope) && unlisted.is_empty() {
                        self.writer.apply_watcher_event(&Event::InitDone);
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

    fn stream(&self) -> impl futures::Stream<Item = (usize, watcher::Result<Event<Guarded>>)> + Send + use<> {
        let client = &self.ctx.client;
        let each = self.namespaces.iter().enumerate().map(|(scope, namespace)| {
            let api: Api<Guarded> = match namespace {
                Some(namespace) => Api::namespaced(client.clone(), namespace),
                None => Api::all(client.clone()),
            };
            let events: BoxStream<'static, _> =
                watcher(api, watcher::Config::default()).default_backoff().boxed();
            events.map(move |event| (scope, event)).boxed()
        });
        select_all(each.collect::<Vec<_>>())
    }

    /// While the first list runs the store is not ready: events go in as part of it.
    fn saw(&mut self, service: &HealthcareService, first_list: bool) {
        let reference = ObjectRef::from_obj(service);
        let before = self.ctx.services.get(&reference);
        let asks = asks_for_a_pass(before.as_deref(), service);
        let event = if first_list {
            Event::InitApply(service.clone())
        } else {
            Event::Apply(service.clone())
        };
        self.writer.apply_watcher_event(&event);
        if asks {
            self.trigger(reference);
            self.trigger_callers(service);
        }
    }

    fn gone(&mut self, service: &HealthcareService) {
        self.writer.apply_watcher_event(&Event::Delete(service.clone()));
        self.ctx.forget(service);
        self.trigger_callers(service);
    }

    fn remove_all_but(&mut self, present: &HashSet<ObjectRef<HealthcareService>>, scope: usize) {
        let namespace = self.namespaces.get(scope).cloned().flatten();
        let in_scope = |s: &HealthcareService| namespace.is_none() || s.namespace() == namespace;
        let known = self.ctx.services.state();
        let missing = known
            .iter()
            .filter(|s| in_scope(s) && !present.contains(&ObjectRef::from_obj(&***s)));
        for service in missing {
            self.gone(service);
        }
    }

    /// Services that call this one report whether it admits them.
    fn trigger_callers(&self, callee: &HealthcareService) {
        let key = (callee.namespace().unwrap_or_default(), callee.name_any());
        let known = self.ctx.services.state();
        for caller in known.iter().filter(|other| access::callees(other).contains(&key)) {
            self.trigger(ObjectRef::from_obj(&**caller));
        }
    }

    fn trigger(&self, service: ObjectRef<HealthcareService>) {
        let _ended = self.triggers.send(service);
    }
}

/// One object that cannot be read must not stop the others.
fn valid(object: Guarded) -> Option<HealthcareService> {
    match object.0 {
        Ok(service) => Some(service),
        Err(invalid) => {
            let metadata = &invalid.metadata;
            tracing::error!(
                namespace = metadata.namespace,
                name = metadata.name,
                error = %invalid.error,
                "a HealthcareService cannot be read: is the installed CRD older or newer than this operator?"
            );
            None
        }
    }
}
