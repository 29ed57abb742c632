//! Passwords on blocking threads, in a bounded part of the memory.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument;

use super::error::Failure;
use super::randomness;
use crate::domain::password::{self, PasswordError};

/// What one password takes, MiB (`m=19456` KiB).
const EACH_MIB: u32 = 19;

/// How long a password may wait for memory: longer, and those who came later would time out.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Checks and hashes passwords. Clones share the memory.
#[derive(Clone, Debug)]
pub(crate) struct Passwords(Arc<Semaphore>);

impl Passwords {
    /// As many at a time as fit into so much memory; one at least.
    pub(crate) fn new(memory_mib: u32) -> Self {
        let at_once = usize::try_from(memory_mib / EACH_MIB).unwrap_or(1).max(1);
        Self(Arc::new(Semaphore::new(at_once)))
    }

    /// Whether the password is the one of the hash; `None` takes as long and is false.
    pub(crate) async fn verify(&self, password: SecretString, kept: Option<String>) -> Result<bool, Failure> {
        self.run(move || password::verify(&password, kept.as_deref()))
            .await
    }

    /// The hash of a new password.
    pub(crate) async fn hash(
        &self,
        password: SecretString,
    ) -> Result<Result<String, PasswordError>, Failure> {
        let salt = randomness::bytes()?;
        self.run(move || password::hash(&password, salt)).await
    }

    /// The memory is taken until the work is over, also when nobody waits for it any more.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let permit = self.permit().await?;
        let held = move || {
            let _permit = permit;
            work()
        };
        let span = tracing::info_span!("hash_password");
        let done = tokio::task::spawn_blocking(held).instrument(span).await;
        done.map_err(|_| Failure::Internal("a password could not be hashed: its thread ended"))
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let waiting = Arc::clone(&self.0).acquire_owned();
        match tokio::time::timeout(LONGEST_WAIT, waiting).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(Failure::Busy),
        }
    }

    /// Takes all the memory, so that the next password finds none.
    #[cfg(test)]
    pub(crate) async fn exhaust(&self) -> OwnedSemaphorePermit {
        let all = u32::try_from(self.0.available_permits()).unwrap();
        Arc::clone(&self.0).acquire_many_owned(all).await.unwrap()
    }
}

#[cfg(test)]
mod tests;
