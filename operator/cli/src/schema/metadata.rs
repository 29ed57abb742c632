//! The metadata of an object, which no CRD describes (k8s.io/apimachinery, `pkg/api/validation/objectmeta.go`).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::{Violation, join, unknown::unknown};

/// The fields of `ObjectMeta`.
const FIELDS: [&str; 15] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];
/// Bytes of all annotations together.
const ANNOTATIONS: usize = 256 * 1024;

pub(super) fn check(object: &Value, found: &mut Vec<Violation>) {
    let metadata = &object["metadata"];
    let fields = metadata.as_object().into_iter().flatten();
    let strange = fields.filter(|(key, _)| !FIELDS.contains(&key.as_str()));
    found.extend(strange.map(|(key, _)| unknown(&join("metadata", key))));
    match serde_json::from_value::<ObjectMeta>(metadata.clone()) {
        Ok(metadata) => values(&metadata, found),
        Err(error) => found.push(Violation::new("metadata", format!("Invalid value: {error}"))),
    }
}

fn values(metadata: &ObjectMeta, found: &mut Vec<Violation>) {
    let name = metadata.name.as_deref().unwrap_or_default();
    if name.is_empty() {
        found.push(Violation::new(
            "metadata.name",
            "Required value: name the service",
        ));
    }
    for (key, value) in metadata.labels.iter().flatten() {
        found.extend(bad_key("metadata.labels", key));
        if !value.is_empty() && !is_name(value) {
            found.push(Violation::new("metadata.labels", format!("Invalid value: \"{value}\": a label's value is at most 63 letters, digits, '-', '_' and '.', and begins and ends with a letter or digit")));
        }
    }
    let annotations = metadata.annotations.iter().flatten();
    found.extend(
        annotations
            .clone()
            .filter_map(|(key, _)| bad_key("metadata.annotations", &key.to_lowercase())),
    );
    let size: usize = annotations.map(|(key, value)| key.len() + value.len()).sum();
    if size > ANNOTATIONS {
        found.push(Violation::new(
            "metadata.annotations",
            format!("Too long: may not be more than {ANNOTATIONS} bytes"),
        ));
    }
}

fn bad_key(path: &str, key: &str) -> Option<Violation> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let fits = is_name(name) && prefix.is_none_or(is_subdomain);
    (!fits).then(|| {
        Violation::new(
            path,
            format!("Invalid value: \"{key}\": a key is a name of at most 63 letters, digits, '-', '_' and '.', alone or after a DNS domain in lower case and a slash"),
        )
    })
}

fn is_name(text: &str) -> bool {
    let is_edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    inner && text.len() <= 63 && is_edge(text.chars().next()) && is_edge(text.chars().next_back())
}

/// A DNS subdomain (RFC 1123), in lower case.
fn is_subdomain(text: &str) -> bool {
    let is_edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let is_label = |label: &str| {
        let inner = label
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        inner && is_edge(label.chars().next()) && is_edge(label.chars().next_back())
    };
    text.len() <= 253 && text.split('.').all(is_label)
}
