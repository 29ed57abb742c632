use std::path::PathBuf;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Url};

use super::JwksError;

/// Largest document that is read: some hundred keys.
pub(super) const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

/// Where a JWK Set is.
pub(super) enum Source {
    File(PathBuf),
    Http(Client, Url),
}

impl Source {
    /// `authorities` (PEM) may vouch for the source, instead of those of the system.
    pub(super) fn http(url: &str, authorities: Option<&[u8]>, timeout: Duration) -> Result<Self, JwksError> {
        let url = Url::parse(url).map_err(|_| JwksError::Url)?;
        let builder = Client::builder()
            .timeout(timeout)
            .redirect(Policy::none())
            .no_proxy();
        let builder = match authorities {
            Some(pem) => builder.tls_certs_only(certificates(pem)?),
            None if url.scheme() == "https" => builder,
            // Those of the system need not be there: images from scratch have none.
            None => builder.tls_certs_only([]),
        };
        Ok(Self::Http(builder.build()?, url))
    }

    pub(super) async fn read(&self) -> Result<Vec<u8>, JwksError> {
        match self {
            Self::File(path) => read_file(path.clone()).await,
            Self::Http(client, url) => get(client, url).await,
        }
    }
}

/// The certificates of a PEM file, at least one.
pub(in crate::auth) fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, JwksError> {
    Certificate::from_pem_bundle(pem)
        .ok()
        .filter(|certificates| !certificates.is_empty())
        .ok_or(JwksError::Authorities)
}

async fn read_file(path: PathBuf) -> Result<Vec<u8>, JwksError> {
    let document = tokio::task::spawn_blocking(move || std::fs::read(path))
        .await
        .map_err(std::io::Error::other)??;
    if document.len() > MAX_DOCUMENT_BYTES {
        return Err(JwksError::TooLarge);
    }
    Ok(document)
}

async fn get(client: &Client, url: &Url) -> Result<Vec<u8>, JwksError> {
    let mut response = client.get(url.clone()).send().await?.error_for_status()?;
    let mut document = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if document.len() + chunk.len() > MAX_DOCUMENT_BYTES {
            return Err(JwksError::TooLarge);
        }
        document.extend_from_slice(&chunk);
    }
    Ok(document)
}
