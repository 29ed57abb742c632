use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor,
};

use super::config::Destination;
use super::losses::Losses;
use super::transport::{Transport, TransportError};

/// Spans held while the collector is slow; beyond that they are dropped (the specification's default).
const QUEUE_SIZE: usize = 2048;

/// How long a span waits for others to share its request.
const EXPORT_INTERVAL: Duration = Duration::from_secs(1);

/// A batch processor that sends to `destination` and counts every span it had to give up.
pub(super) fn processor(
    destination: &Destination,
    losses: Losses,
) -> Result<CountingProcessor, TransportError> {
    Ok(counting(Transport::new(destination)?, losses, QUEUE_SIZE))
}

fn counting<E: SpanExporter + 'static>(exporter: E, losses: Losses, capacity: usize) -> CountingProcessor {
    let exporter = CountingExporter {
        inner: exporter,
        losses: losses.clone(),
    };
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(capacity)
        .with_scheduled_delay(EXPORT_INTERVAL)
        .build();
    let inner = BatchSpanProcessor::builder(exporter)
        .with_batch_config(config)
        .build();
    CountingProcessor {
        inner,
        losses,
        capacity,
    }
}

/// Refuses spans when too many wait, where the SDK would drop them without telling anybody.
#[derive(Debug)]
pub(super) struct CountingProcessor {
    inner: BatchSpanProcessor,
    losses: Losses,
    /// Also the size of the inner queue, which holds at most what waits.
    capacity: usize,
}

impl SpanProcessor for CountingProcessor {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.losses.admit(self.capacity) {
            self.inner.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// Counts the spans of every batch the collector did not take.
#[derive(Debug)]
struct CountingExporter<E> {
    inner: E,
    losses: Losses,
}

impl<E: SpanExporter> SpanExporter for CountingExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let result = self.inner.export(batch).await;
        self.losses.settle(count, &result);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

#[cfg(test)]
mod tests;
