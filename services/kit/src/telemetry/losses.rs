use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use opentelemetry_sdk::error::OTelSdkResult;
use prometheus::IntCounter;

/// What becomes of the spans: how many wait, how many were lost. Clones share the counts.
#[derive(Clone, Debug)]
pub(super) struct Losses {
    dropped: IntCounter,
    /// Spans taken in that neither arrived nor were given up.
    pending: Arc<AtomicUsize>,
    failing: Arc<AtomicBool>,
}

impl Losses {
    pub(super) fn new(dropped: IntCounter) -> Self {
        Self {
            dropped,
            pending: Arc::default(),
            failing: Arc::default(),
        }
    }

    pub(super) fn counter(&self) -> IntCounter {
        self.dropped.clone()
    }

    /// Takes one more span in, unless `capacity` are waiting: then it is lost.
    pub(super) fn admit(&self, capacity: usize) -> bool {
        let admitted = self.pending.fetch_add(1, Ordering::AcqRel) < capacity;
        if !admitted {
            self.pending.fetch_sub(1, Ordering::AcqRel);
            self.dropped.inc();
        }
        admitted
    }

    /// The outcome of sending `count` spans. Only the first of a row of failures is logged, and its end.
    pub(super) fn settle(&self, count: usize, result: &OTelSdkResult) {
        self.pending.fetch_sub(count, Ordering::AcqRel);
        match result {
            Ok(()) if self.failing.swap(false, Ordering::Relaxed) => {
                tracing::info!("spans reach the collector again");
            }
            Ok(()) => {}
            Err(error) => {
                self.dropped.inc_by(count as u64);
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, spans = count, "spans did not reach the collector");
                }
            }
        }
    }

    /// Gives up what still waits: the process is about to end.
    pub(super) fn abandon(&self) {
        let lost = self.pending.swap(0, Ordering::AcqRel);
        if lost > 0 {
            self.dropped.inc_by(lost as u64);
            tracing::warn!(spans = lost, "spans did not reach the collector before the end");
        }
    }
}
