//! Memories shared by passes and watches.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a memory. A poisoned lock means that a thread panicked between two plain assignments: the data is still whole.
pub fn lock<T>(memory: &Mutex<T>) -> MutexGuard<'_, T> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}
