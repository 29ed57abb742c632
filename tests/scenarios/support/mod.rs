//! What the stories share.

pub(crate) mod load;
pub(crate) mod operator;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod world;

use std::path::{Path, PathBuf};

/// A file of the checkout.
pub(crate) fn checkout(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Rollouts of stories that are not about them: nobody waits for a minute after each change.
const UNWATCHED: &str = "rollout: {strategy: Rolling, bakeSeconds: 0}";

/// An example manifest's text, moved to another namespace.
pub(crate) fn example(name: &str, namespace: &str) -> String {
    let text = std::fs::read_to_string(checkout(&format!("examples/{name}.yaml"))).unwrap();
    let text = text.replace("namespace: healthcare", &format!("namespace: {namespace}"));
    if text.contains("rollout:") {
        return text;
    }
    format!("{text}  {UNWATCHED}\n")
}

/// The smallest manifest, with more of a spec in YAML flow style.
pub(crate) fn manifest(name: &str, namespace: &str, image: &str, more: &str) -> String {
    let rollout = if more.contains("rollout:") {
        String::new()
    } else {
        format!(", {UNWATCHED}")
    };
    format!(
        "apiVersion: gitops-health.io/v1alpha1\nkind: HealthcareService\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{image: \"{image}\"{more}{rollout}}}\n"
    )
}
