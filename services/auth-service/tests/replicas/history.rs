//! What was asked and answered, and whether that is as safe as promised. Pure: the judge of the tests, and itself tested.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long after a revocation other replicas may still call a token active.
const SEEN_WITHIN: Duration = Duration::from_secs(1);

/// A request about one login, and its answer. Times are from the start of the test.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The login.
    pub(crate) family: usize,
    pub(crate) from: Duration,
    pub(crate) to: Duration,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A refresh token was presented.
    Refresh { presented: String, answer: Refreshed },
    /// It was revoked; whether that was confirmed.
    Revoke { is_confirmed: bool },
    /// An access token of it was called active, or not.
    Introspect { is_active: bool },
    /// Its code was presented, and gave tokens or did not.
    Redeem { code: String, is_given: bool },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refreshed {
    Given {
        successor: String,
    },
    Refused,
    /// The service was not available, or the connection broke.
    Unknown,
}

/// Everything in a history that must not be.
pub(crate) fn violations(events: &[Event], grace: Duration) -> Vec<String> {
    let mut found = twice(events);
    found.extend(several_successors(events));
    for event in events {
        if lives_after_death(events, event) {
            found.push(format!("after it was revoked: {event:?}"));
        }
        if is_logged_out(events, event, grace) {
            found.push(format!("logged out: {event:?}"));
        }
    }
    found
}

fn twice(events: &[Event]) -> Vec<String> {
    let mut codes = BTreeSet::new();
    let given = events.iter().filter_map(|event| match &event.what {
        What::Redeem { code, is_given: true } => Some(code),
        _ => None,
    });
    given
        .filter(|code| !codes.insert(*code))
        .map(|code| format!("a code was good twice: {code}"))
        .collect()
}

fn several_successors(events: &[Event]) -> Vec<String> {
    let mut successors: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for event in events {
        if let What::Refresh {
            presented,
            answer: Refreshed::Given { successor },
        } = &event.what
        {
            successors.entry(presented).or_default().insert(successor);
        }
    }
    let several = successors.into_iter().filter(|(_, given)| given.len() > 1);
    several
        .map(|(presented, _)| format!("two successors of {presented}"))
        .collect()
}

/// No token is issued once a revocation was confirmed, and none is active a second later.
fn lives_after_death(events: &[Event], event: &Event) -> bool {
    let allowed = match &event.what {
        What::Refresh {
            answer: Refreshed::Given { .. },
            ..
        } => Duration::ZERO,
        What::Introspect { is_active: true } => SEEN_WITHIN,
        _ => return false,
    };
    let is_over = |death: &Event| {
        matches!(death.what, What::Revoke { is_confirmed: true })
            && death.family == event.family
            && event.from > death.to + allowed
    };
    events.iter().any(is_over)
}

/// Refused although nobody asked for an end, and the token had first been used so short a time ago that it is no reuse.
fn is_logged_out(events: &[Event], event: &Event, grace: Duration) -> bool {
    let What::Refresh {
        presented,
        answer: Refreshed::Refused,
    } = &event.what
    else {
        return false;
    };
    let of_family = || events.iter().filter(|other| other.family == event.family);
    let was_to_end =
        of_family().any(|other| matches!(other.what, What::Revoke { .. }) && other.from < event.to);
    let uses = of_family()
        .filter(|other| matches!(&other.what, What::Refresh { presented: other, .. } if other == presented));
    let first_use = uses.map(|other| other.from).min().unwrap_or(event.from);
    !was_to_end && event.to < first_use + grace
}

#[cfg(test)]
mod tests;
