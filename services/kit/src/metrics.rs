//! Prometheus metrics: one [`Registry`] value, made in `main` and handed down.

use http::{HeaderMap, header};
use prometheus::{Encoder, IntGaugeVec, Opts, Registry, TextEncoder, process_collector::ProcessCollector};

use crate::BuildInfo;

mod openmetrics;

/// Media type of [`encode`]'s output (Prometheus text exposition format 0.0.4).
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A registry that already holds `process_*` and `build_info`.
pub fn registry(build: &BuildInfo) -> Result<Registry, prometheus::Error> {
    let registry = Registry::new();
    registry.register(Box::new(ProcessCollector::for_self()))?;
    let info = IntGaugeVec::new(
        Opts::new("build_info", "Always 1; the labels say which build is running."),
        &["service", "version"],
    )?;
    info.with_label_values(&[build.service, build.version]).set(1);
    registry.register(Box::new(info))?;
    Ok(registry)
}

/// Everything in the registry as Prometheus text; see [`CONTENT_TYPE`].
pub fn encode(registry: &Registry) -> Result<Vec<u8>, prometheus::Error> {
    let mut text = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut text)?;
    Ok(text)
}

/// How metrics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text 0.0.4.
    Text,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The format a scraper asks for with `Accept`: OpenMetrics when it names it and likes it no less than plain text.
    pub fn accepted(headers: &HeaderMap) -> Self {
        let ranges = headers
            .get_all(header::ACCEPT)
            .into_iter()
            .filter_map(|value| value.to_str().ok());
        let (mut open, mut text) = (0.0, 0.0);
        for range in ranges.flat_map(|value| value.split(',')) {
            let (media_type, quality) = media_range(range);
            match media_type {
                "application/openmetrics-text" => open = quality.max(open),
                "text/plain" => text = quality.max(text),
                _ => {}
            }
        }
        if open > 0.0 && open >= text {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }

    /// The media type of what [`encode`](Self::encode) writes.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => CONTENT_TYPE,
            Self::OpenMetrics => openmetrics::CONTENT_TYPE,
        }
    }

    /// Everything in the registry.
    pub fn encode(self, registry: &Registry) -> Result<Vec<u8>, prometheus::Error> {
        match self {
            Self::Text => encode(registry),
            Self::OpenMetrics => Ok(openmetrics::encode(&registry.gather()).into_bytes()),
        }
    }
}

/// Media type and weight of one range of `Accept` (RFC 9110, section 12.5.1); what has no weight weighs 1.
fn media_range(range: &str) -> (&str, f32) {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let weight = parts.find_map(|parameter| parameter.strip_prefix("q="));
    (
        media_type,
        weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)),
    )
}

#[cfg(test)]
mod tests;
