use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use jiff::Timestamp;

use super::{FORGET_AFTER, RevocationError, RevocationStore, names};
use crate::Clock;

/// Revocations of one process, lost with it: for tests, and for a service with a single replica and short tokens.
#[derive(Debug)]
pub struct MemoryRevocations {
    clock: Clock,
    revoked: Mutex<HashMap<String, Timestamp>>,
}

impl MemoryRevocations {
    /// None yet.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            revoked: Mutex::default(),
        }
    }
}

impl RevocationStore for MemoryRevocations {
    fn revoke<'a>(
        &'a self,
        token_id: &'a str,
        expires: Timestamp,
    ) -> BoxFuture<'a, Result<(), RevocationError>> {
        let now = self.clock.now();
        let mut revoked = self.revoked.lock().unwrap_or_else(PoisonError::into_inner);
        revoked.retain(|_, expires| now.duration_since(*expires) < FORGET_AFTER);
        revoked.insert(token_id.to_owned(), expires);
        ready(Ok(())).boxed()
    }

    fn is_revoked<'a>(&'a self, token_id: &'a str) -> BoxFuture<'a, Result<bool, RevocationError>> {
        let revoked = self.revoked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_revoked = names(token_id).iter().any(|name| revoked.contains_key(*name));
        ready(Ok(is_revoked)).boxed()
    }
}
