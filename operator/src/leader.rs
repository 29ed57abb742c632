//! Leader election by a Lease (coordination.k8s.io/v1).
//!
//! Every write is a replace that carries the resourceVersion that was read: of two candidates one gets a 409. Whether the
//! leader is gone is judged by how long its record has not changed before our own eyes, on a monotonic clock; clocks of
//! different machines are never compared. A leader that could not renew in time counts itself out before a standby does:
//! the renew deadline is shorter than the lease, and counts from before the write was sent, while a standby counts from
//! when it saw that write. A process that was stopped and goes on later is kept from writing by its [`Fence`].
//!
//! A standby looks every retry period, and a watch shows it the writes in between: it tries when the last renewal expires,
//! and takes a released Lease at once. Without the watch it learns of either at its next look.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::PostParams;
use kube::{Api, Client};
use service_kit::Clock;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::refusals::is_conflict;

mod decision;
mod fence;
mod sighting;
mod standby;

pub use decision::{Move, Observation};
use decision::{next_spec, released_spec};
pub use fence::{Fence, Fenced};
use standby::Standby;

/// Tries at giving the Lease up when others write to it at the same moment.
const RELEASES: usize = 3;

/// Terms of the election. client-go's defaults are 15, 10 and 2 seconds.
#[derive(Clone, Debug)]
pub struct LeaseConfig {
    /// Namespace of the Lease.
    pub namespace: String,
    /// Name of the Lease.
    pub name: String,
    /// Who we are; not empty, and unique among the candidates.
    pub identity: String,
    /// How long a record must stand unchanged before another may take over; whole seconds.
    pub duration: Duration,
    /// How long a leader tries to renew before it gives up; shorter than `duration`.
    pub renew_deadline: Duration,
    /// Pause between tries; shorter than `renew_deadline`.
    pub retry_period: Duration,
}

impl LeaseConfig {
    /// Limit for one try, so that a single request that hangs does not cost the leadership (controller-runtime's rule).
    fn attempt_limit(&self) -> Duration {
        (self.renew_deadline / 2).max(Duration::from_secs(1))
    }
}

/// Why there is no leadership.
#[derive(Debug, Error)]
pub enum LeaderError {
    /// The process is to end.
    #[error("the election ended because the process is stopping")]
    Shutdown,
}

/// How leadership ended.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Loss {
    /// The Lease names another holder.
    #[error("another replica holds the Lease")]
    Taken,
    /// Nothing was heard of the API server for as long as we may rely on the Lease.
    #[error("the Lease could not be renewed for {0:?}")]
    Deadline(Duration),
    /// The renewing task is gone, by a panic.
    #[error("renewing the Lease stopped unexpectedly")]
    Stopped,
}

/// Why one try failed.
#[derive(Debug, Error)]
enum AttemptError {
    #[error(transparent)]
    Api(#[from] kube::Error),
    #[error("no answer from the API server within {0:?}")]
    Timeout(Duration),
}

/// What came of a try to write our record; with the time before it was sent, from which it may be relied on.
#[derive(Debug)]
enum Written {
    Ours(Instant),
    /// Somebody else wrote at the same time.
    Contended,
    /// The Lease names another holder.
    Taken,
}

/// A candidate for the Lease.
#[derive(Clone)]
pub struct Candidate {
    leases: Api<Lease>,
    config: LeaseConfig,
    clock: Clock,
    /// Until when we may write in the leader's name: none before we lead, in the past afterwards.
    until: watch::Sender<Option<Instant>>,
}

impl Candidate {
    /// A candidate on these terms.
    pub fn new(client: Client, config: LeaseConfig, clock: Clock) -> Self {
        Self {
            leases: Api::namespaced(client, &config.namespace),
            config,
            clock,
            until: watch::Sender::new(None),
        }
    }

    /// What holds back writes before we lead, and once leadership ran out.
    pub fn fence(&self) -> Fence {
        Fence::new(self.until.subscribe())
    }

    /// Waits until we lead.
    ///
    /// # Errors
    /// [`LeaderError::Shutdown`] when the process is to end before that.
    pub async fn acquire(self, shutdown: &CancellationToken) -> Result<Leadership, LeaderError> {
        let mut standby = Standby::new(self.leases.clone(), self.config.clone());
        while !shutdown.is_cancelled() {
            let tried = Instant::now();
            match self.within_limit(self.try_to_take(&mut standby)).await {
                Ok(Written::Ours(sent)) => return Ok(Leadership::start(self, sent)),
                Ok(Written::Contended | Written::Taken) => {}
                Err(error) => tracing::warn!(%error, "cannot take part in the election; trying again"),
            }
            tokio::select! {
                () = standby.until_next_try(tried) => {}
                () = shutdown.cancelled() => {}
            }
        }
        Err(LeaderError::Shutdown)
    }

    async fn within_limit<T>(
        &self,
        attempt: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, AttemptError> {
        let limit = self.config.attempt_limit();
        match timeout(limit, attempt).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(AttemptError::Timeout(limit)),
        }
    }

    async fn try_to_take(&self, standby: &mut Standby) -> kube::Result<Written> {
        let lease = self.leases.get_opt(&self.config.name).await?;
        match standby.decide(lease.as_ref(), Instant::now()) {
            Move::Wait => Ok(Written::Taken),
            Move::Create | Move::Take => self.write(lease).await,
        }
    }

    async fn renew(&self) -> kube::Result<Written> {
        match self.leases.get_opt(&self.config.name).await? {
            Some(lease) if !self.is_ours(&lease) => Ok(Written::Taken),
            // None: deleted by somebody. We still lead, and say so again.
            lease => self.write(lease).await,
        }
    }

    /// Puts our record in the place of `before`, unless that changed meanwhile.
    async fn write(&self, before: Option<Lease>) -> kube::Result<Written> {
        let exists = before.is_some();
        let record = self.record(before);
        let params = PostParams::default();
        let sent = Instant::now();
        let answer = if exists {
            self.leases.replace(&self.config.name, &params, &record).await
        } else {
            self.leases.create(&params, &record).await
        };
        match answer {
            Ok(_) => Ok(Written::Ours(sent)),
            Err(error) if is_conflict(&error) => Ok(Written::Contended),
            Err(error) => Err(error),
        }
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

    /// Our record, sent then, may be relied on.
    fn extend(&self, sent: Instant) {
        self.until.send_replace(Some(sent + self.config.renew_deadline));
    }

    async fn release(&self) -> kube::Result<()> {
        for attempt in 1..=RELEASES {
            match self.release_once().await {
                // A renewal that was under way may still land.
                Err(error) if is_conflict(&error) && attempt < RELEASES => {}
                result => return result,
            }
        }
        Ok(())
    }

    async fn release_once(&self) -> kube::Result<()> {
        let Some(lease) = self.leases.get_opt(&self.config.name).await? else {
            return Ok(());
        };
        if !self.is_ours(&lease) {
            return Ok(());
        }
        let spec = released_spec(lease.spec.clone().unwrap_or_default(), self.clock.now());
        let lease = Lease {
            spec: Some(spec),
            ..lease
        };
        let name = &self.config.name;
        self.leases
            .replace(name, &PostParams::default(), &lease)
            .await
            .map(drop)
    }
}

/// Leadership, renewed by a task of its own until lost or released. Dropping it stops the renewals: a standby takes over
/// once the Lease expires.
pub struct Leadership {
    candidate: Candidate,
    renewals: JoinHandle<Loss>,
}

impl Leadership {
    fn start(candidate: Candidate, sent: Instant) -> Self {
        candidate.extend(sent);
        let renewals = tokio::spawn(renew_until_lost(candidate.clone()));
        Self { candidate, renewals }
    }

    /// Waits until leadership is lost. From then on nothing is written in the leader's name.
    pub async fn lost(&mut self) -> Loss {
        let loss = (&mut self.renewals).await.unwrap_or(Loss::Stopped);
        self.end_term();
        loss
    }

    fn end_term(&self) {
        self.renewals.abort();
        self.candidate.until.send_replace(Some(Instant::now()));
    }

    /// Gives the Lease up, so that a standby need not wait. A failure only costs that wait.
    pub async fn release(mut self) {
        self.renewals.abort();
        // A renewal that still gets through would open the fence again.
        let _ended = (&mut self.renewals).await;
        self.end_term();
        if let Err(error) = self.candidate.within_limit(self.candidate.release()).await {
            tracing::warn!(%error, "could not release the Lease; a standby takes over when it expires");
        }
    }
}

impl Drop for Leadership {
    fn drop(&mut self) {
        self.end_term();
    }
}

/// Renews until that fails for too long or somebody else holds the Lease. Each write that got through may be relied on from
/// before it was sent.
async fn renew_until_lost(candidate: Candidate) -> Loss {
    let Candidate { config, until, .. } = &candidate;
    loop {
        let Some(deadline) = *until.borrow() else {
            return Loss::Stopped;
        };
        sleep_until(deadline.min(Instant::now() + config.retry_period)).await;
        if Instant::now() >= deadline {
            return Loss::Deadline(config.renew_deadline);
        }
        let attempt = timeout_at(deadline, candidate.within_limit(candidate.renew()));
        match attempt.await {
            Ok(Ok(Written::Ours(sent))) => {
                candidate.extend(sent);
            }
            // A third party wrote the Lease, a label for instance: the next try looks again.
            Ok(Ok(Written::Contended)) => {}
            Ok(Ok(Written::Taken)) => return Loss::Taken,
            Ok(Err(error)) => tracing::warn!(%error, "cannot renew the Lease; trying again"),
            Err(_) => return Loss::Deadline(config.renew_deadline),
        }
    }
}

#[cfg(test)]
mod tests;
