//! Collects violations, and tells of each at once.

use std::sync::{Mutex, PoisonError};

use super::history::Violation;
use super::report::Finding;
use super::stage::Stage;

/// Where violations go.
pub(crate) struct Judge<'a> {
    stage: &'a Stage,
    tell: &'a (dyn Fn(&str) + Sync),
    seed: u64,
    state: Mutex<(usize, Vec<Finding>)>,
}

impl<'a> Judge<'a> {
    /// Tells of violations by `tell`.
    pub(crate) fn new(stage: &'a Stage, seed: u64, tell: &'a (dyn Fn(&str) + Sync)) -> Self {
        Self {
            stage,
            tell,
            seed,
            state: Mutex::default(),
        }
    }

    /// Another round begins; its number, from 1.
    pub(crate) fn next_round(&self) -> usize {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 += 1;
        state.0
    }

    /// Takes violations.
    pub(crate) fn found(&self, violations: impl IntoIterator<Item = Violation>) {
        for violation in violations {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let at = violation.at.unwrap_or_else(|| self.stage.began.elapsed());
            let finding = Finding {
                rule: violation.rule,
                seen: violation.seen,
                round: state.0,
                seconds: at.as_secs_f64(),
                faults: self.stage.active_at(at),
            };
            (self.tell)(&format!(
                "VIOLATION of \"{}\" at {:.1} s, seed {}, round {}, faults active {:?}: {}",
                finding.rule, finding.seconds, self.seed, finding.round, finding.faults, finding.seen
            ));
            state.1.push(finding);
        }
    }

    /// All of them.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .clone()
    }
}
