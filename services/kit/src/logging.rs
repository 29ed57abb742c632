//! Log lines: one JSON object each in production, readable text on a terminal.
//!
//! A line holds the event's own fields, the fields of every enclosing span (so `request_id` reaches each
//! line of a request), and the ids of the active trace. What must not be logged must not be a field: see the
//! access log, which knows route templates only.

use std::io::{IsTerminal, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tracing::Metadata;
use tracing_appender::rolling::RollingFileAppender;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::MakeWriterExt;
use tracing_subscriber::registry::LookupSpan;

use crate::Clock;

mod file;
mod json;

pub use file::LogFileError;
pub use json::JsonLayer;

/// Days of log files kept, unless told otherwise.
const FILES_KEPT: usize = 7;

/// How much is logged, and in which form.
#[derive(Args, Clone, Debug, Default)]
pub struct LoggingConfig {
    /// Lowest level logged, or a list of filter directives such as `info,hyper=debug`
    #[arg(long, env = "LOG_LEVEL", default_value = "info", value_parser = parse_level)]
    pub log_level: String,

    /// Form of the log lines [default: text on a terminal, else json]
    #[arg(long, env = "LOG_FORMAT")]
    pub log_format: Option<LogFormat>,

    /// File that log lines also go to, as JSON, one a day: logs/app.log gives logs/app.2026-11-21.log [default: none]
    #[arg(long, env = "LOG_FILE")]
    pub log_file: Option<PathBuf>,

    /// Log files kept; older ones are deleted [default: 7]
    #[arg(long, env = "LOG_FILES_KEPT")]
    pub log_files_kept: Option<NonZeroUsize>,
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

    fn file(&self) -> Result<Option<RollingFileAppender>, LogFileError> {
        let kept = self.log_files_kept.map_or(FILES_KEPT, NonZeroUsize::get);
        let open = |path: &PathBuf| file::rolling(path, kept);
        self.log_file.as_ref().map(open).transpose()
    }
}

type BoxedLayer<S> = Box<dyn Layer<S> + Send + Sync + 'static>;

/// The log layer of the `tracing` subscriber, writing to `writer` and to the log file, if there is one.
pub(crate) fn layer<S, W>(
    config: &LoggingConfig,
    clock: &Clock,
    writer: W,
) -> Result<BoxedLayer<S>, LogFileError>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // Spans stay on whatever the level is: they carry the request id that a warning needs too.
    let filter = EnvFilter::new(level_or_default(&config.log_level)).or(filter_fn(is_request_span));
    let layer = match (config.format(), config.file()?) {
        (LogFormat::Json, None) => JsonLayer::new(clock.clone(), writer).boxed(),
        (LogFormat::Json, Some(file)) => JsonLayer::new(clock.clone(), writer.and(file)).boxed(),
        (LogFormat::Text, None) => text(writer),
        (LogFormat::Text, Some(file)) => text(writer).and_then(JsonLayer::new(clock.clone(), file)).boxed(),
    };
    Ok(layer.with_filter(filter).boxed())
}

/// For people: colours only where somebody looks.
fn text<S, W>(writer: W) -> BoxedLayer<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().compact().with_writer(writer);
    if std::io::stdout().is_terminal() {
        layer.boxed()
    } else {
        layer.with_ansi(false).boxed()
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
