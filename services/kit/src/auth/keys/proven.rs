use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::auth::recent::Recent;

/// How many signatures a key remembers.
pub(super) const CAPACITY: usize = 8192;

/// Good signatures of one key. A service meets a token with each request of its bearer, and checking the signature costs more
/// than all else it does with the token.
///
/// Who cannot sign puts nothing in, and what is kept (SHA-256 of message and signature) is no token. A key that is taken out
/// takes its signatures along.
pub(super) struct Proven(Mutex<Recent<[u8; 32], ()>>);

impl Default for Proven {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(CAPACITY)))
    }
}

impl Proven {
    /// Whether the signature is good: it was before, or `check` says so.
    pub(super) fn or_check(&self, message: &[u8], signature: &str, check: impl FnOnce() -> bool) -> bool {
        let name = name(message, signature);
        if self.recent(|recent| recent.get(&name).is_some()) {
            return true;
        }
        let is_good = check();
        if is_good {
            self.recent(|recent| recent.put(name, ()));
        }
        is_good
    }

    fn recent<T>(&self, work: impl FnOnce(&mut Recent<[u8; 32], ()>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Of both; the length keeps them apart.
fn name(message: &[u8], signature: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(message.len().to_be_bytes())
        .chain_update(message)
        .chain_update(signature)
        .finalize()
        .into()
}
