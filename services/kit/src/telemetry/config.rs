use clap::{Args, ValueEnum};
use opentelemetry_sdk::trace::Sampler;

use crate::BuildInfo;
use crate::logging::LoggingConfig;

/// Logs and traces, by the variables of the OpenTelemetry specification ("Environment Variable
/// Specification"). `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_EXPORTER_OTLP_HEADERS` and `…_TIMEOUT` are honoured by the SDK.
#[derive(Args, Clone, Debug, Default)]
pub struct TelemetryConfig {
    /// Base URL of an OTLP/HTTP collector; unset means no traces are sent
    #[arg(long = "otlp-endpoint", env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_parser = parse_endpoint)]
    pub endpoint: Option<String>,

    /// Whether traces are sent at all; without an endpoint they are not
    #[arg(
        long = "traces-exporter",
        env = "OTEL_TRACES_EXPORTER",
        value_enum,
        default_value_t
    )]
    pub exporter: ExporterKind,

    /// Full URL for traces, when it differs from <OTLP endpoint>/v1/traces
    #[arg(long = "otlp-traces-endpoint", env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", value_parser = parse_endpoint)]
    pub traces_endpoint: Option<String>,

    /// `service.name` of logs and traces [default: the program's name]
    #[arg(long = "otel-service-name", env = "OTEL_SERVICE_NAME")]
    pub service_name: Option<String>,

    /// Which traces are kept
    #[arg(
        long = "traces-sampler",
        env = "OTEL_TRACES_SAMPLER",
        value_enum,
        default_value_t
    )]
    pub sampler: SamplerKind,

    /// Share of traces kept by the ratio samplers, 0 to 1 [default: 1]
    #[arg(long = "traces-sampler-arg", env = "OTEL_TRACES_SAMPLER_ARG", value_parser = parse_ratio)]
    pub sampler_arg: Option<f64>,

    /// Logs
    #[command(flatten)]
    pub logging: LoggingConfig,
}

/// Values of `OTEL_TRACES_EXPORTER` that this program knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExporterKind {
    /// To the endpoint.
    #[default]
    Otlp,
    /// Nowhere, whatever the endpoint.
    None,
}

/// Values of `OTEL_TRACES_SAMPLER`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SamplerKind {
    /// Every trace.
    #[value(name = "always_on")]
    AlwaysOn,
    /// No trace.
    #[value(name = "always_off")]
    AlwaysOff,
    /// The share given by `OTEL_TRACES_SAMPLER_ARG`.
    #[value(name = "traceidratio")]
    TraceIdRatio,
    /// As the caller decided; every trace that starts here.
    #[default]
    #[value(name = "parentbased_always_on")]
    ParentBasedAlwaysOn,
    /// As the caller decided; none that starts here.
    #[value(name = "parentbased_always_off")]
    ParentBasedAlwaysOff,
    /// As the caller decided; the given share of those that start here.
    #[value(name = "parentbased_traceidratio")]
    ParentBasedTraceIdRatio,
}

impl TelemetryConfig {
    /// Where traces go: the OTLP specification appends the path to the general endpoint only.
    pub(super) fn traces_endpoint(&self) -> Option<String> {
        if self.exporter == ExporterKind::None {
            return None;
        }
        let base = self
            .endpoint
            .as_ref()
            .map(|base| format!("{}/v1/traces", base.trim_end_matches('/')));
        self.traces_endpoint.clone().or(base)
    }

    pub(super) fn service_name(&self, build: &BuildInfo) -> String {
        self.service_name
            .clone()
            .unwrap_or_else(|| build.service.to_owned())
    }

    pub(super) fn sampler(&self) -> Sampler {
        let ratio = Sampler::TraceIdRatioBased(self.sampler_arg.unwrap_or(1.0));
        match self.sampler {
            SamplerKind::AlwaysOn => Sampler::AlwaysOn,
            SamplerKind::AlwaysOff => Sampler::AlwaysOff,
            SamplerKind::TraceIdRatio => ratio,
            SamplerKind::ParentBasedAlwaysOn => Sampler::ParentBased(Box::new(Sampler::AlwaysOn)),
            SamplerKind::ParentBasedAlwaysOff => Sampler::ParentBased(Box::new(Sampler::AlwaysOff)),
            SamplerKind::ParentBasedTraceIdRatio => Sampler::ParentBased(Box::new(ratio)),
        }
    }
}

fn parse_endpoint(text: &str) -> Result<String, String> {
    let uri: http::Uri = text.parse().map_err(|error| format!("not a URL ({error})"))?;
    match uri.scheme_str() {
        Some("http") => Ok(text.to_owned()),
        Some("https") => {
            Err("https is not supported here: send to a collector in the cluster over http".to_owned())
        }
        _ => Err("needs a scheme, such as http://otel-collector.monitoring:4318".to_owned()),
    }
}

fn parse_ratio(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
        _ => Err("not a number from 0 to 1".to_owned()),
    }
}
