//! Connections over TLS to a real server.

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};

use super::*;
use crate::testing::PostgresOptions;

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// The file a client trusts.
    file: tempfile::NamedTempFile,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), issuer.pem()).unwrap();
        Self { issuer, file }
    }

    /// Certificate and key of a server of these names, PEM.
    fn server(&self, names: &[&str]) -> (String, String) {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &self.issuer)
            .unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

fn with_tls(server: &Postgres, parameters: &str) -> DatabaseSettings {
    let url = format!("{}?{parameters}", server.database().unwrap());
    DatabaseSettings::of(&url.into()).unwrap()
}

fn start(certificate: &(String, String)) -> Postgres {
    let tls = Some((certificate.0.as_str(), certificate.1.as_str()));
    Postgres::start_with(PostgresOptions {
        tls,
        ..PostgresOptions::default()
    })
    .unwrap()
}

/// The readiness check of a service with these settings, as text.
async fn status(settings: &DatabaseSettings) -> String {
    let context = context();
    let database = Database::start(settings, &[], &context).unwrap();
    let status = format!("{:?}", database.ask_anew().await);
    context.shutdown.cancel();
    status
}

#[tokio::test]
async fn a_server_that_proves_its_name_is_spoken_to_encrypted() {
    let authority = Authority::new();
    let server = start(&authority.server(&["127.0.0.1", "localhost"]));
    let root = format!(
        "sslmode=verify-full&sslrootcert={}",
        authority.file.path().display()
    );
    let database = started(&with_tls(&server, &root), &context()).await;
    let encrypted = database
        .run("encrypted", |mut connection| async move {
            sqlx::query_scalar::<_, bool>("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                .fetch_one(&mut *connection)
                .await
        })
        .await;
    assert_eq!(encrypted, Ok(true));
}

#[tokio::test]
async fn a_server_that_does_not_is_refused() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server = start(&authority.server(&["localhost"]));
    let root = |authority: &Authority| {
        format!(
            "sslmode=verify-full&sslrootcert={}",
            authority.file.path().display()
        )
    };
    // The wrong name, the wrong authority, none of the public ones.
    for parameters in [
        root(&authority),
        root(&stranger),
        "sslmode=verify-full".to_owned(),
    ] {
        let status = status(&with_tls(&server, &parameters)).await;
        assert!(status.contains("Tls"), "{parameters}: {status}");
    }
    let wrong_name = root(&authority).replace("verify-full", "verify-ca");
    assert_eq!(status(&with_tls(&server, &wrong_name)).await, "Ok(())");
}

#[tokio::test]
async fn a_server_without_tls_is_refused() {
    let server = SERVER.get(Postgres::start).unwrap();
    let status = status(&with_tls(&server, "sslmode=verify-full")).await;
    assert!(status.contains("Tls"), "{status}");
}
