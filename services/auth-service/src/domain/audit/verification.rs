//! Whether the log is as it was written.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::chain::{Entry, EntryHash, Head, hash};
use super::{AuditEvent, AuditRecord};

/// The first entry that is not as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("audit chain {chain}, entry {seq}: {why}")]
pub struct Broken {
    /// Which chain.
    pub chain: Uuid,
    /// Which entry of it.
    pub seq: i64,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Another entry is in its place.
    #[error("it is missing; entry {found} is in its place")]
    Missing {
        /// Which.
        found: i64,
    },
    /// The chain is not all in one piece.
    #[error("it does not begin a chain, and its chain was not there")]
    Stray,
    /// Another entry was before it.
    #[error("its previous hash is not that of the entry before it")]
    Previous,
    /// It was changed.
    #[error("its hash is not that of its contents: it was changed")]
    Hash,
    /// Not a record.
    #[error("its text is not an audit record in canonical form")]
    Unreadable,
    /// The time beside the text was changed.
    #[error("its time is not the one in its text")]
    Time,
    /// Only the first entry begins a chain, and it names the chain.
    #[error("it begins another chain, or the chain does not begin with it")]
    Start,
    /// A later chain knew it; it was taken away or replaced.
    #[error("chain {by} knew it with another hash, or it is gone")]
    Tie {
        /// Which.
        by: Uuid,
    },
}

/// What a later chain says of the end of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tie {
    /// Who says so.
    pub by: Uuid,
    /// What the end was.
    pub head: Head,
}

/// What was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The end of each chain, by chain.
    pub heads: BTreeMap<Uuid, Head>,
    /// How many entries there are.
    pub entries: u64,
    /// What is left to compare (see [`Summary::check_ties`]).
    pub ties: Vec<Tie>,
}

/// Looks at entries one by one: those of a chain together and in order.
#[derive(Clone, Debug, Default)]
pub struct Verification {
    summary: Summary,
    current: Option<Head>,
}

impl Verification {
    /// Looks at the next entry.
    pub fn entry(&mut self, entry: &Entry) -> Result<(), Broken> {
        let head = self.head_before(entry)?;
        check(&head, entry).map_err(|why| Broken {
            chain: entry.chain,
            seq: if matches!(why, Why::Missing { .. }) {
                head.seq.saturating_add(1)
            } else {
                entry.seq
            },
            why,
        })?;
        self.read(entry).map_err(|why| Broken {
            chain: entry.chain,
            seq: entry.seq,
            why,
        })?;
        self.current = Some(entry.head());
        self.summary.heads.insert(entry.chain, entry.head());
        self.summary.entries += 1;
        Ok(())
    }

    /// What was found, when all entries were good.
    pub fn finish(self) -> Summary {
        self.summary
    }

    /// The head that the entry must follow.
    fn head_before(&self, entry: &Entry) -> Result<Head, Broken> {
        let current = self.current.filter(|head| head.chain == entry.chain);
        let is_new = !self.summary.heads.contains_key(&entry.chain) && entry.seq == 1;
        match current {
            Some(head) => Ok(head),
            None if is_new => Ok(Head::beginning(entry.chain)),
            None => Err(Broken {
                chain: entry.chain,
                seq: entry.seq,
                why: Why::Stray,
            }),
        }
    }

    /// What the entry says about chains.
    fn read(&mut self, entry: &Entry) -> Result<(), Why> {
        let record = AuditRecord::from_canonical(&entry.canonical).map_err(|_| Why::Unreadable)?;
        if record.at != entry.at {
            return Err(Why::Time);
        }
        match record.event {
            AuditEvent::ChainStarted { chain, heads } if chain == entry.chain && entry.seq == 1 => {
                let by = entry.chain;
                self.summary
                    .ties
                    .extend(heads.into_iter().map(|head| Tie { by, head }));
                Ok(())
            }
            AuditEvent::ChainStarted { .. } => Err(Why::Start),
            _ if entry.seq == 1 => Err(Why::Start),
            _ => Ok(()),
        }
    }
}

fn check(head: &Head, entry: &Entry) -> Result<(), Why> {
    if entry.seq != head.seq.saturating_add(1) {
        Err(Why::Missing { found: entry.seq })
    } else if entry.previous != head.hash {
        Err(Why::Previous)
    } else if entry.hash != hash(&entry.previous, entry.seq, &entry.canonical) {
        Err(Why::Hash)
    } else {
        Ok(())
    }
}

/// Looks at all entries: those of a chain together and in order.
pub fn verify<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<Summary, Broken> {
    let mut verification = Verification::default();
    for entry in entries {
        verification.entry(entry)?;
    }
    Ok(verification.finish())
}

impl Summary {
    /// Whether what later chains knew of earlier ones is still there. `find` gives the hash of an entry.
    pub fn check_ties(&self, find: impl Fn(Uuid, i64) -> Option<EntryHash>) -> Result<(), Broken> {
        let is_there = |head: &Head| head.seq == 0 || find(head.chain, head.seq) == Some(head.hash);
        match self.ties.iter().find(|tie| !is_there(&tie.head)) {
            None => Ok(()),
            Some(Tie { by, head }) => Err(Broken {
                chain: head.chain,
                seq: head.seq,
                why: Why::Tie { by: *by },
            }),
        }
    }
}

#[cfg(test)]
mod tests;
