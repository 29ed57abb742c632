use std::sync::Arc;
use std::time::Duration;

use opentelemetry_otlp::tonic_types::transport::{Certificate as GrpcCertificate, ClientTlsConfig};
use opentelemetry_otlp::{
    Protocol, SpanExporter as OtlpExporter, WithExportConfig, WithHttpConfig, WithTonicConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use reqwest::redirect;
use tokio::runtime::{self, Runtime};

use super::config::{Certificates, Destination, OtlpProtocol};

/// Why spans cannot be sent anywhere.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The exporter rejected its settings.
    #[error("the OTLP exporter rejects its settings")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// The HTTP client could not be made, for example because the system has no certificates.
    #[error("the HTTP client could not be made; name a CA file in OTEL_EXPORTER_OTLP_CERTIFICATE for https")]
    Client(#[from] reqwest::Error),
    /// The thread could not be started.
    #[error("the exporter's thread could not be started")]
    Thread(#[from] std::io::Error),
}

/// The OTLP exporter with a thread of its own, which outlives the service's runtime: the last spans leave after that
/// has ended.
#[derive(Debug)]
pub(super) struct Transport {
    exporter: Arc<OtlpExporter>,
    background: Background,
    timeout: Duration,
}

impl Transport {
    pub(super) fn new(destination: &Destination) -> Result<Self, TransportError> {
        let background = Background::new()?;
        // gRPC channels start their work on the runtime they are made in.
        let entered = background.0.as_ref().map(Runtime::enter);
        let exporter = match destination.protocol {
            OtlpProtocol::Http => over_http(destination)?,
            OtlpProtocol::Grpc => over_grpc(destination)?,
        };
        drop(entered);
        Ok(Self {
            exporter: Arc::new(exporter),
            background,
            timeout: destination.timeout,
        })
    }
}

fn over_http(destination: &Destination) -> Result<OtlpExporter, TransportError> {
    Ok(OtlpExporter::builder()
        .with_http()
        .with_http_client(http_client(destination)?)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(&destination.endpoint)
        .with_timeout(destination.timeout)
        .build()?)
}

/// Follows no redirect: the headers may hold a token.
fn http_client(destination: &Destination) -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(destination.timeout);
    let builder = match &destination.certificates {
        Some(certificates) => builder.tls_certs_only(roots(certificates)?),
        None if destination.is_https() => builder,
        // Those of the system need not be read, nor be there.
        None => builder.tls_certs_only([]),
    };
    builder.build()
}

fn roots(certificates: &Certificates) -> Result<Vec<reqwest::Certificate>, reqwest::Error> {
    reqwest::Certificate::from_pem_bundle(certificates.pem())
}

fn over_grpc(destination: &Destination) -> Result<OtlpExporter, TransportError> {
    let builder = OtlpExporter::builder()
        .with_tonic()
        .with_endpoint(&destination.endpoint)
        .with_timeout(destination.timeout);
    let builder = match &destination.certificates {
        _ if !destination.is_https() => builder,
        Some(certificates) => {
            let roots = GrpcCertificate::from_pem(certificates.pem());
            builder.with_tls_config(ClientTlsConfig::new().ca_certificate(roots))
        }
        None => builder.with_tls_config(ClientTlsConfig::new().with_native_roots()),
    };
    Ok(builder.build()?)
}

impl SpanExporter for Transport {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let (exporter, timeout) = (Arc::clone(&self.exporter), self.timeout);
        let sending = async move { tokio::time::timeout(timeout, exporter.export(batch)).await };
        let ended_early = || OTelSdkError::InternalFailure("the exporter's thread ended".to_owned());
        let sent = match &self.background.0 {
            Some(runtime) => runtime.spawn(sending).await,
            None => return Err(ended_early()),
        };
        match sent {
            Ok(Ok(result)) => result,
            Ok(Err(_elapsed)) => Err(OTelSdkError::Timeout(timeout)),
            Err(_cancelled) => Err(ended_early()),
        }
    }

    fn set_resource(&mut self, resource: &Resource) {
        // Told before the first export, when nobody else holds the exporter.
        if let Some(exporter) = Arc::get_mut(&mut self.exporter) {
            exporter.set_resource(resource);
        }
    }
}

/// A runtime that ends without waiting for anything, wherever it is dropped.
#[derive(Debug)]
struct Background(Option<Runtime>);

impl Background {
    fn new() -> std::io::Result<Self> {
        let mut builder = runtime::Builder::new_multi_thread();
        builder.worker_threads(1).thread_name("otlp-export").enable_all();
        Ok(Self(Some(builder.build()?)))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests;
