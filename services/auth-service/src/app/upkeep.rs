//! What the service does by itself.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::error::Failure;
use super::keys::Rotated;
use super::{App, Origin};
use crate::domain::audit::{Actor, AuditEvent};

/// How often. Each replica does it; what one has removed the others do not find.
const INTERVAL: Duration = Duration::from_mins(5);

/// Pause between two attempts, while PostgreSQL is away.
const PAUSE: Duration = Duration::from_secs(1);

impl App {
    /// Removes what is of no use any more, until `shutdown`.
    pub(crate) async fn keep_tidy(self, shutdown: CancellationToken) {
        loop {
            let pause = tokio::time::sleep(INTERVAL);
            if shutdown.run_until_cancelled(pause).await.is_none() {
                return;
            }
            match self.tidy().await {
                Ok(()) => {}
                Err(error) => tracing::warn!(%error, "what is of no use any more could not be removed"),
            }
        }
    }

    /// Keeps the signing keys as they are in PostgreSQL, and takes the steps that are due, until `shutdown`.
    pub(crate) async fn keep_keys(self, shutdown: CancellationToken) {
        let rotator = self.rotator.clone();
        rotator.run(shutdown, |rotated| self.tell_of_keys(rotated)).await;
    }

    async fn tell_of_keys(&self, rotated: Rotated) {
        let (nobody, service) = (Origin::default(), Actor::Service);
        if let Err(error) = self.keys_changed(&nobody, &service, &rotated, None).await {
            tracing::error!(%error, "a change of the keys could not be written down");
        }
    }

    /// Writes an event down as soon as that is possible, until `shutdown`.
    pub(crate) async fn keep_telling(self, event: AuditEvent, shutdown: CancellationToken) {
        while let Err(error) = self.record(&Origin::default(), event.clone()).await {
            tracing::warn!(%error, "the start could not be written down; trying again");
            let pause = tokio::time::sleep(PAUSE);
            if shutdown.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }

    async fn tidy(&self) -> Result<(), Failure> {
        let purged = self.store.purge(self.now()).await?;
        let forgotten = self.store.revocations.forget_expired().await?;
        tracing::debug!(?purged, forgotten, "removed what is of no use any more");
        Ok(())
    }
}
