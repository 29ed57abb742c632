use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

/// A server that all tests of a binary share. A test binary keeps it in a `static` of its own:
///
/// ```ignore
/// static POSTGRES: Shared<Postgres> = Shared::new();
/// let database = POSTGRES.get(Postgres::start)?.database()?;
/// ```
///
/// The server ends with the process.
#[derive(Debug, Default)]
pub struct Shared<T>(Mutex<Option<Arc<T>>>);

impl<T> Shared<T> {
    /// Nothing is started yet.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// The server, started by whoever asks first.
    pub fn get(&self, start: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.as_ref() {
            return Ok(Arc::clone(server));
        }
        let server = Arc::new(start()?);
        *shared = Some(Arc::clone(&server));
        Ok(server)
    }
}
