//! Log lines: one JSON object each in production, readable text on a terminal.
//!
//! A line holds the event's own fields, the fields of every enclosing span (so `request_id` reaches each
//! line of a request), and the ids of the active trace. What must not be logged must not be a field: see the
//! access log, which knows route templates only.

use std::io::{IsTerminal, Write};

use clap::{Args, ValueEnum};
use tracing::Metadata;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::registry::LookupSpan;

use crate::Clock;

mod json;

pub use json::JsonLayer;

/// How much is logged, and in which form.
#[derive(Args, Clone, Debug, Default)]
pub struct LoggingConfig {
    /// Lowest level logged, or a list of filter directives such as `info,hyper=debug`
    #[arg(long, env = "LOG_LEVEL", default_value = "info", value_parser = parse_level)]
    pub log_level: String,

    /// Form of the log lines [default: text on a terminal, else json]
    #[arg(long, env = "LOG_FORMAT")]
    pub log_format: Option<LogFormat>,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl LoggingConfig {
    fn format(&self) -> LogFormat {
        let default = if std::io::stdout().is_terminal() {
            LogFormat::Text
        } else {
            LogFormat::Json
        };
        self.log_format.unwrap_or(default)
    }
}

/// The log layer of the `tracing` subscriber, writing to `writer`.
pub(crate) fn layer<S, W>(
    config: &LoggingConfig,
    clock: Clock,
    writer: W,
) -> Box<dyn Layer<S> + Send + Sync + 'static>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // Spans stay on whatever the level is: they carry the request id that a warning needs too.
    let filter = EnvFilter::new(level_or_default(&config.log_level)).or(filter_fn(is_request_span));
    match config.format() {
        LogFormat::Json => JsonLayer::new(clock, writer).with_filter(filter).boxed(),
        LogFormat::Text => tracing_subscriber::fmt::layer()
            .compact()
            .with_writer(writer)
            .with_filter(filter)
            .boxed(),
    }
}

/// Spans of interest to logs and traces; libraries open theirs at lower levels.
pub(crate) fn is_request_span(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= tracing::Level::INFO
}

fn level_or_default(level: &str) -> &str {
    if level.is_empty() { "info" } else { level }
}

fn parse_level(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|error| {
            format!("{error}; use error, warn, info, debug, trace, or directives like info,hyper=debug")
        })
}

/// Writes one whole line at once, so that lines of several threads never mix. A log that cannot be
/// written has nobody left to be told.
fn write_line<W: for<'a> MakeWriter<'a>>(writer: &W, mut line: Vec<u8>) {
    line.push(b'\n');
    let _ = writer.make_writer().write_all(&line);
}

#[cfg(test)]
mod tests;
