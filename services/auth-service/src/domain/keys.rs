//! The life of signing keys: next → active → retired → gone.
//!
//! A key is published before it is used, so that those who keep a copy of the JWK Set know it in time, and stays published
//! until the longest token that it signed has expired. Of each algorithm one key at most is next and one active.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use service_kit::auth::Algorithm;

pub mod generate;
pub mod sealing;

/// Where a key is in its life. When it is gone there is no record of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyState {
    /// Published, not used yet.
    Next {
        /// Since when.
        since: Timestamp,
    },
    /// Signs.
    Active {
        /// Since when.
        since: Timestamp,
    },
    /// Published for the tokens it signed.
    Retired {
        /// Since when.
        since: Timestamp,
    },
}

/// What is kept of a key besides its sealed private half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// `kid`: the thumbprint of the public half (RFC 7638).
    pub key_id: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The public half, as in the JWK Set.
    pub public: Value,
    /// Where it is in its life.
    pub state: KeyState,
}

/// How long a key is in each state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRules {
    /// Published before it is used: longer than anybody keeps a copy of the JWK Set.
    pub publish_before: SignedDuration,
    /// In use.
    pub active_for: SignedDuration,
    /// Published after use: longer than any token it signed is valid, leeway included.
    pub publish_after: SignedDuration,
}

impl Default for KeyRules {
    /// A month of use. Verifiers of the kit look for new keys every 5 minutes; access tokens live for 15.
    fn default() -> Self {
        Self {
            publish_before: SignedDuration::from_mins(15),
            active_for: SignedDuration::from_hours(30 * 24),
            publish_after: SignedDuration::from_mins(20),
        }
    }
}

/// A step in the life of a key. Steps are taken in the order they are given, all or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyStep {
    /// The new key is published.
    Add,
    /// This key signs no more.
    Retire(String),
    /// This key signs from now on.
    Activate(String),
    /// This key is forgotten.
    Remove(String),
}

/// The keys of the service as they are at some instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRing(Vec<KeyRecord>);

impl KeyRing {
    /// Of these keys.
    pub fn new(keys: impl IntoIterator<Item = KeyRecord>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// All of them: those of the JWK Set.
    pub fn keys(&self) -> &[KeyRecord] {
        &self.0
    }

    /// The key to sign with; none before the first one is active.
    pub fn active(&self, algorithm: Algorithm) -> Option<&KeyRecord> {
        self.of(algorithm)
            .find(|key| matches!(key.state, KeyState::Active { .. }))
    }

    /// The JWK Set (RFC 7517, section 5).
    pub fn jwks(&self) -> Value {
        let keys: Vec<_> = self.0.iter().map(|key| &key.public).collect();
        json!({ "keys": keys })
    }

    /// What has to be done now for an algorithm. `new` is the name of a key that was made for [`KeyStep::Add`], which
    /// happens only with one; that it would is told by [`KeyRing::needs_key`].
    pub fn plan(
        &self,
        algorithm: Algorithm,
        new: Option<&str>,
        rules: &KeyRules,
        now: Timestamp,
    ) -> Vec<KeyStep> {
        let removed = self
            .expired(algorithm, rules, now)
            .map(|key| KeyStep::Remove(key.key_id.clone()));
        let mut steps: Vec<_> = removed.collect();
        if self.needs_key(algorithm, rules, now) {
            steps.extend(new.map(|_| KeyStep::Add));
        }
        steps.extend(self.handover(algorithm, new, rules, now));
        steps
    }

    /// Whether a key has to be made and published: so that it is known when the active one has served its time, and at once
    /// when there is nothing to sign with.
    pub fn needs_key(&self, algorithm: Algorithm, rules: &KeyRules, now: Timestamp) -> bool {
        let is_due = |since| now >= later(since, rules.active_for.saturating_sub(rules.publish_before));
        let is_old = match self.active(algorithm).map(|key| key.state) {
            Some(KeyState::Active { since }) => is_due(since),
            _ => true,
        };
        is_old && self.next(algorithm).is_none()
    }

    /// Whether there is a key that is published and not used yet.
    pub fn has_next(&self, algorithm: Algorithm) -> bool {
        self.next(algorithm).is_some()
    }

    /// The next key becomes the active one when it was published for long enough, or when there is none to keep copies of.
    fn handover(
        &self,
        algorithm: Algorithm,
        new: Option<&str>,
        rules: &KeyRules,
        now: Timestamp,
    ) -> Vec<KeyStep> {
        match (self.active(algorithm), self.next(algorithm)) {
            (None, next) => {
                let first = next.map(|(key, _)| key.key_id.as_str()).or(new);
                first
                    .map(|first| KeyStep::Activate(first.to_owned()))
                    .into_iter()
                    .collect()
            }
            (Some(active), Some((next, since))) if now >= later(since, rules.publish_before) => vec![
                KeyStep::Retire(active.key_id.clone()),
                KeyStep::Activate(next.key_id.clone()),
            ],
            _ => Vec::new(),
        }
    }

    /// For fear that somebody else has the key: it and the tokens it signed are good for nothing from now on. If it was the
    /// active one, [`KeyRing::plan`] then has another take its place at once.
    pub fn withdraw(&self, key_id: &str) -> Vec<KeyStep> {
        let Some(key) = self.0.iter().find(|key| key.key_id == key_id) else {
            return Vec::new();
        };
        let id = || key.key_id.clone();
        match key.state {
            KeyState::Next { .. } | KeyState::Retired { .. } => vec![KeyStep::Remove(id())],
            KeyState::Active { .. } => vec![KeyStep::Retire(id()), KeyStep::Remove(id())],
        }
    }

    fn of(&self, algorithm: Algorithm) -> impl Iterator<Item = &KeyRecord> {
        self.0.iter().filter(move |key| key.algorithm == algorithm)
    }

    fn next(&self, algorithm: Algorithm) -> Option<(&KeyRecord, Timestamp)> {
        self.of(algorithm).find_map(|key| match key.state {
            KeyState::Next { since } => Some((key, since)),
            _ => None,
        })
    }

    fn expired(
        &self,
        algorithm: Algorithm,
        rules: &KeyRules,
        now: Timestamp,
    ) -> impl Iterator<Item = &KeyRecord> {
        let publish_after = rules.publish_after;
        self.of(algorithm).filter(move |key| match key.state {
            KeyState::Retired { since } => now >= later(since, publish_after),
            _ => false,
        })
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
