//! What is remembered of one child, and what follows from it. Pure.

use super::{Disturbance, Fingerprint, Sighting, Standing, digest_of_additions};
use crate::foreign::Addition;

/// A child as our last write left it.
#[derive(Clone, Debug)]
pub(super) struct Left {
    pub(super) uid: String,
    /// Whether this process left it so, or found it so, and not only heard of it by the status.
    pub(super) is_own: bool,
    /// 0 when it is known by the status only, and was not seen since.
    pub(super) resource_version: u64,
    pub(super) fingerprint: Fingerprint,
    /// The additions that stayed after all, as far as this process has seen them.
    pub(super) kept: Box<[Addition]>,
}

#[derive(Debug, Default)]
pub(super) struct Entry {
    /// Whom to wake, empty while no pass has asked for the child.
    pub(super) service: String,
    pub(super) left: Option<Left>,
    /// What was seen last, unless that is as we left it.
    pub(super) seen: Option<Box<Sighting>>,
    pub(super) deleted: Option<String>,
    /// Whether a write of ours is under way: an event may speak of that.
    pub(super) is_written: bool,
}

impl Entry {
    pub(super) fn standing(&self, desired: u64) -> Standing {
        let Some(left) = &self.left else {
            return match &self.seen {
                Some(seen) if self.deleted.as_ref() != Some(&seen.uid) => Standing::Unproven,
                _ => Standing::Absent,
            };
        };
        if self.deleted.as_ref() == Some(&left.uid) {
            return Standing::Gone;
        }
        match self.later(left) {
            Some(seen) if seen.uid != left.uid => return Standing::Gone,
            Some(seen) if left.is_disturbed(seen) => {
                return Standing::Disturbed(Disturbance {
                    uid: left.uid.clone(),
                    resource_version: seen.resource_version,
                    changed: left.is_changed(seen),
                    added: left.news(seen),
                    manager: seen.other.clone(),
                });
            }
            // The status tells of it, but no list did.
            None if left.resource_version == 0 => return Standing::Gone,
            // Written again by an operator, in our name: the values may be others.
            Some(seen) if seen.since != left.fingerprint.since => {
                return Standing::Outdated {
                    uid: left.uid.clone(),
                };
            }
            _ => {}
        }
        if left.fingerprint.desired == desired {
            Standing::Intact
        } else {
            Standing::Outdated {
                uid: left.uid.clone(),
            }
        }
    }

    /// Of what an earlier process put up with, the status has a digest only.
    pub(super) fn note_kept(&mut self) {
        if let (Some(left), Some(seen)) = (&mut self.left, &self.seen)
            && left.kept.is_empty()
            && digest_of_additions(&seen.added) == left.fingerprint.added
        {
            left.kept = seen.added.as_slice().into();
        }
    }

    /// Keeps no sighting that tells nothing new: at rest that would be one of each child.
    pub(super) fn settle(&mut self) {
        let (Some(left), Some(seen)) = (&mut self.left, &self.seen) else {
            return;
        };
        let is_proven = seen.since == left.fingerprint.since;
        if seen.resource_version <= left.resource_version {
            self.seen = None;
        } else if seen.uid == left.uid && is_proven && !left.is_disturbed(seen) {
            left.resource_version = seen.resource_version;
            self.seen = None;
        }
    }

    /// What was seen after our last write, if anything.
    fn later(&self, left: &Left) -> Option<&Sighting> {
        self.seen
            .as_deref()
            .filter(|seen| seen.resource_version > left.resource_version)
    }

    /// The service to wake. Also while an apply is under way for the first time: nobody can tell yet whose change an
    /// event speaks of, and another pass finds out without a request. What is written in our name, but not by this process, comes
    /// from a leader before, too late; a standby hears of such writes by the status.
    pub(super) fn wakes(&self) -> Option<String> {
        let wakes = self
            .left
            .as_ref()
            .is_none_or(|left| match self.standing(left.fingerprint.desired) {
                Standing::Disturbed(_) | Standing::Gone => true,
                Standing::Outdated { .. } => left.is_own && !self.is_written,
                Standing::Absent | Standing::Unproven | Standing::Intact => false,
            });
        (wakes && !self.service.is_empty()).then(|| self.service.clone())
    }
}

impl Left {
    fn news(&self, seen: &Sighting) -> Vec<Addition> {
        let is_new = |addition: &&Addition| !self.kept.contains(addition);
        seen.added.iter().filter(is_new).cloned().collect()
    }

    fn is_changed(&self, seen: &Sighting) -> bool {
        seen.owned != Some(self.fingerprint.owned)
    }

    fn is_disturbed(&self, seen: &Sighting) -> bool {
        self.is_changed(seen) || digest_of_additions(&seen.added) != self.fingerprint.added
    }
}
