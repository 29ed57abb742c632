use std::fmt;

use opentelemetry::trace::TraceContextExt;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::Clock;

/// Writes each event as one JSON object: `time`, `level`, `target`, `message`, `trace_id`, `span_id`,
/// then the fields of the enclosing spans and of the event (the innermost wins).
#[derive(Debug)]
pub struct JsonLayer<W> {
    clock: Clock,
    writer: W,
}

impl<W> JsonLayer<W> {
    /// A layer that stamps lines with `clock` and writes them to `writer`.
    pub const fn new(clock: Clock, writer: W) -> Self {
        Self { clock, writer }
    }
}

/// The fields of one span, kept in its extensions.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl<S, W> Layer<S> for JsonLayer<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = self.head(event);
        add_trace_ids(&mut line);
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(tracing_subscriber::registry::Scope::from_root)
        {
            if let Some(fields) = span.extensions().get::<Fields>() {
                line.extend(fields.0.clone());
            }
        }
        let mut fields = Fields(line);
        event.record(&mut fields);
        if let Ok(text) = serde_json::to_vec(&fields.0) {
            super::write_line(&self.writer, text);
        }
    }
}

impl<W> JsonLayer<W> {
    fn head(&self, event: &Event<'_>) -> Map<String, Value> {
        let mut line = Map::new();
        line.insert("time".to_owned(), format!("{:.6}", self.clock.now()).into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("target".to_owned(), event.metadata().target().into());
        line
    }
}

fn add_trace_ids(line: &mut Map<String, Value>) {
    opentelemetry::Context::map_current(|context| {
        let span = context.span();
        let ids = span.span_context();
        if ids.is_valid() {
            line.insert("trace_id".to_owned(), ids.trace_id().to_string().into());
            line.insert("span_id".to_owned(), ids.span_id().to_string().into());
        }
    });
}

impl Fields {
    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        // `otel.*` fields steer the trace exporter and are no information of their own.
        if !field.name().starts_with("otel.") {
            self.0.insert(field.name().to_owned(), value.into());
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, format!("{value:?}"));
    }
}
