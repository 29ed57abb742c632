//! A collector that speaks TLS only.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::Client;
use tempfile::TempDir;

use super::collector::{Collector, ServerCertificate};
use super::service::{Service, lines, until};

/// An authority and a certificate for `localhost` that it issued, as files.
struct Authority {
    directory: TempDir,
}

impl Authority {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut own = CertificateParams::new(Vec::<String>::new()).unwrap();
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(own, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let server = CertificateParams::new(["localhost".to_owned()])
            .unwrap()
            .signed_by(&key, &issuer)
            .unwrap();
        let write = |name: &str, text: String| std::fs::write(directory.path().join(name), text).unwrap();
        write("ca.pem", issuer.pem());
        write("server.pem", server.pem());
        write("server.key", key.serialize_pem());
        Self { directory }
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }

    fn server(&self) -> ServerCertificate {
        ServerCertificate {
            certificate: self.path("server.pem").into(),
            key: self.path("server.key").into(),
        }
    }
}

async fn traced_over_tls(protocol: &str) {
    let authority = Authority::new();
    let collector = Collector::start_with(Some(&authority.server()));
    let endpoint = format!("https://localhost:{}", collector.address(protocol).port());
    let trusting = |authority: &Authority| {
        Service::start(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", &authority.path("ca.pem")),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "3000"),
        ])
    };
    let service = trusting(&authority);
    Client::new().get(service.url("/")).send().await.unwrap();
    let (_, log, _) = service.stop().await;
    assert!(!log.contains("did not reach"), "{log}");
    let arrived = || {
        collector
            .spans()
            .iter()
            .filter(|span| span["name"] == "GET /")
            .count()
    };
    assert_eq!(arrived(), 1);

    // Somebody else's authority: nothing is sent to whom it does not vouch for.
    let service = trusting(&Authority::new());
    Client::new().get(service.url("/")).send().await.unwrap();
    until("the loss is counted", async || {
        service.counter("telemetry_spans_dropped_total").await >= 1
    })
    .await;
    let (_, log, _) = service.stop().await;
    assert_eq!(arrived(), 1);
    let told: Vec<_> = lines(&log)
        .into_iter()
        .filter(|line| line["message"] == "spans did not reach the collector")
        .collect();
    assert_eq!(told.len(), 1, "told once, not with every batch: {log}");
    assert_eq!(told[0]["level"], "WARN");
}

#[tokio::test]
async fn over_http() {
    traced_over_tls("http/protobuf").await;
}

#[tokio::test]
async fn over_grpc() {
    traced_over_tls("grpc").await;
}
