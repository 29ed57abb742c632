//! Digests of what is wanted. Pure.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Digest of a desired object.
pub fn digest(body: &Value) -> u64 {
    stable(&[&body.to_string()])
}

/// Digest of a Deployment that is wanted with the template of this digest.
pub fn deployment_digest(body: &Value, template: &str) -> u64 {
    let mut body = body.clone();
    if let Some(spec) = body.pointer_mut("/spec").and_then(Value::as_object_mut) {
        spec.insert("template".to_owned(), Value::from(template));
    }
    digest(&body)
}

/// The first 64 bits of SHA-256: the same in every process and release, as they outlive both.
pub fn stable(parts: &[&str]) -> u64 {
    let mut digester = Digester::default();
    for part in parts {
        digester.part(part);
    }
    digester.finish()
}

/// Makes such a digest part by part.
#[derive(Clone, Debug, Default)]
pub struct Digester(Sha256);

impl Digester {
    /// Takes in the next part. Parts that are joined otherwise give another digest.
    pub fn part(&mut self, text: &str) {
        self.0.update(text.len().to_le_bytes());
        self.0.update(text);
    }

    /// The digest.
    pub fn finish(self) -> u64 {
        let digest = self.0.finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests;
