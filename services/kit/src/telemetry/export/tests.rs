use std::sync::{Arc, Mutex};

use opentelemetry::trace::{Tracer, TracerProvider};
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::IntCounter;

use super::*;

/// An exporter that waits for its gate, then answers as told.
#[derive(Debug)]
struct Scripted {
    gate: Arc<Mutex<()>>,
    fails: bool,
}

impl SpanExporter for Scripted {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        drop(self.gate.lock().unwrap());
        if self.fails {
            Err(OTelSdkError::InternalFailure("refused".to_owned()))
        } else {
            Ok(())
        }
    }
}

fn lost(capacity: usize, spans: usize, fails: bool, blocked: bool) -> u64 {
    let gate = Arc::new(Mutex::new(()));
    let dropped = IntCounter::new("dropped", "test").unwrap();
    let processor = counting(
        Scripted {
            gate: Arc::clone(&gate),
            fails,
        },
        Losses::new(dropped.clone()),
        capacity,
    );
    let provider = SdkTracerProvider::builder()
        .with_span_processor(processor)
        .build();
    let held = blocked.then(|| gate.lock().unwrap());
    for _ in 0..spans {
        drop(provider.tracer("test").start("span"));
    }
    drop(held);
    let _ = provider.shutdown();
    dropped.get()
}

#[test]
fn a_working_collector_loses_nothing() {
    assert_eq!(lost(64, 50, false, false), 0);
}

#[test]
fn a_refusing_collector_loses_everything_and_says_so() {
    assert_eq!(lost(64, 50, true, false), 50);
}

#[test]
fn a_full_queue_counts_what_it_turns_away() {
    // Ten wait, in the queue or in the exporter, which hangs.
    assert_eq!(lost(10, 50, false, true), 40);
}

#[test]
fn what_still_waits_at_the_end_is_counted_once() {
    let dropped = IntCounter::new("dropped", "test").unwrap();
    let losses = Losses::new(dropped.clone());
    assert!((0..3).all(|_| losses.admit(3)));
    assert!(!losses.admit(3));
    losses.settle(1, &Ok(()));
    losses.abandon();
    losses.abandon();
    assert_eq!(dropped.get(), 3);
}
