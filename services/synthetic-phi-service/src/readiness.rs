//! What readiness depends on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus::{IntCounter, Registry};
use service_kit::Context;
use service_kit::health::{Check, Status};
use service_kit::metrics;

use crate::domain::{Cohort, Depth, Generator, Index, Seed, is_unassignable};

pub(crate) fn checks(context: &Context) -> Vec<Check> {
    let registry = context.registry.clone();
    let losses = Losses::new(context.spans_dropped.clone());
    vec![
        Check::new("data_generator", || std::future::ready(data_generator())),
        Check::new("metrics", move || std::future::ready(metrics_encode(&registry))),
        Check::new("tracing", move || std::future::ready(losses.since_last())),
    ]
}

fn data_generator() -> Status {
    let everybody = Arc::new(Cohort::everybody());
    let patient = Generator::new(Seed::SAMPLE, everybody, Depth::Clinical).patient(Index::FIRST);
    if is_unassignable(&patient.ssn) {
        Status::Ready
    } else {
        Status::NotReady("the generator made an assignable social security number".to_owned())
    }
}

fn metrics_encode(registry: &Registry) -> Status {
    match metrics::encode(registry) {
        Ok(_) => Status::Ready,
        Err(_) => Status::Degraded("metrics cannot be encoded".to_owned()),
    }
}

/// Traces are no reason to refuse requests, but lost ones are worth a word.
struct Losses {
    dropped: IntCounter,
    seen: Arc<AtomicU64>,
}

impl Losses {
    fn new(dropped: IntCounter) -> Self {
        Self {
            dropped,
            seen: Arc::new(AtomicU64::new(0)),
        }
    }

    fn since_last(&self) -> Status {
        let now = self.dropped.get();
        match now.saturating_sub(self.seen.swap(now, Ordering::Relaxed)) {
            0 => Status::Ready,
            lost => Status::Degraded(format!("{lost} spans did not reach the collector")),
        }
    }
}

#[cfg(test)]
mod tests;
