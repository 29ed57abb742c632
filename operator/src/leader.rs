//! Leader election by a Lease (coordination.k8s.io/v1).
//!
//! Every write is a replace that carries the resourceVersion that was read: of two candidates one gets a 409. Whether the
//! leader is gone is judged by how long its record has not changed before our own eyes, on a monotonic clock; clocks of
//! different machines are never compared. A leader that could not renew in time counts itself out before a standby does:
//! the renew deadline is shorter than the lease.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::PostParams;
use kube::{Api, Client};
use service_kit::Clock;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

/// Terms of the election. client-go's defaults are 15, 10 and 2 seconds.
#[derive(Clone, Debug)]
pub struct LeaseConfig {
    /// Namespace of the Lease.
    pub namespace: String,
    /// Name of the Lease.
    pub name: String,
    /// Who we are.
    pub identity: String,
    /// How long a record must stand unchanged before another may take over.
    pub duration: Duration,
    /// How long a leader tries to renew before it gives up; shorter than `duration`.
    pub renew_deadline: Duration,
    /// Pause between tries.
    pub retry_period: Duration,
}

/// Why there is no leadership.
#[derive(Debug, Error)]
pub enum LeaderError {
    /// The process is to end.
    #[error("the election ended because the process is stopping")]
    Shutdown,
}

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

/// A leader's or candidate's record as last seen to change.
#[derive(Clone, Debug)]
pub struct Observation {
    version: Option<String>,
    since: Instant,
}

impl Observation {
    /// Nothing seen yet.
    pub fn new(now: Instant) -> Self {
        Self {
            version: None,
            since: now,
        }
    }

    /// Takes note of the Lease, and decides. Pure but for what it remembers.
    pub fn decide(
        &mut self,
        lease: Option<&Lease>,
        identity: &str,
        duration: Duration,
        now: Instant,
    ) -> Move {
        let Some(lease) = lease else { return Move::Create };
        if self.version != lease.metadata.resource_version {
            self.version.clone_from(&lease.metadata.resource_version);
            self.since = now;
        }
        let holder = lease
            .spec
            .as_ref()
            .and_then(|spec| spec.holder_identity.as_deref())
            .unwrap_or_default();
        let free = holder.is_empty() || holder == identity;
        if free || now.duration_since(self.since) >= duration {
            Move::Take
        } else {
            Move::Wait
        }
    }
}

enum Renewal {
    Done,
    Contended,
    Lost,
}

/// A candidate for the Lease.
pub struct Candidate {
    leases: Api<Lease>,
    config: LeaseConfig,
    clock: Clock,
}

impl Candidate {
    /// A candidate on these terms.
    pub fn new(client: Client, config: LeaseConfig, clock: Clock) -> Self {
        Self {
            leases: Api::namespaced(client, &config.namespace),
            config,
            clock,
        }
    }

    /// Waits until we lead.
    ///
    /// # Errors
    /// [`LeaderError::Shutdown`] when the process is to end before that.
    pub async fn acquire(&self, shutdown: &CancellationToken) -> Result<(), LeaderError> {
        let mut seen = Observation::new(Instant::now());
        loop {
            match self.try_to_take(&mut seen).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "cannot read or write the Lease; trying again"),
            }
            tokio::select! {
                () = tokio::time::sleep(self.config.retry_period) => {}
                () = shutdown.cancelled() => return Err(LeaderError::Shutdown),
            }
        }
    }

    /// Renews until that fails for too long or somebody else holds the Lease, then returns why.
    pub async fn hold(&self) -> String {
        let mut renewed = Instant::now();
        loop {
            tokio::time::sleep(self.config.retry_period).await;
            let left = self.config.renew_deadline.saturating_sub(renewed.elapsed());
            match tokio::time::timeout(left, self.renew()).await {
                Ok(Ok(Renewal::Done)) => renewed = Instant::now(),
                // A third party wrote the Lease, a label for instance: the next try looks again.
                Ok(Ok(Renewal::Contended)) => {}
                Ok(Ok(Renewal::Lost)) => return "another replica holds the Lease".to_owned(),
                Ok(Err(error)) => tracing::warn!(%error, "cannot renew the Lease; trying again"),
                Err(_) => {
                    return format!(
                        "the Lease could not be renewed for {:?}",
                        self.config.renew_deadline
                    );
                }
            }
        }
    }

    /// Gives the Lease up, so that a standby need not wait. A failure only costs that wait.
    pub async fn release(&self) {
        let released = async {
            let lease = self.leases.get(&self.config.name).await?;
            if self.is_ours(&lease) {
                let spec = LeaseSpec {
                    holder_identity: Some(String::new()),
                    lease_duration_seconds: Some(1),
                    renew_time: Some(MicroTime(self.clock.now())),
                    ..lease.spec.clone().unwrap_or_default()
                };
                let lease = Lease {
                    spec: Some(spec),
                    ..lease
                };
                self.leases
                    .replace(&self.config.name, &PostParams::default(), &lease)
                    .await?;
            }
            Ok::<(), kube::Error>(())
        };
        if let Err(error) = released.await {
            tracing::warn!(%error, "could not release the Lease; a standby takes over when it expires");
        }
    }

    async fn try_to_take(&self, seen: &mut Observation) -> kube::Result<bool> {
        let lease = self.leases.get_opt(&self.config.name).await?;
        match seen.decide(
            lease.as_ref(),
            &self.config.identity,
            self.config.duration,
            Instant::now(),
        ) {
            Move::Wait => Ok(false),
            Move::Create => won(self
                .leases
                .create(&PostParams::default(), &self.record(None))
                .await),
            Move::Take => self.replace(lease).await,
        }
    }

    async fn renew(&self) -> kube::Result<Renewal> {
        let renewed = match self.leases.get_opt(&self.config.name).await? {
            Some(lease) if self.is_ours(&lease) => self.replace(Some(lease)).await?,
            Some(_) => return Ok(Renewal::Lost),
            None => won(self
                .leases
                .create(&PostParams::default(), &self.record(None))
                .await)?,
        };
        Ok(if renewed {
            Renewal::Done
        } else {
            Renewal::Contended
        })
    }

    async fn replace(&self, lease: Option<Lease>) -> kube::Result<bool> {
        let record = self.record(lease);
        won(self
            .leases
            .replace(&self.config.name, &PostParams::default(), &record)
            .await)
    }

    fn is_ours(&self, lease: &Lease) -> bool {
        let holder = lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_ref());
        holder == Some(&self.config.identity)
    }

    fn record(&self, before: Option<Lease>) -> Lease {
        let spec = next_spec(
            before.as_ref().and_then(|lease| lease.spec.as_ref()),
            &self.config,
            self.clock.now(),
        );
        let metadata = before.map_or_else(
            || ObjectMeta {
                name: Some(self.config.name.clone()),
                ..ObjectMeta::default()
            },
            |lease| lease.metadata,
        );
        Lease {
            metadata,
            spec: Some(spec),
        }
    }
}

/// Our record after `before`. Pure.
fn next_spec(before: Option<&LeaseSpec>, config: &LeaseConfig, now: Timestamp) -> LeaseSpec {
    let before = before.cloned().unwrap_or_default();
    let ours = before.holder_identity.as_ref() == Some(&config.identity);
    let transitions = before.lease_transitions.unwrap_or_default();
    LeaseSpec {
        holder_identity: Some(config.identity.clone()),
        lease_duration_seconds: i32::try_from(config.duration.as_secs()).ok(),
        acquire_time: if ours {
            before.acquire_time.clone()
        } else {
            Some(MicroTime(now))
        },
        renew_time: Some(MicroTime(now)),
        lease_transitions: Some(if ours { transitions } else { transitions + 1 }),
        ..before
    }
}

/// A conflict means that another candidate was faster.
fn won(answer: kube::Result<Lease>) -> kube::Result<bool> {
    match answer {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
