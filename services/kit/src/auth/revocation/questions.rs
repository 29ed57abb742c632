use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};

/// What the store said, nothing when it did not answer.
pub(super) type Question = BoxFuture<'static, Option<bool>>;

/// Questions the store has not answered yet, by token. They go on while somebody waits for them.
#[derive(Default)]
pub(super) struct Questions(Mutex<HashMap<Box<str>, WeakShared<Question>>>);

impl Questions {
    /// The answer to the question about this token that is under way, else to `ask`.
    pub(super) async fn shared(&self, token_id: &str, ask: impl FnOnce() -> Question) -> Option<bool> {
        let question = self.join(token_id, ask);
        // Also when nobody waits any more.
        let _ended = Ended(self, token_id);
        question.await
    }

    fn join(&self, token_id: &str, ask: impl FnOnce() -> Question) -> Shared<Question> {
        let mut under_way = self.under_way();
        if let Some(question) = under_way.get(token_id).and_then(WeakShared::upgrade) {
            return question;
        }
        let question = ask().shared();
        if let Some(asked) = question.downgrade() {
            under_way.insert(token_id.into(), asked);
        }
        question
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<Box<str>, WeakShared<Question>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.under_way().len()
    }
}

struct Ended<'a>(&'a Questions, &'a str);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let Self(questions, token_id) = *self;
        questions.under_way().remove(token_id);
    }
}
