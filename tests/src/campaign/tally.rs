//! How often each fault was injected, and how often it hit something.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::fault::Fault;

/// Counts, shared by all that inject.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(Arc<Mutex<BTreeMap<Fault, Count>>>);

/// Counts of one fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// How often it was injected.
    pub injected: usize,
    /// Requests, watches or processes that it hit.
    pub hit: usize,
}

impl Tally {
    /// It was injected.
    pub(crate) fn injected(&self, fault: Fault) {
        self.change(fault, |count| count.injected += 1);
    }

    /// It hit something.
    pub(crate) fn hit(&self, fault: Fault) {
        self.change(fault, |count| count.hit += 1);
    }

    /// Every fault with its counts.
    pub(crate) fn counts(&self) -> BTreeMap<Fault, Count> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |fault| (fault, counts.get(&fault).copied().unwrap_or_default());
        Fault::ALL.into_iter().map(of).collect()
    }

    fn change(&self, fault: Fault, change: impl FnOnce(&mut Count)) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(counts.entry(fault).or_default());
    }
}
