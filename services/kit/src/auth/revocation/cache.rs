use jiff::Timestamp;

use crate::auth::recent::Recent;

/// What the store said, and when it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) revoked: bool,
    pub(super) at: Timestamp,
}

/// The last answers; what is dropped is asked again.
pub(super) struct Cache {
    answers: Recent<Box<str>, Answer>,
    /// When the store last failed to answer.
    pub(super) failed: Option<Timestamp>,
}

impl Cache {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            answers: Recent::new(capacity),
            failed: None,
        }
    }

    pub(super) fn get(&self, token_id: &str) -> Option<Answer> {
        self.answers.get(token_id).copied()
    }

    /// Keeps the answer. "Revoked" is final: an answer asked for before the revocation may arrive after it.
    pub(super) fn put(&mut self, token_id: &str, answer: Answer) {
        if self.get(token_id).is_some_and(|known| known.revoked) && !answer.revoked {
            return;
        }
        self.answers.put(token_id.into(), answer);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.answers.len()
    }
}
