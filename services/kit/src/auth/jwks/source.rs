use std::path::PathBuf;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use super::JwksError;
use crate::auth::keys::KeyError;

/// Largest document that is read: some hundred keys.
pub(super) const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

/// Where a JWK Set is.
pub(super) enum Source {
    File(PathBuf),
    Http(Client, Url),
}

impl Source {
    pub(super) fn http(url: &str, timeout: Duration) -> Result<Self, JwksError> {
        let url = Url::parse(url).map_err(|_| KeyError::NotAKeySet)?;
        let client = Client::builder()
            .timeout(timeout)
            .redirect(Policy::none())
            .build()?;
        Ok(Self::Http(client, url))
    }

    pub(super) async fn read(&self) -> Result<Vec<u8>, JwksError> {
        match self {
            Self::File(path) => read_file(path.clone()).await,
            Self::Http(client, url) => get(client, url).await,
        }
    }
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
