use crate::digest::stable;
use crate::field_managers::{FIELD_MANAGER, REPAIR_MANAGER, SCALE_MANAGER, is_ours};
use crate::foreign::{self, Addition};
use crate::managed::ManagedEntry;
use crate::metadata::ChildView;

/// A child as seen at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Unique identity.
    pub uid: String,
    /// Position in the API server's history: a larger one is later (KEP-5504).
    pub resource_version: u64,
    /// Digest of our own `managedFields` entry, none when there is none.
    pub owned: Option<u64>,
    /// When we last changed something of it, in seconds since 1970.
    pub since: i64,
    /// Digest of what we own of a pod template, 0 where there is none.
    pub template: u64,
    /// What others own and we do not.
    pub added: Vec<Addition>,
    /// Other field manager that wrote last.
    pub other: Option<String>,
}

/// What a child tells. None for one without identity, which the API server never sends.
pub fn sighting(child: &ChildView) -> Option<Sighting> {
    let metadata = &child.metadata;
    let ours = child.managed.iter().find(|entry| is_ours(entry));
    let owned = ours.map(ManagedEntry::owned);
    Some(Sighting {
        uid: metadata.uid.clone()?,
        resource_version: metadata.resource_version.as_ref()?.parse().unwrap_or(u64::MAX),
        owned: owned.map(|owned| owned.digest),
        since: ours
            .and_then(|entry| entry.time.as_ref())
            .map_or(0, |time| time.0.as_second()),
        template: owned.map_or(0, |owned| owned.template),
        added: foreign::additions(&child.managed),
        other: last_other(&child.managed),
    })
}

/// What the operator left behind at a child, short enough to be kept in the service's status: with it a new process
/// finds out without a request that nothing has changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Digest of the object that was wanted.
    pub desired: u64,
    /// Digest of our own `managedFields` entry.
    pub owned: u64,
    /// Time of that entry, in seconds since 1970: it moves with every change of ours, also of a value alone.
    pub since: i64,
    /// Digest of what others had added and what stayed after all, 0 for nothing.
    pub added: u64,
    /// Digest of what we own of a pod template, 0 where there is none.
    pub template: u64,
}

impl Fingerprint {
    /// Reads what [`Display`](std::fmt::Display) wrote. None for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut hexadecimal = || u64::from_str_radix(parts.next()?, 16).ok();
        let read = Self {
            desired: hexadecimal()?,
            owned: hexadecimal()?,
            since: hexadecimal()?.try_into().ok()?,
            added: hexadecimal()?,
            template: hexadecimal()?,
        };
        parts.next().is_none().then_some(read)
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            desired,
            owned,
            since,
            added,
            template,
        } = self;
        write!(f, "{desired:x}-{owned:x}-{since:x}-{added:x}-{template:x}")
    }
}

/// Digest of additions, 0 for none.
pub fn digest_of_additions(added: &[Addition]) -> u64 {
    if added.is_empty() {
        return 0;
    }
    let texts = added.iter().map(|addition| {
        let manager = addition.manager.as_deref().unwrap_or_default();
        format!("{manager}:{}", addition.path)
    });
    let texts: Vec<_> = texts.collect();
    stable(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn last_other(entries: &[ManagedEntry]) -> Option<String> {
    let own = [FIELD_MANAGER, SCALE_MANAGER, REPAIR_MANAGER];
    let others = entries.iter().filter(|entry| {
        entry
            .manager
            .as_deref()
            .is_some_and(|manager| !own.contains(&manager))
            && entry.is_about_the_object()
    });
    let latest = others.max_by_key(|entry| entry.time.as_ref().map(|time| time.0));
    latest.and_then(|entry| entry.manager.clone())
}
