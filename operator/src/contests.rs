//! Bounds on putting right what somebody else changes again and again: two that undo each other's work without end would
//! keep the API server busy. Pure but for the lock.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::ledger::ChildKey;
use crate::locked::lock;

/// Repairs of one child that may follow each other at once.
pub const AT_ONCE: u32 = 120;
/// Time after which one more may follow.
pub const EACH: Duration = Duration::from_secs(5);

/// How much each child was put right lately, on a clock that never jumps, by the generic cell rate algorithm: until when
/// its repairs reach, at one [`EACH`].
#[derive(Debug, Default)]
pub struct Contests {
    until: Mutex<HashMap<ChildKey, Instant>>,
}

impl Contests {
    /// Whether a child may be put right now; counts it.
    pub fn may_repair(&self, key: &ChildKey, now: Instant) -> bool {
        let mut until = lock(&self.until);
        let used = until.get(key).copied().unwrap_or(now).max(now);
        let next = used + EACH;
        if next > now + EACH * AT_ONCE {
            return false;
        }
        if until.len() >= AT_ONCE as usize {
            until.retain(|_, used| *used > now);
        }
        until.insert(key.clone(), next);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::ChildKind;

    fn key(name: &str) -> ChildKey {
        ChildKey {
            kind: ChildKind::Service,
            namespace: "clinic".into(),
            name: name.into(),
        }
    }

    fn repairs(contests: &Contests, name: &str, now: Instant) -> usize {
        (0..1000).filter(|_| contests.may_repair(&key(name), now)).count()
    }

    #[test]
    fn many_at_once_then_one_each_five_seconds() {
        let (contests, start) = (Contests::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(repairs(&contests, "records", at(0)), 120);
        assert_eq!(repairs(&contests, "records", at(4)), 0);
        assert_eq!(repairs(&contests, "records", at(5)), 1);
        assert_eq!(repairs(&contests, "records", at(65)), 12);
        assert_eq!(
            repairs(&contests, "records", at(10_000)),
            120,
            "when it has calmed down"
        );
    }

    #[test]
    fn each_child_for_itself() {
        let (contests, now) = (Contests::default(), Instant::now());
        repairs(&contests, "records", now);
        assert_eq!(repairs(&contests, "billing", now), 120);
    }

    #[test]
    fn what_has_calmed_down_is_forgotten() {
        let (contests, start) = (Contests::default(), Instant::now());
        for number in 0..1000 {
            let now = start + EACH * number;
            assert!(contests.may_repair(&key(&number.to_string()), now));
        }
        assert!(contests.until.lock().unwrap().len() <= 120);
    }
}
