use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use super::{Broken, Summary, Why, verify};
use crate::domain::audit::chain::{Entry, EntryHash, Head};
use crate::domain::audit::{AuditEvent, AuditRecord};
use crate::domain::test_support::{after, noon, uuid};

fn record(second: i64, event: AuditEvent) -> AuditRecord {
    AuditRecord::new(after(second), None, Some(uuid(9)), event)
}

/// A chain of this length that begins with what it knows of others.
fn chain(id: u128, length: i64, heads: Vec<Head>) -> Vec<Entry> {
    let start = AuditEvent::ChainStarted {
        chain: uuid(id),
        heads,
    };
    let others = (1..length).map(|second| {
        let event = AuditEvent::LoggedOut {
            user: uuid(second.unsigned_abs().into()),
        };
        record(second, event)
    });
    let mut head = Head::beginning(uuid(id));
    let entry = |record: AuditRecord| {
        let entry = head.follow(&record).unwrap();
        head = entry.head();
        entry
    };
    std::iter::once(record(0, start))
        .chain(others)
        .map(entry)
        .collect()
}

/// Two chains, of which the second knows the end of the first.
fn log() -> Vec<Entry> {
    let first = chain(1, 5, vec![]);
    let second = chain(2, 4, vec![first[4].head()]);
    [first, second].concat()
}

fn check_ties(summary: &Summary, log: &[Entry]) -> Result<(), Broken> {
    let find = |chain, seq| log.iter().find(|entry| (entry.chain, entry.seq) == (chain, seq));
    summary.check_ties(|chain, seq| find(chain, seq).map(|entry| entry.hash))
}

/// All that the command looks at.
fn broken(log: &[Entry]) -> Option<Broken> {
    verify(log).and_then(|summary| check_ties(&summary, log)).err()
}

#[test]
fn a_log_as_it_was_written_is_good() {
    let summary = verify(&log()).unwrap();
    assert_eq!(summary.entries, 9);
    assert_eq!(summary.heads[&uuid(1)], log()[4].head());
    assert_eq!(summary.heads[&uuid(2)].seq, 4);
    assert_eq!(summary.ties.len(), 1);
    assert_eq!(check_ties(&summary, &log()), Ok(()));
    assert_eq!(verify(&[]), Ok(Summary::default()));
}

fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

/// The entry with one bit of its bits flipped; `None` where that is no text or no time.
fn flipped(entry: &Entry, bit: usize) -> Option<Entry> {
    let mut entry = entry.clone();
    let mut chain = entry.chain.into_bytes();
    let mut seq = entry.seq.to_be_bytes();
    let mut at = entry.at.as_microsecond().to_be_bytes();
    let mut text = entry.canonical.clone().into_bytes();
    let mut rest = bit;
    for part in [
        &mut chain[..],
        &mut seq,
        &mut at,
        &mut entry.previous.0,
        &mut entry.hash.0,
        &mut text,
    ] {
        if rest < part.len() * 8 {
            flip(part, rest);
            rest = usize::MAX;
            break;
        }
        rest -= part.len() * 8;
    }
    assert_eq!(rest, usize::MAX, "bit {bit} is beyond the entry");
    Some(Entry {
        chain: Uuid::from_bytes(chain),
        seq: i64::from_be_bytes(seq),
        at: Timestamp::from_microsecond(i64::from_be_bytes(at)).ok()?,
        canonical: String::from_utf8(text).ok()?,
        ..entry
    })
}

fn bits(entry: &Entry) -> usize {
    (16 + 8 + 8 + 32 + 32 + entry.canonical.len()) * 8
}

/// All single-bit flips of all columns of all entries, not a sample: each is found, and the entry is named, by what it is now
/// or by the place where it was.
#[test]
fn a_flipped_bit_anywhere_is_found_and_its_entry_named() {
    let good = log();
    for at in 0..good.len() {
        for bit in 0..bits(&good[at]) {
            let mut log = good.clone();
            let Some(flipped) = flipped(&good[at], bit) else {
                continue;
            };
            log[at] = flipped;
            let found = broken(&log).expect("the flipped bit is found");
            let names = [&log[at], &good[at]].map(|entry| (entry.chain, entry.seq));
            let is_named = names.contains(&(found.chain, found.seq));
            assert!(is_named, "entry {at}, bit {bit}: {found}");
        }
    }
}

#[test]
fn entries_that_were_taken_away_are_missed() {
    let good = log();
    for at in 0..good.len() - 1 {
        let mut log = good.clone();
        let gone = log.remove(at);
        let found = broken(&log).unwrap();
        let next = good[at].seq + 1;
        let is_named = found.seq == gone.seq || (found.why == Why::Stray && found.seq == next);
        assert!(found.chain == gone.chain && is_named, "entry {at}: {found}");
    }
}

/// The end of a chain and a whole chain are missed as long as a later one knew them.
#[test]
fn the_end_of_a_chain_is_missed_by_later_chains() {
    let good = log();
    for keep in 0..5 {
        let log = [&good[..keep], &good[5..]].concat();
        let expected = Broken {
            chain: uuid(1),
            seq: 5,
            why: Why::Tie { by: uuid(2) },
        };
        assert_eq!(broken(&log), Some(expected));
    }
}

#[test]
fn a_chain_that_was_written_anew_is_betrayed_by_later_ones() {
    let mut forged = chain(1, 4, vec![]);
    let other = record(4, AuditEvent::LoggedOut { user: uuid(99) });
    forged.push(forged[3].head().follow(&other).unwrap());
    let log = [forged, log()[5..].to_vec()].concat();
    assert_eq!(
        broken(&log).map(|found| found.why),
        Some(Why::Tie { by: uuid(2) })
    );
}

#[test]
fn chains_begin_and_continue_as_they_must() {
    let start = || AuditEvent::ChainStarted {
        chain: uuid(1),
        heads: vec![],
    };
    let first = Head::beginning(uuid(1)).follow(&record(0, start())).unwrap();
    let again = first.head().follow(&record(1, start())).unwrap();
    let bare = record(0, AuditEvent::LoggedOut { user: uuid(1) });
    let without = Head::beginning(uuid(1)).follow(&bare).unwrap();
    let other = Head::beginning(uuid(2)).follow(&record(0, start())).unwrap();
    let why = |log: &[Entry]| verify(log).unwrap_err().why;
    assert_eq!(why(&[first.clone(), again]), Why::Start);
    assert_eq!(why(&[without]), Why::Start);
    assert_eq!(why(&[other]), Why::Start);
    assert_eq!(
        why(&[first.clone(), chain(2, 1, vec![])[0].clone(), first.clone()]),
        Why::Stray
    );
    let mut unreadable = first;
    unreadable.canonical = "{}".to_owned();
    unreadable.hash = super::hash(&unreadable.previous, 1, "{}");
    assert_eq!(why(&[unreadable]), Why::Unreadable);
}

#[test]
fn the_message_names_the_entry() {
    let found = Broken {
        chain: uuid(1),
        seq: 7,
        why: Why::Hash,
    };
    assert_eq!(
        found.to_string(),
        "audit chain 00000000-0000-0000-0000-000000000001, entry 7: its hash is not that of its contents: it was changed"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn chains_of_any_length_are_good(lengths in prop::collection::vec(1i64..12, 0..5)) {
        let mut log: Vec<Entry> = Vec::new();
        let mut heads = Vec::new();
        for (id, length) in (1..).zip(lengths) {
            let next = chain(id, length, heads.clone());
            heads.push(next.last().unwrap().head());
            log.extend(next);
        }
        prop_assert_eq!(broken(&log), None);
    }

    /// Who changes an entry and mends its hash is found at the next one.
    #[test]
    fn a_mended_hash_is_found_at_the_next_entry(at in 1usize..4, second in 100i64..200) {
        let mut log = log();
        let record = record(second, AuditEvent::LoggedOut { user: uuid(77) });
        let head = log[at - 1].head();
        log[at] = head.follow(&record).unwrap();
        let found = broken(&log).unwrap();
        prop_assert_eq!((found.seq, found.why), (i64::try_from(at).unwrap() + 2, Why::Previous));
    }

    #[test]
    fn a_hash_depends_on_all_of_it(one: [u8; 32], seq: i64, text in "[ab]{0,3}", other in "[ab]{0,3}") {
        let of = |seq, text: &str| super::hash(&EntryHash(one), seq, text);
        prop_assert_eq!(of(seq, &text) == of(seq, &other), text == other);
        prop_assert_ne!(of(seq, &text), of(seq.wrapping_add(1), &text));
    }
}

#[test]
fn the_time_beside_the_text_is_compared() {
    let mut log = log();
    log[2].at = noon() + SignedDuration::from_hours(1);
    let found = broken(&log).unwrap();
    assert_eq!((found.seq, found.why), (3, Why::Time));
}
