use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use opentelemetry_sdk::trace::Sampler;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::BuildInfo;
use crate::logging::LoggingConfig;

/// How long a batch may take to reach the collector, retries included (the specification's default).
const EXPORT_TIMEOUT: Duration = Duration::from_secs(10);

/// Logs and traces, by the variables of the OpenTelemetry specification ("Environment Variable Specification" and
/// "OpenTelemetry Protocol Exporter"). `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_EXPORTER_OTLP_HEADERS` and `…_COMPRESSION` are
/// read by the SDK.
#[derive(Args, Clone, Debug, Default)]
pub struct TelemetryConfig {
    /// Base URL of an OTLP collector; unset means no traces are sent
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

    /// How the collector is spoken to
    #[arg(
        long = "otlp-protocol",
        env = "OTEL_EXPORTER_OTLP_PROTOCOL",
        value_enum,
        default_value_t
    )]
    pub protocol: OtlpProtocol,

    /// How the collector is spoken to about traces, when that differs
    #[arg(
        long = "otlp-traces-protocol",
        env = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        value_enum
    )]
    pub traces_protocol: Option<OtlpProtocol>,

    /// File with the certificates (PEM) that vouch for the collector [default: those of the system]
    #[arg(long = "otlp-certificate", env = "OTEL_EXPORTER_OTLP_CERTIFICATE", value_parser = read_certificates)]
    pub certificate: Option<Certificates>,

    /// Longest a batch may take to reach the collector, in milliseconds [default: 10000]
    #[arg(long = "otlp-timeout", env = "OTEL_EXPORTER_OTLP_TIMEOUT", value_parser = parse_milliseconds)]
    pub timeout: Option<Duration>,

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

/// Values of `OTEL_EXPORTER_OTLP_PROTOCOL` that this program knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OtlpProtocol {
    /// Protobuf over HTTP/1.1 or HTTP/2, usually port 4318.
    #[default]
    #[value(name = "http/protobuf")]
    Http,
    /// gRPC, usually port 4317.
    #[value(name = "grpc")]
    Grpc,
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

/// PEM text that holds at least one certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificates(Arc<[u8]>);

impl Certificates {
    pub(super) fn pem(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificates({} bytes)", self.0.len())
    }
}

/// Where spans go, and how.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    pub(super) endpoint: String,
    pub(super) protocol: OtlpProtocol,
    pub(super) certificates: Option<Certificates>,
    /// Longest a batch may take, retries included.
    pub(super) timeout: Duration,
}

impl Destination {
    pub(super) fn is_https(&self) -> bool {
        self.endpoint.starts_with("https:")
    }
}

impl TelemetryConfig {
    /// Where traces go, if anywhere.
    pub(super) fn destination(&self) -> Option<Destination> {
        if self.exporter == ExporterKind::None {
            return None;
        }
        let protocol = self.traces_protocol.unwrap_or(self.protocol);
        Some(Destination {
            endpoint: self.endpoint_for(protocol)?,
            protocol,
            certificates: self.certificate.clone(),
            timeout: self.timeout.unwrap_or(EXPORT_TIMEOUT),
        })
    }

    /// The specification appends the path to the general endpoint only, and for HTTP only.
    fn endpoint_for(&self, protocol: OtlpProtocol) -> Option<String> {
        let path = match protocol {
            OtlpProtocol::Http => "/v1/traces",
            OtlpProtocol::Grpc => "",
        };
        let general = || Some(format!("{}{path}", self.endpoint.as_ref()?.trim_end_matches('/')));
        self.traces_endpoint.clone().or_else(general)
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

/// Credentials do not belong into the endpoint: it is part of error texts.
fn parse_endpoint(text: &str) -> Result<String, String> {
    let uri: http::Uri = text.parse().map_err(|error| format!("not a URL ({error})"))?;
    match uri.scheme_str() {
        Some("http" | "https") => Ok(text.to_owned()),
        _ => Err("needs a scheme, such as http://otel-collector.monitoring:4318".to_owned()),
    }
}

/// Read with the settings, so that a missing file is told of together with all other mistakes.
fn read_certificates(path: &str) -> Result<Certificates, String> {
    let path = PathBuf::from(path);
    let pem = std::fs::read(&path).map_err(|error| format!("the file cannot be read: {error}"))?;
    match CertificateDer::pem_slice_iter(&pem).next() {
        Some(Ok(_)) => Ok(Certificates(pem.into())),
        Some(Err(error)) => Err(format!("the file is not PEM: {error}")),
        None => Err("the file holds no certificate (-----BEGIN CERTIFICATE-----)".to_owned()),
    }
}

fn parse_milliseconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("not a positive number of milliseconds".to_owned()),
        Ok(milliseconds) => Ok(Duration::from_millis(milliseconds)),
    }
}

fn parse_ratio(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => Ok(ratio),
        _ => Err("not a number from 0 to 1".to_owned()),
    }
}
