//! The election's pure part: when to wait, when to take, and what to write.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use tokio::time::Instant;

use super::LeaseConfig;

/// What a candidate does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// There is no Lease: make one.
    Create,
    /// Write our name into it.
    Take,
    /// Somebody else leads.
    Wait,
}

/// The holder's record as last seen to change.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    record: Option<Record>,
}

#[derive(Clone, Debug)]
struct Record {
    version: Option<String>,
    /// When the version was first seen.
    since: Instant,
    /// How long its holder may rely on it.
    duration: Duration,
    /// Nobody holds it, or we do.
    free: bool,
}

impl Observation {
    /// Takes note of the Lease, and decides. Pure but for what it remembers.
    ///
    /// `now` must not be before that Lease was written: of a record that is heard of late, the time counts from then.
    ///
    /// `fallback` is the duration of a record that states none; else the holder's own counts, as it may run on longer
    /// terms than ours.
    pub fn decide(
        &mut self,
        lease: Option<&Lease>,
        identity: &str,
        fallback: Duration,
        now: Instant,
    ) -> Move {
        if let Some(lease) = lease {
            self.note(lease, identity, fallback, now);
        }
        let held = self.expiry().is_some_and(|at| now < at);
        match lease {
            // Of a Lease that somebody deleted, too: its holder leads on until its next look.
            _ if held => Move::Wait,
            Some(_) => Move::Take,
            None => Move::Create,
        }
    }

    /// Until when the record stands against us, unless it changes; none when nobody holds the Lease, or we do.
    pub(super) fn expiry(&self) -> Option<Instant> {
        let held = self.record.as_ref().filter(|record| !record.free);
        held.map(|record| record.since + record.duration)
    }

    fn note(&mut self, lease: &Lease, identity: &str, fallback: Duration, now: Instant) {
        let version = &lease.metadata.resource_version;
        if self
            .record
            .as_ref()
            .is_some_and(|known| known.version == *version)
        {
            return;
        }
        let spec = lease.spec.as_ref();
        let holder = spec
            .and_then(|spec| spec.holder_identity.as_deref())
            .unwrap_or_default();
        let stated = spec
            .and_then(|spec| spec.lease_duration_seconds)
            .and_then(|seconds| u64::try_from(seconds).ok());
        self.record = Some(Record {
            version: version.clone(),
            since: now,
            duration: stated.map_or(fallback, Duration::from_secs),
            free: holder.is_empty() || holder == identity,
        });
    }
}

/// `period` and up to a quarter more, by `share` of 256: standbys that started together do not stay in step.
pub(super) fn jittered(period: Duration, share: u8) -> Duration {
    period + period * u32::from(share) / 1024
}

/// Our record after `before`. Pure.
pub(super) fn next_spec(before: Option<&LeaseSpec>, config: &LeaseConfig, now: Timestamp) -> LeaseSpec {
    let ours = before.is_some_and(|before| before.holder_identity.as_ref() == Some(&config.identity));
    let transitions = before.map(|before| before.lease_transitions.unwrap_or_default());
    let before = before.cloned().unwrap_or_default();
    LeaseSpec {
        holder_identity: Some(config.identity.clone()),
        lease_duration_seconds: i32::try_from(config.duration.as_secs()).ok(),
        acquire_time: before
            .acquire_time
            .clone()
            .filter(|_| ours)
            .or(Some(MicroTime(now))),
        renew_time: Some(MicroTime(now)),
        // A Lease that is made has changed hands no time, as client-go counts.
        lease_transitions: Some(
            transitions.map_or(0, |count| if ours { count } else { count.saturating_add(1) }),
        ),
        ..before
    }
}

/// The record of nobody, which any candidate may take at once (client-go's `ReleaseOnCancel`). Pure.
pub(super) fn released_spec(before: LeaseSpec, now: Timestamp) -> LeaseSpec {
    LeaseSpec {
        holder_identity: Some(String::new()),
        lease_duration_seconds: Some(1),
        renew_time: Some(MicroTime(now)),
        ..before
    }
}

#[cfg(test)]
mod tests;
