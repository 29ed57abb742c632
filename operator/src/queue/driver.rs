//! Runs passes as the queue says. Async, without I/O of its own.

use std::collections::HashMap;
use std::pin::pin;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Key, Outcome, Queue, Request, Taken};
use crate::metrics::{OperatorMetrics, WorkTimer};

/// Requests that are read in one go: a list of thousands of services does not take a wake-up for each.
const BATCH: usize = 256;

/// What the driver works with.
#[derive(Debug)]
pub struct Driver {
    /// What waits.
    pub queue: Queue,
    /// What the watches ask for.
    pub requests: UnboundedReceiver<Request>,
    /// What is told about the work.
    pub metrics: OperatorMetrics,
    /// Whether every slot is taken: what can wait gives way.
    pub busy: watch::Sender<bool>,
    /// Ends the work.
    pub shutdown: CancellationToken,
}

/// A pass under way.
struct Running {
    key: Key,
    _measured: WorkTimer,
}

impl Driver {
    /// Runs passes until shutdown, then lets those under way end. None starts before `ready`; what is asked for until
    /// then waits. A pass that panics counts as failed, and the others go on.
    pub async fn run<P, F>(mut self, ready: impl Future<Output = ()>, pass: P)
    where
        P: Fn(Key) -> F,
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut ready = pin!(ready);
        let (mut is_ready, mut is_open) = (false, true);
        let mut passes = JoinSet::new();
        let mut running = HashMap::new();
        let mut batch = Vec::with_capacity(BATCH);
        while !self.shutdown.is_cancelled() {
            if is_ready {
                self.start(&pass, &mut passes, &mut running);
                let is_full = self.queue.is_full();
                self.busy
                    .send_if_modified(|busy| std::mem::replace(busy, is_full) != is_full);
                let counts = self.queue.counts();
                self.metrics
                    .queue_observed(counts, |level| self.queue.depth(level));
            }
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => {}
                Some(ended) = passes.join_next_with_id() => self.ended(ended, &mut running),
                count = self.requests.recv_many(&mut batch, BATCH), if is_open => {
                    is_open = count > 0;
                    self.take_in(&mut batch);
                }
                () = &mut ready, if !is_ready => {
                    is_ready = true;
                    self.queue.open(Instant::now().into_std());
                }
                () = due(&self.queue), if is_ready => {}
            }
        }
        while let Some(ended) = passes.join_next_with_id().await {
            self.ended(ended, &mut running);
        }
    }

    /// Fills the free slots.
    fn start<P, F>(&mut self, pass: &P, passes: &mut JoinSet<Outcome>, running: &mut HashMap<Id, Running>)
    where
        P: Fn(Key) -> F,
        F: Future<Output = Outcome> + Send + 'static,
    {
        while let Some(Taken { key, waited }) = self.queue.take(Instant::now().into_std()) {
            let measured = self.metrics.work_started(waited);
            let id = passes.spawn(pass(key.clone())).id();
            let started = Running {
                key,
                _measured: measured,
            };
            running.insert(id, started);
        }
    }

    fn ended(&mut self, ended: Result<(Id, Outcome), JoinError>, running: &mut HashMap<Id, Running>) {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(Running { key, .. }) = running.remove(&id) else {
            return;
        };
        let outcome = ended.map_or_else(|error| self.broken(&key, &error), |(_, outcome)| outcome);
        self.queue.finished(&key, outcome, Instant::now().into_std());
    }

    /// Without the panic's message: it may hold anything.
    fn broken(&self, key: &Key, error: &JoinError) -> Outcome {
        if error.is_panic() {
            self.metrics.pass_panicked();
            tracing::error!(service = %key, "pass panicked; trying again after a pause");
        }
        Outcome::Failed
    }

    fn take_in(&mut self, batch: &mut Vec<Request>) {
        let now = Instant::now().into_std();
        for request in batch.drain(..) {
            match request {
                Request::Trigger(key, cause) => self.queue.trigger(&key, cause, now),
                Request::Forget(key) => self.queue.forget(&key),
            }
        }
    }
}

/// Waits until something may be due; for ever when nothing waits for a time.
async fn due(queue: &Queue) {
    match queue.next_due() {
        Some(due) => sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
