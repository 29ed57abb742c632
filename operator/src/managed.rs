//! `managedFields` as they are read: who owns what of an object, with the fields left in their text. Pure.
//!
//! In a list of thousands nearly all fields are only compared with those of before. They make a digest as they are read, without
//! an object of each (a child has about a hundred).

use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, Time};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::digest::Digester;

/// What one manager owns of an object.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedEntry {
    /// Who.
    pub manager: Option<String>,
    /// By `Apply` or by `Update`.
    pub operation: Option<String>,
    /// Version of the schema that the fields speak of.
    pub api_version: Option<String>,
    /// When it last changed.
    pub time: Option<Time>,
    /// The part that was written, none for the object itself.
    pub subresource: Option<String>,
    /// The fields.
    fields_v1: Option<Box<RawValue>>,
}

/// What an entry's fields amount to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owned {
    /// Digest of all but the number of pods: whoever sets that takes it over.
    pub digest: u64,
    /// Digest of those of a pod template, 0 where there is none.
    pub template: u64,
    /// Whether the number of pods is among them.
    pub has_replicas: bool,
}

impl ManagedEntry {
    /// The same as another type has it.
    pub fn of(entry: &ManagedFieldsEntry) -> Self {
        let fields = entry.fields_v1.as_ref();
        Self {
            manager: entry.manager.clone(),
            operation: entry.operation.clone(),
            api_version: entry.api_version.clone(),
            time: entry.time.clone(),
            subresource: entry.subresource.clone(),
            fields_v1: fields.and_then(|fields| to_raw_value(&fields.0).ok()),
        }
    }

    /// Whether it is about the object itself, not about a part like its status.
    pub fn is_about_the_object(&self) -> bool {
        self.subresource.as_deref().unwrap_or_default().is_empty()
    }

    /// The fields, node by node. None where there are none.
    pub fn fields(&self) -> Option<Value> {
        serde_json::from_str(self.fields_v1.as_ref()?.get()).ok()
    }

    /// What the fields amount to, in the order in which the API server writes them: it sorts them (structured-merge-diff,
    /// `fieldpath`).
    pub fn owned(&self) -> Owned {
        let mut walk = Walk::default();
        walk.digest.part(self.api_version.as_deref().unwrap_or_default());
        let read = self.fields_v1.as_ref().map(|fields| {
            let mut text = serde_json::Deserializer::from_str(fields.get());
            let place = Place::Root;
            let walk = &mut walk;
            Node { walk, place }.deserialize(&mut text)
        });
        match read {
            // Another type than the API server sends: it equals nothing that was left.
            Some(Err(_)) => Owned::default(),
            _ => Owned {
                digest: walk.digest.finish(),
                template: walk.template.map_or(0, Digester::finish),
                has_replicas: walk.has_replicas,
            },
        }
    }
}

#[derive(Default)]
struct Walk {
    digest: Digester,
    template: Option<Digester>,
    has_replicas: bool,
}

/// Where in an object a node of the fields stands, as far as that matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Spec,
    Replicas,
    Template,
    Elsewhere,
}

/// Stands for the end of a node; no name of a field has it.
const END: &str = "\0";

impl Walk {
    fn part(&mut self, text: &str, place: Place) {
        self.digest.part(text);
        if place == Place::Template {
            self.template.get_or_insert_default().part(text);
        }
    }
}

impl Place {
    fn below(self, name: &str) -> Self {
        match (self, name) {
            (Self::Root, "f:spec") => Self::Spec,
            (Self::Spec, "f:template") | (Self::Template, _) => Self::Template,
            (Self::Spec, "f:replicas") => Self::Replicas,
            _ => Self::Elsewhere,
        }
    }
}

/// Reads one node and all below it.
struct Node<'a> {
    walk: &'a mut Walk,
    place: Place,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a node of managedFields")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let Self { walk, place } = self;
        while let Some(place) = map.next_key_seed(Name { walk, parent: place })? {
            if place == Place::Replicas {
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(Node { walk, place })?;
            }
        }
        walk.part(END, place);
        Ok(())
    }
}

/// Reads the name of one node.
struct Name<'a> {
    walk: &'a mut Walk,
    parent: Place,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Place;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Place, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Place;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a node")
    }

    fn visit_str<E>(self, name: &str) -> Result<Place, E> {
        let place = self.parent.below(name);
        if place == Place::Replicas {
            self.walk.has_replicas = true;
        } else {
            self.walk.part(name, self.parent);
        }
        Ok(place)
    }
}

#[cfg(test)]
mod tests;
