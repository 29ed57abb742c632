use std::collections::HashMap;
use std::mem;

use jiff::Timestamp;

/// What the store said, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) revoked: bool,
    pub(super) at: Timestamp,
}

/// The last answers, in two generations of half the capacity each: when the younger is full the older is dropped.
/// That bounds the memory at a constant cost per token; what is dropped is asked again.
pub(super) struct Cache {
    young: HashMap<Box<str>, Answer>,
    old: HashMap<Box<str>, Answer>,
    half: usize,
    /// When the store last failed to answer.
    pub(super) failed: Option<Timestamp>,
}

impl Cache {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            half: (capacity / 2).max(1),
            failed: None,
        }
    }

    pub(super) fn get(&self, token_id: &str) -> Option<Answer> {
        self.young
            .get(token_id)
            .or_else(|| self.old.get(token_id))
            .copied()
    }

    /// Keeps the answer. "Revoked" is final: an answer asked for before the revocation may arrive after it.
    pub(super) fn put(&mut self, token_id: &str, answer: Answer) {
        if self.get(token_id).is_some_and(|known| known.revoked) && !answer.revoked {
            return;
        }
        if self.young.len() >= self.half && !self.young.contains_key(token_id) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(token_id.into(), answer);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}
