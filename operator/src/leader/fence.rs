//! Keeps a standby from writing, and a process that was stopped beyond its lease once it goes on.

use http::Request;
use kube::Client;
use kube::client::Body;
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tower::BoxError;

/// A write was held back.
#[derive(Clone, Copy, Debug, Error)]
#[error("nothing was written: this replica's time as the leader has run out")]
pub struct Fenced;

/// Tells until when its holder may write in the leader's name.
#[derive(Clone, Debug)]
pub struct Fence {
    until: watch::Receiver<Option<Instant>>,
}

impl Fence {
    /// Open until then; closed while there is no time.
    pub(crate) fn new(until: watch::Receiver<Option<Instant>>) -> Self {
        Self { until }
    }

    /// `client`, through which nothing is written before leadership began and once it ran out. A write under way then is
    /// given up: whether the API server still finishes it is not ours to know.
    pub fn client(&self, client: Client) -> Client {
        let fence = self.clone();
        let namespace = client.default_namespace().to_owned();
        let service = tower::service_fn(move |request: Request<Body>| {
            let (client, fence) = (client.clone(), fence.clone());
            async move {
                if request.method().is_safe() {
                    return Ok(client.send(request).await?);
                }
                tokio::select! {
                    biased;
                    () = fence.expired() => Err(BoxError::from(Fenced)),
                    answer = client.send(request) => Ok(answer?),
                }
            }
        });
        Client::new(service, namespace)
    }

    /// Whether leadership began and ran out.
    pub fn has_run_out(&self) -> bool {
        self.until.borrow().is_some_and(|until| Instant::now() >= until)
    }

    /// Waits until the time ran out without being extended, or the renewals ended.
    async fn expired(mut self) {
        loop {
            let Some(until) = *self.until.borrow_and_update() else {
                return;
            };
            tokio::select! {
                biased;
                () = sleep_until(until) => return,
                extended = self.until.changed() => if extended.is_err() { return },
            }
        }
    }
}

#[cfg(test)]
mod tests;
