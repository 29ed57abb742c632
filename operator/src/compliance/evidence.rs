//! What a control was judged by.

use std::fmt::Write;

use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::input::Object;

/// One object that a check looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Its kind.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its identity, of a live object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Its version, of a live object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
    /// SHA-256, in hexadecimal, of its JSON without what the cluster keeps account of: `status` and the changing parts of
    /// `metadata`.
    pub digest: String,
}

/// Parts of `metadata` that an API server writes.
const KEPT_BY_THE_CLUSTER: [&str; 7] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
];

impl Evidence {
    /// What tells this object, in this state, from any other. Of a planned one that stands in the cluster as planned the digest
    /// is that of the plan.
    pub fn of(object: Object<'_>) -> Self {
        let version = object.live.and_then(|live| live.resource_version);
        let metadata = |field: &str| {
            object
                .at(&format!("/metadata/{field}"))
                .as_str()
                .map(str::to_owned)
        };
        Self {
            kind: object.kind.kind(),
            name: object.name().to_owned(),
            uid: metadata("uid").or_else(|| object.live?.uid.clone()),
            resource_version: metadata("resourceVersion")
                .or_else(|| version.map(|version| version.to_string())),
            digest: digest(object.body),
        }
    }
}

fn digest(body: &Value) -> String {
    let fields: Map<String, Value> = body
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| *key != "status")
        .map(|(key, value)| {
            (
                key.clone(),
                if key == "metadata" {
                    stable(value)
                } else {
                    value.clone()
                },
            )
        })
        .collect();
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(Value::Object(fields).to_string()) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

fn stable(metadata: &Value) -> Value {
    let mut metadata = metadata.clone();
    if let Some(fields) = metadata.as_object_mut() {
        fields.retain(|key, _| !KEPT_BY_THE_CLUSTER.contains(&key.as_str()));
    }
    metadata
}
