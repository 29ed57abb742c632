//! Whether the cluster is what was asked for. I/O.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::condition as types;
use healthcare_operator::field_managers::FIELD_MANAGER;
use healthcare_operator::render::{Child, ChildKind};
use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use kube::{Api, Client, ResourceExt};
use serde_json::Value;

use super::rendered::Renderer;
use super::wanted::{ChildName, Id, Role, Service, Wanted};

/// ConfigMaps of earlier specs that may be kept for a rollback, the current one included.
const CONFIG_MAPS: usize = 3;

/// Looks at the cluster.
pub(crate) struct Inspector {
    /// An administrator's client, past all proxies.
    pub(crate) client: Client,
    /// How services are rendered.
    pub(crate) renderer: Renderer,
    /// Plural, namespace and name of the objects of others.
    pub(crate) foreign: BTreeSet<ChildName>,
}

type Objects = BTreeMap<(ChildKind, Id), DynamicObject>;

impl Inspector {
    /// What still differs from what is wanted; nothing when all is well.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub(crate) async fn differences(&self, wanted: &Wanted) -> Result<Vec<String>> {
        let services = self.services().await?;
        let mut found: Vec<_> = services
            .keys()
            .filter(|id| !wanted.0.get(id).is_some_and(|service| service.exists))
            .map(|id| format!("{id} is still there"))
            .collect();
        for (id, service) in wanted.0.iter().filter(|(_, service)| service.exists) {
            match services.get(id) {
                None => found.push(format!("{id} is not there")),
                Some(live) => found.extend(condition_differs(id, service, live)),
            }
        }
        if found.is_empty() {
            let objects = self.objects().await?;
            found.extend(self.children_differ(wanted, &services, &objects).await?);
            found.extend(leftovers(&services, &objects, &self.foreign));
        }
        Ok(found)
    }

    /// All services and objects of the kinds of children, as JSON.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub(crate) async fn everything(&self) -> Result<Vec<u8>> {
        let services: Vec<_> = self.services().await?.into_values().collect();
        let objects: Vec<_> = self.objects().await?.into_values().collect();
        Ok(serde_json::to_vec_pretty(
            &serde_json::json!({"services": services, "objects": objects}),
        )?)
    }

    async fn services(&self) -> Result<BTreeMap<Id, HealthcareService>> {
        let api: Api<HealthcareService> = Api::all(self.client.clone());
        let list = api.list(&ListParams::default()).await?;
        Ok(list.into_iter().map(|service| (id(&service), service)).collect())
    }

    /// Everything that bears the label of a child, whether the operator sees it or not.
    async fn objects(&self) -> Result<Objects> {
        let mut objects = Objects::new();
        for kind in ChildKind::ALL
            .into_iter()
            .filter(|kind| *kind != ChildKind::HttpRoute)
        {
            let api: Api<DynamicObject> = Api::all_with(self.client.clone(), &kind.resource());
            let list = api.list(&ListParams::default()).await?;
            objects.extend(list.into_iter().map(|object| ((kind, id(&object)), object)));
        }
        Ok(objects)
    }

    async fn children_differ(
        &self,
        wanted: &Wanted,
        services: &BTreeMap<Id, HealthcareService>,
        objects: &Objects,
    ) -> Result<Vec<String>> {
        let mut found = Vec::new();
        let whole = wanted
            .0
            .iter()
            .filter(|(_, s)| s.exists && s.role != Role::Conflicting);
        for (id, service) in whole.filter_map(|(id, _)| Some((id, services.get(id)?))) {
            let rendered = self.renderer.of(service)?;
            found.extend(inventory_differs(id, service, &rendered.children, objects));
            for child in &rendered.children {
                let key = (child.kind, named(id, &child.name));
                let Some(live) = objects.get(&key) else {
                    found.push(format!("{} {} is missing", child.kind.kind(), key.1));
                    continue;
                };
                found.extend(self.would_change(child, live, id).await?);
                if child.kind == ChildKind::Deployment {
                    found.extend(replicas_differ(live, rendered.replicas));
                }
            }
        }
        Ok(found)
    }

    /// Whether applying the child as the operator would changes anything: asked of the API server, without doing it.
    async fn would_change(&self, child: &Child, live: &DynamicObject, id: &Id) -> Result<Option<String>> {
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &id.namespace, &child.kind.resource());
        let params = PatchParams::apply(FIELD_MANAGER).force().dry_run();
        let what = format!("{} {}/{}", child.kind.kind(), id.namespace, child.name);
        let body = with_replicas(child, live);
        let applied = match api.patch(&child.name, &params, &Patch::Apply(&body)).await {
            Err(kube::Error::Api(refused)) => {
                return Ok(Some(format!("{what} cannot be applied: {refused}")));
            }
            applied => applied?,
        };
        let (is, should) = (bare(live), bare(&applied));
        let mut paths = Vec::new();
        differing(&is, &should, "", &mut paths);
        Ok((!paths.is_empty()).then(|| format!("{what} is not as it should be: {}", paths.join(", "))))
    }
}

/// What the operator applies: with the number of pods that a Deployment has, which is judged on its own.
fn with_replicas(child: &Child, live: &DynamicObject) -> Value {
    let mut body = child.body.clone();
    let number = live.data.pointer("/spec/replicas");
    let spec = body.pointer_mut("/spec").and_then(Value::as_object_mut);
    if let (ChildKind::Deployment, Some(number), Some(spec)) = (child.kind, number, spec) {
        spec.insert("replicas".to_owned(), number.clone());
    }
    body
}

/// Children of services that are gone, and children that no inventory lists.
fn leftovers(
    services: &BTreeMap<Id, HealthcareService>,
    objects: &Objects,
    foreign: &BTreeSet<ChildName>,
) -> Vec<String> {
    let of_ours = |object: &DynamicObject| {
        let owners = object.owner_references();
        owners.iter().any(|owner| owner.kind == "HealthcareService")
            || object.labels().contains_key(healthcare_crds::keys::SERVICE)
    };
    let listed: BTreeSet<_> = services.values().flat_map(inventory_uids).collect();
    let is_foreign = |kind: ChildKind, id: &Id| {
        foreign.contains(&(kind.plural().to_owned(), id.namespace.clone(), id.name.clone()))
    };
    objects
        .iter()
        .filter(|((kind, id), object)| of_ours(object) && !is_foreign(*kind, id))
        .filter(|(_, object)| !listed.contains(&object.uid().unwrap_or_default()))
        .map(|((kind, id), _)| format!("{} {id} is left over: no inventory lists it", kind.kind()))
        .collect()
}

fn id(object: &impl ResourceExt) -> Id {
    named(
        &Id {
            namespace: object.namespace().unwrap_or_default(),
            name: String::new(),
        },
        &object.name_any(),
    )
}

fn named(sibling: &Id, name: &str) -> Id {
    Id {
        namespace: sibling.namespace.clone(),
        name: name.to_owned(),
    }
}

fn inventory_uids(service: &HealthcareService) -> Vec<String> {
    let status = service.status.as_ref();
    let inventory = status.map(|status| &status.inventory[..]).unwrap_or_default();
    inventory.iter().map(|entry| entry.uid.clone()).collect()
}

/// Whether a service does not say of its present spec what it should.
fn condition_differs(id: &Id, service: &Service, live: &HealthcareService) -> Option<String> {
    let status = live.status.as_ref();
    let (type_, reason) = match service.role {
        Role::Conflicting => (types::STALLED, Some("ResourceConflict")),
        Role::Kept | Role::Loose => (types::READY, None),
    };
    let spec = service.spec()?.to_json();
    let given = serde_json::to_value(&live.spec).unwrap_or_default();
    if given.get("image") != spec.get("image") {
        return Some(format!("{id} has another spec than was asked for: {given}"));
    }
    let condition = status.and_then(|status| status.conditions.iter().find(|c| c.type_ == type_));
    let holds = condition.is_some_and(|c| {
        c.status == "True"
            && c.observed_generation == live.metadata.generation
            && reason.is_none_or(|reason| c.reason == reason)
    });
    let conditions = || {
        let all = status.map(|status| &status.conditions[..]).unwrap_or_default();
        let told = all
            .iter()
            .map(|c| format!("{}={} {}: {}", c.type_, c.status, c.reason, c.message));
        told.collect::<Vec<_>>()
    };
    (!holds).then(|| {
        format!(
            "{id} is not {type_} at {:?}: {:?}",
            live.metadata.generation,
            conditions()
        )
    })
}

/// The inventory lists every child with the uid of the object that is there, and besides only older ConfigMaps.
fn inventory_differs(
    id: &Id,
    service: &HealthcareService,
    children: &[Child],
    objects: &Objects,
) -> Vec<String> {
    let status = service.status.as_ref();
    let inventory = status.map(|status| &status.inventory[..]).unwrap_or_default();
    let mut found = Vec::new();
    for entry in inventory {
        let kind = ChildKind::of(&entry.api_version, &entry.kind);
        let is_wanted = children
            .iter()
            .any(|child| Some(child.kind) == kind && child.name == entry.name);
        if !is_wanted && kind == Some(ChildKind::ConfigMap) {
            // Kept for a rollback, unless somebody deleted it.
            continue;
        }
        let live = kind.and_then(|kind| objects.get(&(kind, named(id, &entry.name))));
        if live.and_then(ResourceExt::uid).as_ref() != Some(&entry.uid) {
            found.push(format!(
                "{id} lists {} {}, which is not there",
                entry.kind, entry.name
            ));
        }
        if !is_wanted {
            found.push(format!("{id} still has {} {}", entry.kind, entry.name));
        }
    }
    let config_maps = inventory.iter().filter(|entry| entry.kind == "ConfigMap").count();
    if config_maps > CONFIG_MAPS {
        found.push(format!("{id} keeps {config_maps} ConfigMaps"));
    }
    let unlisted = children.iter().filter(|child| {
        let is_it = |entry: &&healthcare_crds::v1alpha1::InventoryEntry| {
            entry.kind == child.kind.kind() && entry.name == child.name
        };
        !inventory.iter().any(|entry| is_it(&entry))
    });
    found.extend(unlisted.map(|child| format!("{id} does not list {} {}", child.kind.kind(), child.name)));
    found
}

fn replicas_differ(live: &DynamicObject, (least, most): (i64, i64)) -> Option<String> {
    let replicas = live.data.pointer("/spec/replicas").and_then(Value::as_i64);
    let fits = replicas.is_some_and(|number| (least..=most).contains(&number));
    (!fits).then(|| {
        format!(
            "{} has {replicas:?} replicas, not {least} to {most}",
            live.name_any()
        )
    })
}

/// An object without what each write changes.
fn bare(object: &DynamicObject) -> Value {
    let mut value = serde_json::to_value(object).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        // Objects of a list do not say what they are.
        for noise in ["apiVersion", "kind", "status"] {
            object.remove(noise);
        }
    }
    if let Some(metadata) = value.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        for noise in ["managedFields", "resourceVersion", "generation"] {
            metadata.remove(noise);
        }
    }
    value
}

/// Where two values differ, with both.
fn differing(is: &Value, should: &Value, path: &str, found: &mut Vec<String>) {
    if let (Value::Object(left), Value::Object(right)) = (is, should) {
        let keys: BTreeSet<_> = left.keys().chain(right.keys()).collect();
        let none = Value::Null;
        for key in keys {
            let (is, should) = (left.get(key).unwrap_or(&none), right.get(key).unwrap_or(&none));
            differing(is, should, &format!("{path}/{key}"), found);
        }
    } else if is != should {
        found.push(format!("{path} is {is} instead of {should}"));
    }
}

#[cfg(test)]
mod tests;
