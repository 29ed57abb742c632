//! Metadata from the wire, without what nobody reads: in a list of thousands that would be most of the work. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference, Time};
use kube::Resource;
use kube::core::DynamicObject;
use serde::Deserialize;
use serde::de::Deserializer;

use crate::managed::ManagedEntry;

/// Metadata of a service, without `managedFields`.
///
/// # Errors
/// When a field is of another type.
pub fn without_managed_fields<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectMeta, D::Error> {
    let wire = ServiceMetadata::deserialize(deserializer)?;
    Ok(ObjectMeta {
        name: wire.name,
        namespace: wire.namespace,
        uid: wire.uid,
        resource_version: wire.resource_version,
        generation: wire.generation,
        creation_timestamp: wire.creation_timestamp,
        deletion_timestamp: wire.deletion_timestamp,
        labels: wire.labels,
        annotations: wire.annotations,
        owner_references: wire.owner_references,
        finalizers: wire.finalizers,
        ..ObjectMeta::default()
    })
}

/// The owner that controls an object, at most one.
pub fn controller(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    let owners = metadata.owner_references.as_deref().unwrap_or_default();
    owners.iter().find(|owner| owner.controller == Some(true))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServiceMetadata {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    owner_references: Option<Vec<OwnerReference>>,
    finalizers: Option<Vec<String>>,
}

/// A child, as far as it is read: which it is, whose, and who owns what of it. The API server sends the metadata alone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Child")]
pub struct ChildView {
    /// Identity, version and owners.
    pub metadata: ObjectMeta,
    /// `managedFields`.
    pub managed: Vec<ManagedEntry>,
}

impl ChildView {
    /// What is read of an object that was sent whole.
    pub fn of(metadata: &ObjectMeta) -> Self {
        let entries = metadata.managed_fields.iter().flatten();
        Self {
            metadata: metadata.clone(),
            managed: entries.map(ManagedEntry::of).collect(),
        }
    }
}

impl Resource for ChildView {
    type DynamicType = <DynamicObject as Resource>::DynamicType;
    type Scope = <DynamicObject as Resource>::Scope;

    fn metadata_api() -> bool {
        true
    }

    fn kind(resource: &Self::DynamicType) -> Cow<'_, str> {
        DynamicObject::kind(resource)
    }

    fn group(resource: &Self::DynamicType) -> Cow<'_, str> {
        DynamicObject::group(resource)
    }

    fn version(resource: &Self::DynamicType) -> Cow<'_, str> {
        DynamicObject::version(resource)
    }

    fn plural(resource: &Self::DynamicType) -> Cow<'_, str> {
        DynamicObject::plural(resource)
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[derive(Deserialize)]
struct Child {
    #[serde(default)]
    metadata: ChildMetadata,
}

/// Metadata of a child on the wire; of a child that has more than that, too.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChildMetadata {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    deletion_timestamp: Option<Time>,
    owner_references: Option<Vec<OwnerReference>>,
    managed_fields: Option<Vec<ManagedEntry>>,
}

impl From<Child> for ChildView {
    fn from(child: Child) -> Self {
        child.metadata.into()
    }
}

impl From<ChildMetadata> for ChildView {
    fn from(wire: ChildMetadata) -> Self {
        Self {
            metadata: ObjectMeta {
                name: wire.name,
                namespace: wire.namespace,
                uid: wire.uid,
                resource_version: wire.resource_version,
                generation: wire.generation,
                deletion_timestamp: wire.deletion_timestamp,
                owner_references: wire.owner_references,
                ..ObjectMeta::default()
            },
            managed: wire.managed_fields.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests;
