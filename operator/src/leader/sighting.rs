//! What a watch of the Lease shows, so that a standby learns of a write when it is done and not at its next look. I/O.
//!
//! It is a help only: while the watch is refused, cut or silent, the standby looks as often as without one.

use std::pin::pin;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use kube::api::{WatchEvent, WatchParams};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::LeaseConfig;
use crate::refusals::is_forbidden;

/// Pause before a watch that ended is opened again; part of how late a write may be seen then.
const REOPEN: Duration = Duration::from_secs(1);
/// Pause after a refusal that only a person can lift.
const REFUSED: Duration = Duration::from_mins(1);
/// Sightings kept while a try is under way.
const KEPT: usize = 16;

/// The Lease as it was after a write.
#[derive(Debug)]
pub(super) struct Sighting {
    /// None when it was deleted.
    pub(super) lease: Option<Lease>,
    /// When we heard of it, and so never before it was written.
    pub(super) at: Instant,
}

/// Every write of the Lease in order, as far as the watch shows them; until this is dropped.
pub(super) struct Sightings {
    received: mpsc::Receiver<Sighting>,
    _watching: AbortOnDropHandle<()>,
}

impl Sightings {
    pub(super) fn start(leases: Api<Lease>, config: &LeaseConfig) -> Self {
        let (sender, received) = mpsc::channel(KEPT);
        let watching = Watching {
            leases,
            params: WatchParams::default().fields(&format!("metadata.name={}", config.name)),
            silence: config.duration,
            sender,
        };
        Self {
            received,
            _watching: AbortOnDropHandle::new(tokio::spawn(watching.run())),
        }
    }

    /// The next one; may be asked for and given up at any time.
    pub(super) async fn next(&mut self) -> Sighting {
        match self.received.recv().await {
            Some(sighting) => sighting,
            // The task is gone, by a panic: as good as a watch that shows nothing.
            None => std::future::pending().await,
        }
    }
}

struct Watching {
    leases: Api<Lease>,
    params: WatchParams,
    /// How long a watch may show nothing: a leader writes far more often.
    silence: Duration,
    sender: mpsc::Sender<Sighting>,
}

impl Watching {
    async fn run(self) {
        let mut refused = false;
        loop {
            let pause = match self.follow().await {
                Err(error) if is_forbidden(&error) => {
                    if !std::mem::replace(&mut refused, true) {
                        tracing::warn!(
                            %error,
                            "a Role must allow watch on the Lease: until then a standby takes over some seconds later"
                        );
                    }
                    REFUSED
                }
                ended => {
                    tracing::debug!(?ended, "watch of the Lease ended");
                    REOPEN
                }
            };
            sleep(pause).await;
        }
    }

    /// Follows one watch to its end. It shows the Lease as it is, and then every write.
    async fn follow(&self) -> kube::Result<()> {
        let mut events = pin!(stream::once(self.leases.watch(&self.params, "0")).try_flatten());
        while let Ok(Some(event)) = timeout(self.silence, events.next()).await {
            match event? {
                WatchEvent::Added(lease) | WatchEvent::Modified(lease) => self.tell(Some(lease)).await,
                WatchEvent::Deleted(_) => self.tell(None).await,
                WatchEvent::Bookmark(_) => {}
                WatchEvent::Error(status) => return Err(kube::Error::Api(status)),
            }
        }
        Ok(())
    }

    async fn tell(&self, lease: Option<Lease>) {
        let at = Instant::now();
        // Fails once nobody listens: then this task is about to be ended.
        let _heard = self.sender.send(Sighting { lease, at }).await;
    }
}
