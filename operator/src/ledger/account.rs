use super::{ChildKey, Entry, Ledger, Standing};
use crate::foreign::Addition;
use crate::locked::lock;

/// What is remembered of one child, for those who tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// How it stands.
    pub standing: Standing,
    /// Its identity, as seen or written last.
    pub uid: Option<String>,
    /// Its version, as seen or written last.
    pub resource_version: Option<u64>,
    /// What others had added and what stayed after all.
    pub kept: Vec<Addition>,
}

impl Ledger {
    /// What is remembered of a child, given the digest of what is wanted now.
    pub fn account(&self, key: &ChildKey, desired: u64) -> Account {
        match lock(&self.entries).get(key) {
            Some(entry) => entry.account(desired),
            None => Entry::default().account(desired),
        }
    }
}

impl Entry {
    fn account(&self, desired: u64) -> Account {
        let standing = self.standing(desired);
        let left = self.left.as_ref();
        let (uid, version) = match (&standing, self.seen.as_deref(), left) {
            (Standing::Absent | Standing::Gone, _, _) | (_, None, None) => (None, 0),
            (_, Some(seen), _) => (Some(&seen.uid), seen.resource_version),
            (_, None, Some(left)) => (Some(&left.uid), left.resource_version),
        };
        Account {
            uid: uid.cloned(),
            // 0 stands for a child that only the status tells of.
            resource_version: (version > 0).then_some(version),
            kept: left.map(|left| left.kept.to_vec()).unwrap_or_default(),
            standing,
        }
    }
}
