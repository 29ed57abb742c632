//! Manifests that must be refused, each with a text that the refusal contains. One table, checked offline against
//! the published CRD and on a real API server.

use serde::Deserialize;
use serde_json::Value;

/// A wrong manifest.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadManifest {
    /// What is wrong, for people.
    pub name: String,
    patch: Value,
    /// Text that the refusal contains.
    pub message: String,
}

impl BadManifest {
    /// The whole manifest: the smallest valid one with the patch merged in.
    pub fn manifest(&self) -> Value {
        let mut manifest = minimal();
        merge(&mut manifest, &expanded(&self.patch));
        manifest
    }
}

/// The table.
///
/// # Errors
/// When `it/bad-manifests.yaml` is not what [`BadManifest`] reads.
pub fn all() -> Result<Vec<BadManifest>, serde_yaml::Error> {
    serde_yaml::from_str(include_str!("../it/bad-manifests.yaml"))
}

/// The smallest valid manifest.
pub fn minimal() -> Value {
    serde_json::json!({
        "apiVersion": "gitops-health.io/v1alpha1",
        "kind": "HealthcareService",
        "metadata": {"name": "minimal", "namespace": "healthcare"},
        "spec": {"image": "registry.example.org/team/service:1.0.0"},
    })
}

/// JSON merge patch (RFC 7386).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        patch.clone_into(target);
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Some(fields) = target.as_object_mut() else {
        return;
    };
    for (key, change) in changes {
        if change.is_null() {
            fields.remove(key);
        } else {
            merge(fields.entry(key).or_insert(Value::Null), change);
        }
    }
}

/// `@repeat:<text>:<times>` stands for a long text.
fn expanded(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(k, v)| (k.clone(), expanded(v))).collect(),
        Value::Array(items) => items.iter().map(expanded).collect(),
        Value::String(text) => Value::String(repeated(text).unwrap_or_else(|| text.clone())),
        other => other.clone(),
    }
}

fn repeated(text: &str) -> Option<String> {
    let (unit, times) = text.strip_prefix("@repeat:")?.rsplit_once(':')?;
    Some(unit.repeat(times.parse().ok()?))
}
