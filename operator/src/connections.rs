//! Connections to the API server. I/O.

use hyper_timeout::TimeoutConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ConfigExt};
use kube::{Config, Error};
use tower::ServiceExt;

use crate::leader::Fence;

mod guarded;

use guarded::Guarded;

/// Bytes that a connection reads at a time, about as many as a TLS record holds. By itself it would take 400 KiB for the first list, and a watch, which stays
/// on that connection, would keep them.
const READ_BUFFER: usize = 16 * 1024;

/// The connections that kube would make of the configuration, with small buffers; nothing is sent once `fence` says that
/// leadership has run out.
///
/// # Errors
/// When the configuration names a proxy, for which this program has no means, or a certificate that cannot be read.
pub fn pool(
    config: &Config,
    fence: Option<Fence>,
) -> kube::Result<Client<impl Connect + Clone + Send + Sync + use<>, Body>> {
    if let Some(proxy_url) = &config.proxy_url {
        return Err(Error::ProxyProtocolUnsupported {
            proxy_url: Box::new(proxy_url.clone()),
        });
    }
    let mut sockets = HttpConnector::new();
    sockets.enforce_http(false);
    // Below TLS: what is looked at is the write to the socket.
    let guarded = sockets.map_response(move |socket| Guarded::new(socket, fence.clone()));
    let mut connector = TimeoutConnector::new(config.rustls_https_connector_with_connector(guarded)?);
    connector.set_connect_timeout(config.connect_timeout);
    connector.set_read_timeout(config.read_timeout);
    connector.set_write_timeout(config.write_timeout);
    connector.set_reset_reader_on_write(config.reset_reader_on_write);
    Ok(Client::builder(TokioExecutor::new())
        .http1_max_buf_size(READ_BUFFER)
        .build(connector))
}

#[cfg(test)]
mod tests;
