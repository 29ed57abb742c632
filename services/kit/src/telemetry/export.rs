use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter as OtlpExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Span, SpanData, SpanExporter, SpanProcessor,
};
use prometheus::IntCounter;

/// Spans held while the collector is slow; beyond that they are dropped (the specification's default).
const QUEUE_SIZE: usize = 2048;

/// How long a span waits for others to share its request.
const EXPORT_INTERVAL: Duration = Duration::from_secs(1);

/// A batch processor that sends to `endpoint` and counts every span it had to give up.
pub(super) fn processor(
    endpoint: &str,
    dropped: IntCounter,
) -> Result<CountingProcessor, ExporterBuildError> {
    let exporter = OtlpExporter::builder()
        .with_http()
        .with_endpoint(endpoint)
        .build()?;
    Ok(counting(exporter, dropped, QUEUE_SIZE))
}

fn counting<E: SpanExporter + 'static>(
    exporter: E,
    dropped: IntCounter,
    capacity: usize,
) -> CountingProcessor {
    let queued = Arc::new(AtomicUsize::new(0));
    let exporter = CountingExporter {
        inner: exporter,
        queued: Arc::clone(&queued),
        dropped: dropped.clone(),
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
        queued,
        dropped,
        capacity,
    }
}

/// Refuses spans when the queue is full, where the SDK would drop them without telling anybody.
#[derive(Debug)]
pub(super) struct CountingProcessor {
    inner: BatchSpanProcessor,
    /// Upper bound of what waits in the inner queue: raised before a span enters, lowered after it left.
    queued: Arc<AtomicUsize>,
    dropped: IntCounter,
    capacity: usize,
}

impl SpanProcessor for CountingProcessor {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.queued.fetch_add(1, Ordering::AcqRel) < self.capacity {
            self.inner.on_end(span);
        } else {
            self.queued.fetch_sub(1, Ordering::AcqRel);
            self.dropped.inc();
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
    queued: Arc<AtomicUsize>,
    dropped: IntCounter,
}

impl<E: SpanExporter> SpanExporter for CountingExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        self.queued.fetch_sub(count, Ordering::AcqRel);
        let result = self.inner.export(batch).await;
        if result.is_err() {
            self.dropped.inc_by(count as u64);
        }
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
