use std::fmt;

use opentelemetry::trace::TraceContextExt;
use serde::{Serialize, Serializer};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::Clock;

/// A request's line has as many.
const USUAL_FIELDS: usize = 14;

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

/// The fields of one span, kept in its extensions, or of a line. Names are known to the compiler, so that only texts
/// cost an allocation.
#[derive(Clone, Default)]
struct Fields(Vec<(&'static str, Content)>);

/// What a field holds.
#[derive(Clone, Serialize)]
#[serde(untagged)]
enum Content {
    Word(&'static str),
    Text(String),
    Float(f64),
    Integer(i64),
    Natural(u64),
    Truth(bool),
}

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
                for (name, content) in &fields.0 {
                    line.set(name, content.clone());
                }
            }
        }
        event.record(&mut line);
        if let Ok(text) = serde_json::to_vec(&line) {
            super::write_line(&self.writer, text);
        }
    }
}

impl<W> JsonLayer<W> {
    fn head(&self, event: &Event<'_>) -> Fields {
        let metadata = event.metadata();
        let mut line = Fields(Vec::with_capacity(USUAL_FIELDS));
        line.set("time", Content::Text(format!("{:.6}", self.clock.now())));
        line.set("level", Content::Word(metadata.level().as_str()));
        line.set("target", Content::Word(metadata.target()));
        line
    }
}

fn add_trace_ids(line: &mut Fields) {
    opentelemetry::Context::map_current(|context| {
        let span = context.span();
        let ids = span.span_context();
        if ids.is_valid() {
            line.set("trace_id", Content::Text(ids.trace_id().to_string()));
            line.set("span_id", Content::Text(ids.span_id().to_string()));
        }
    });
}

impl Fields {
    /// The innermost wins.
    fn set(&mut self, name: &'static str, content: Content) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, outer)) => *outer = content,
            None => self.0.push((name, content)),
        }
    }

    fn insert(&mut self, field: &Field, content: Content) {
        // `otel.*` fields steer the trace exporter and are no information of their own.
        if !field.name().starts_with("otel.") {
            self.set(field.name(), content);
        }
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, content)| (name, content)))
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, Content::Float(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, Content::Integer(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, Content::Natural(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, Content::Truth(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, Content::Text(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, Content::Text(format!("{value:?}")));
    }
}
