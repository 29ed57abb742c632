//! One writer at a time. Pure.
//!
//! Each write of the API server gets a number that counts up over all objects (etcd's revision, as resourceVersion). So
//! the writes of the Lease and those of the operators stand in one order, whatever any clock says; and what an operator
//! sent after its proxy, or a watch, knew of another holder was sent by one who did not lead.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::history::{LeaseRecord, Violation, Write};

/// The rule about what is sent.
pub(crate) const SENT: &str = "no write is sent by one who does not hold the lease";
/// The rule about what is done.
pub(crate) const DONE: &str = "no write is done after another took the lease";
/// The rule that holds where nobody else has taken the lease yet.
pub(crate) const FENCED: &str = "no write is sent later than a lease after its last renewal";

/// The Lease's records in order.
#[derive(Debug, Default)]
pub(crate) struct Records(BTreeMap<u64, LeaseRecord>);

impl Records {
    /// Puts together what proxies and a watch saw: of one record the earliest knowledge counts.
    pub(crate) fn of(records: impl IntoIterator<Item = LeaseRecord>) -> Self {
        let mut by_revision: BTreeMap<u64, LeaseRecord> = BTreeMap::new();
        for record in records {
            let known = by_revision
                .entry(record.revision)
                .or_insert_with(|| record.clone());
            known.known = known.known.min(record.known);
            known.sent = known.sent.or(record.sent);
        }
        Self(by_revision)
    }

    /// The newest record that was known at a time.
    fn known_at(&self, time: Duration) -> Option<&LeaseRecord> {
        self.0.values().rev().find(|record| record.known <= time)
    }

    /// The record in force when a revision was written.
    fn in_force_at(&self, revision: u64) -> Option<&LeaseRecord> {
        self.0.range(..revision).next_back().map(|(_, record)| record)
    }

    /// When the last renewal of an operator before a time was sent.
    fn renewed(&self, operator: &str, time: Duration) -> Option<Duration> {
        let own = self.0.values().filter(|record| record.holder == operator);
        own.filter_map(|record| record.sent)
            .filter(|sent| *sent <= time)
            .max()
    }

    /// How often the Lease went from one holder to another.
    pub(crate) fn transitions(&self) -> usize {
        let mut holders: Vec<_> = self.0.values().map(|record| &record.holder).collect();
        holders.retain(|holder| !holder.is_empty());
        holders.dedup();
        holders.len().saturating_sub(1)
    }

    /// Every write that breaks a rule.
    pub(crate) fn check(&self, writes: &[Write], lease: Duration) -> Vec<Violation> {
        let counted = writes.iter().filter(|write| !write.is_election());
        counted.filter_map(|write| self.judge(write, lease)).collect()
    }

    fn judge(&self, write: &Write, lease: Duration) -> Option<Violation> {
        let is_other = |record: &&LeaseRecord| record.holder != write.operator;
        let against = |rule, record: &LeaseRecord| Violation::by(rule, write, &format!("; {record:?}"));
        let known = self.known_at(write.arrived);
        if let Some(record) = known.filter(is_other) {
            return Some(against(SENT, record));
        }
        // An object that the write left as it was keeps the revision of an earlier one.
        let begin = known.map(|record| record.revision).unwrap_or_default();
        let done = write
            .revision
            .filter(|revision| write.is_done() && *revision > begin);
        if let Some(record) = done
            .and_then(|revision| self.in_force_at(revision))
            .filter(is_other)
        {
            return Some(against(DONE, record));
        }
        let renewed = self.renewed(&write.operator, write.arrived);
        let fresh = renewed.is_some_and(|renewed| write.arrived <= renewed + lease);
        (!fresh).then(|| Violation::by(FENCED, write, &format!("; renewed at {renewed:?}")))
    }
}

#[cfg(test)]
mod tests;
