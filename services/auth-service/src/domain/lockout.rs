//! How often a password may be guessed (PCI DSS 4.0, 8.3.4; NIST SP 800-63B, section 5.2.2).
//!
//! Attempts are counted by account, by where they come from, and by device. A device that somebody logged in from before is
//! known by a cookie, and its attempts on that account are counted apart from those of strangers: they cannot lock the owner out,
//! and the cookie is no way to guess more often. What logins nobody has is counted the same as what somebody has.
//!
//! An attempt is counted before the password is looked at, and taken back when it was right, so that guesses in parallel do not
//! slip through together.

use jiff::{SignedDuration, Timestamp};

pub mod counter;
pub mod device;

/// How often may be tried, and how long to wait then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutRules {
    /// Attempts in a row that have to wait for nothing.
    pub free: u32,
    /// The wait after the first one that is not free; each further one doubles it.
    pub first_delay: SignedDuration,
    /// From this attempt on the wait is `lock`, then twice that, and so on.
    pub lock_at: u32,
    /// At least 30 minutes (PCI DSS 8.3.4).
    pub lock: SignedDuration,
    /// Longest wait.
    pub longest: SignedDuration,
    /// Attempts are forgotten when there was none for this long after the wait.
    pub forget_after: SignedDuration,
}

impl LockoutRules {
    /// For an account or a device: 10 attempts (PCI DSS 8.3.4), and then 30 minutes, an hour, up to 4 hours.
    pub const fn of_account() -> Self {
        Self {
            free: 3,
            first_delay: SignedDuration::from_secs(1),
            lock_at: 10,
            lock: SignedDuration::from_mins(30),
            longest: SignedDuration::from_hours(4),
            forget_after: SignedDuration::from_hours(24),
        }
    }

    /// For a source: all people of a hospital may share one.
    pub const fn of_source() -> Self {
        Self {
            free: 100,
            first_delay: SignedDuration::from_secs(1),
            lock_at: 110,
            ..Self::of_account()
        }
    }

    /// The wait after so many attempts in a row.
    fn delay(&self, failures: i64) -> SignedDuration {
        let (free, lock_at) = (i64::from(self.free), i64::from(self.lock_at));
        let (base, doublings) = match failures {
            few if few <= free => return SignedDuration::ZERO,
            some if some < lock_at => (self.first_delay, some - free - 1),
            many => (self.lock, many - lock_at),
        };
        let factor = u32::try_from(doublings)
            .ok()
            .and_then(|by| 1_i32.checked_shl(by).filter(|factor| *factor > 0));
        let delay = factor.and_then(|factor| base.checked_mul(factor));
        delay.unwrap_or(SignedDuration::MAX).min(self.longest)
    }
}

/// The state of one counter; the default is that of one that nobody used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// How many in a row were wrong.
    pub failures: i64,
    /// When the first of them was.
    pub first_at: Option<Timestamp>,
    /// Until when none is allowed: the instant of the last one, or later.
    pub locked_until: Option<Timestamp>,
}

/// An attempt that is not allowed; the password is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many failed attempts; none is allowed before {until}")]
pub struct Locked {
    /// Until when.
    pub until: Timestamp,
}

impl Attempts {
    /// The counter with one attempt more, which is presumed to be wrong.
    pub fn attempt(self, rules: &LockoutRules, now: Timestamp) -> Result<Self, Locked> {
        // Those that wait for nothing may come in any order: requests cross, and clocks of replicas differ.
        let has_to_wait = !rules.delay(self.failures).is_zero();
        if let Some(until) = self.locked_until.filter(|until| has_to_wait && now < *until) {
            return Err(Locked { until });
        }
        let before = if self.is_forgotten(rules, now) {
            Self::default()
        } else {
            self
        };
        let failures = before.failures.max(0).saturating_add(1);
        Ok(Self {
            failures,
            first_at: before.first_at.or(Some(now)),
            locked_until: Some(later(now, rules.delay(failures))),
        })
    }

    /// Whether the row may be deleted: it says no more than none.
    pub fn is_forgotten(&self, rules: &LockoutRules, now: Timestamp) -> bool {
        self.locked_until
            .is_none_or(|until| now >= later(until, rules.forget_after))
    }

    /// Whether this attempt was the one that locked the account (for the audit).
    pub fn has_locked(&self, rules: &LockoutRules) -> bool {
        self.failures >= i64::from(rules.lock_at)
    }

    /// The counter of an account or a device after the right password: none was wrong.
    #[must_use]
    pub const fn cleared() -> Self {
        Self {
            failures: 0,
            first_at: None,
            locked_until: None,
        }
    }

    /// The counter of a source after the right password: that attempt alone is taken back. Who has an account of their own
    /// cannot clear what they did to those of others.
    #[must_use]
    pub fn taken_back(self, now: Timestamp) -> Self {
        match self.failures {
            ..=1 => Self::cleared(),
            failures => Self {
                failures: failures - 1,
                locked_until: self.locked_until.map(|until| until.min(now)),
                ..self
            },
        }
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
