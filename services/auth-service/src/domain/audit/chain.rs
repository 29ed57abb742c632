//! Records hang together by hashes: each entry holds that of the one before, so that none can be changed, removed or put in
//! between without changing all that follow.
//!
//! Each writer has a chain of its own, which begins with the ends of all others that it knew: who takes a whole chain away, or
//! its end, is betrayed by those that began later.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::AuditRecord;
use super::canonical::CanonicalError;

/// SHA-256 of an entry; in JSON as hexadecimal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntryHash(pub [u8; 32]);

/// Text that is no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 in 64 small hexadecimal digits")]
pub struct EntryHashError;

impl fmt::Display for EntryHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<EntryHash> for String {
    fn from(hash: EntryHash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for EntryHash {
    type Error = EntryHashError;

    fn try_from(text: String) -> Result<Self, EntryHashError> {
        let mut bytes = [0; 32];
        let digits = text
            .as_bytes()
            .chunks(2)
            .map(|digits| std::str::from_utf8(digits).unwrap_or_default());
        for (byte, digits) in bytes.iter_mut().zip(digits) {
            *byte = u8::from_str_radix(digits, 16).map_err(|_| EntryHashError)?;
        }
        let hash = Self(bytes);
        if hash.to_string() == text {
            Ok(hash)
        } else {
            Err(EntryHashError)
        }
    }
}

/// The end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Which chain.
    pub chain: Uuid,
    /// The place of its last entry; 0 before the first.
    pub seq: i64,
    /// The hash of its last entry; zeros before the first.
    pub hash: EntryHash,
}

/// An entry of a chain, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which chain.
    pub chain: Uuid,
    /// Its place, from 1.
    pub seq: i64,
    /// When it happened, as in the text.
    pub at: Timestamp,
    /// The record ([`AuditRecord::canonical`]).
    pub canonical: String,
    /// The hash of the entry before.
    pub previous: EntryHash,
    /// [`hash`] of these.
    pub hash: EntryHash,
}

/// SHA-256 of the hash before, the place as eight bytes (big-endian), and the text.
pub fn hash(previous: &EntryHash, seq: i64, canonical: &str) -> EntryHash {
    let hash = Sha256::new()
        .chain_update(previous.0)
        .chain_update(seq.to_be_bytes())
        .chain_update(canonical);
    EntryHash(hash.finalize().into())
}

impl Head {
    /// The head of a chain without entries.
    pub const fn beginning(chain: Uuid) -> Self {
        Self {
            chain,
            seq: 0,
            hash: EntryHash([0; 32]),
        }
    }

    /// The entry that follows.
    pub fn follow(&self, record: &AuditRecord) -> Result<Entry, CanonicalError> {
        let canonical = record.canonical()?;
        let seq = self.seq.saturating_add(1);
        Ok(Entry {
            chain: self.chain,
            seq,
            at: record.at,
            hash: hash(&self.hash, seq, &canonical),
            previous: self.hash,
            canonical,
        })
    }
}

impl Entry {
    /// The head of a chain that ends with this entry.
    pub const fn head(&self) -> Head {
        Head {
            chain: self.chain,
            seq: self.seq,
            hash: self.hash,
        }
    }
}

#[cfg(test)]
mod tests;
