//! How a standby waits for its next try.
//!
//! It tries when the record it saw expires, when the watch shows that nobody holds the Lease, and at the latest when its
//! retry period is over. Looks and the watch feed one and the same [`Observation`]; a try begins with a look of its own,
//! and only that and the write's condition decide. So the watch can make a try come early, but not succeed.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use tokio::time::{Instant, sleep_until};

use super::LeaseConfig;
use super::decision::{Move, Observation, jittered};
use super::sighting::Sightings;

/// A candidate's memory between its tries.
pub(super) struct Standby {
    config: LeaseConfig,
    seen: Observation,
    sightings: Sightings,
    random: RandomState,
    round: u64,
}

impl Standby {
    pub(super) fn new(leases: Api<Lease>, config: LeaseConfig) -> Self {
        Self {
            sightings: Sightings::start(leases, &config),
            config,
            seen: Observation::default(),
            random: RandomState::new(),
            round: 0,
        }
    }

    /// Takes note of the Lease as seen at `now`, and decides.
    pub(super) fn decide(&mut self, lease: Option<&Lease>, now: Instant) -> Move {
        let (identity, fallback) = (&self.config.identity, self.config.duration);
        self.seen.decide(lease, identity, fallback, now)
    }

    /// Waits for a reason to try again, after a try that began at `tried`.
    pub(super) async fn until_next_try(&mut self, tried: Instant) {
        let look = Instant::now() + self.pause();
        loop {
            // What had expired by the last try was tried, and in vain: that alone is no reason for another.
            let expiry = self.seen.expiry().filter(|at| *at > tried);
            tokio::select! {
                biased;
                () = sleep_until(expiry.map_or(look, |at| at.min(look))) => return,
                sighting = self.sightings.next() => {
                    if self.decide(sighting.lease.as_ref(), sighting.at) != Move::Wait {
                        return;
                    }
                }
            }
        }
    }

    fn pause(&mut self) -> Duration {
        self.round += 1;
        let [share, ..] = self.random.hash_one(self.round).to_ne_bytes();
        jittered(self.config.retry_period, share)
    }
}
