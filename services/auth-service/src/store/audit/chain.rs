//! How entries hang together. Pure.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::store::records::{AuditEntry, Head, Unchained};

/// The head of a chain without entries.
pub(super) const fn beginning(chain: Uuid) -> Head {
    Head {
        chain,
        seq: 0,
        hash: [0; 32],
    }
}

/// The head that `entry` makes.
pub(super) const fn head_of(entry: &AuditEntry) -> Head {
    Head {
        chain: entry.chain,
        seq: entry.seq,
        hash: entry.hash,
    }
}

/// The events as the entries that follow on `head`.
pub(super) fn chained<'a>(head: Head, events: impl Iterator<Item = &'a Unchained>) -> Vec<AuditEntry> {
    let follow = |head: &mut Head, event: &Unchained| {
        let entry = follow(head, event);
        *head = head_of(&entry);
        Some(entry)
    };
    events.scan(head, follow).collect()
}

fn follow(head: &Head, event: &Unchained) -> AuditEntry {
    let seq = head.seq.saturating_add(1);
    AuditEntry {
        chain: head.chain,
        seq,
        at: event.at,
        canonical: event.canonical.clone(),
        previous: head.hash,
        hash: hash(&head.hash, seq, &event.canonical),
    }
}

fn hash(previous: &[u8; 32], seq: i64, canonical: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(previous)
        .chain_update(seq.to_be_bytes())
        .chain_update(canonical)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests;
