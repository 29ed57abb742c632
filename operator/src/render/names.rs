//! Names of children. Computed here and nowhere else.

use sha2::{Digest, Sha256};

use crate::plan::Plan;

/// Every child but the ConfigMap has the service's own name.
pub fn child(plan: &Plan) -> &str {
    &plan.owner.name
}

/// Name of a rollout's own Deployment, beside the one of this name.
pub fn candidate(primary: &str) -> String {
    format!("{primary}-candidate")
}

/// Name of the ConfigMap, which holds the digest of its content: a change makes a new one.
pub fn config_map(plan: &Plan) -> Option<String> {
    if plan.config.is_empty() {
        return None;
    }
    let mut digest = Sha256::new();
    for (key, value) in &plan.config {
        for part in [key, value] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
    }
    Some(format!("{}-{}", plan.owner.name, hex_prefix(digest)))
}

/// Eight hex digits that stand for a text in a shortened name.
pub fn short_digest(text: &str) -> String {
    hex_prefix(Sha256::new_with_prefix(text))
        .chars()
        .take(8)
        .collect()
}

/// The first five bytes.
fn hex_prefix(digest: Sha256) -> String {
    let bytes = digest.finalize();
    let number = bytes
        .iter()
        .take(5)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{number:010x}")
}
