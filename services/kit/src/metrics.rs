//! Prometheus metrics: one [`Registry`] value, made in `main` and handed down.

use prometheus::{Encoder, IntGaugeVec, Opts, Registry, TextEncoder, process_collector::ProcessCollector};

use crate::BuildInfo;

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

#[cfg(test)]
mod tests;
