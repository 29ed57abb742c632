//! What tests share.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::input::{self, Manifest};

/// A file of the checkout.
pub(crate) fn checkout(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The smallest manifest, with more of a spec in YAML flow style.
pub(crate) fn text(name: &str, more: &str) -> String {
    format!(
        "apiVersion: gitops-health.io/v1alpha1\nkind: HealthcareService\nmetadata: {{name: {name}, namespace: healthcare}}\nspec: {{image: \"registry.example.org/team/{name}:1.0.0\"{more}}}\n"
    )
}

/// The manifests of a text.
pub(crate) fn manifests(text: &str) -> Vec<Manifest> {
    let input = input::read(&["-".into()], &mut text.as_bytes()).unwrap();
    input.whole().unwrap()
}

/// The object of a text with one manifest.
pub(crate) fn object(text: &str) -> Value {
    manifests(text).remove(0).object
}

/// Without colours.
pub(crate) fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// A service of a cluster whose canary waits for somebody at its first step, with a merge patch of it.
pub(crate) fn under_way(patch: &Value) -> Value {
    let mut service = json!({
        "apiVersion": "gitops-health.io/v1alpha1", "kind": "HealthcareService",
        "metadata": {"name": "api", "namespace": "ward", "uid": "hcs", "generation": 3, "resourceVersion": "41"},
        "spec": {"image": "registry.example.org/a:2", "rollout": {"canary": {"steps": [
            {"weight": 25, "bakeSeconds": 0, "approval": true}, {"weight": 50, "bakeSeconds": 30},
        ]}}},
        "status": {"observedGeneration": 3, "conditions": [], "rollout": {
            "strategy": "Canary", "phase": "AwaitingApproval", "revision": "api-2", "lastGoodRevision": "api-1",
            "step": 1, "steps": 4, "weight": 20, "replicas": 4, "since": "2027-03-01T11:59:00Z", "message": "says why",
            "risk": {"score": 45, "factors": [{"name": "ImageMajor", "points": 45, "message": "from 1 to 2"}]},
        }},
    });
    merge(&mut service, patch);
    service
}

/// RFC 7396.
fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    for (key, value) in fields {
        if value.is_null() {
            into.as_object_mut().unwrap().remove(key);
        } else {
            merge(&mut into[key], value);
        }
    }
}
