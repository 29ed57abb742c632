//! `probe --url`: one HTTP GET, for an image that holds no shell and no curl.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use http::Uri;

/// Limit for each of connecting, sending and receiving.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks an `http://` URL.
///
/// # Errors
/// When nothing answers, or not with a 2xx status.
pub fn probe(url: &str) -> Result<()> {
    let uri: Uri = url.parse().with_context(|| format!("{url} is not a URL"))?;
    if uri.scheme_str() != Some("http") {
        bail!("{url}: only http:// can be probed");
    }
    let host = uri.host().with_context(|| format!("{url} names no host"))?;
    let port = uri.port_u16().unwrap_or(80);
    let addresses = (host.trim_matches(['[', ']']), port)
        .to_socket_addrs()
        .with_context(|| format!("{url}: look up {host}"))?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}:{port}\r\nconnection: close\r\n\r\n");
    let head = connect(addresses)
        .and_then(|stream| ask(stream, &request))
        .with_context(|| format!("{url} does not answer"))?;
    if !head.starts_with("HTTP/1.1 2") {
        bail!("{url} answered {head}");
    }
    Ok(())
}

/// To the first address that accepts: `localhost` may stand for one of IPv6 where only IPv4 is listened on.
fn connect(addresses: impl Iterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    let mut last = Err(io::ErrorKind::AddrNotAvailable.into());
    for address in addresses {
        last = TcpStream::connect_timeout(&address, PATIENCE);
        if last.is_ok() {
            break;
        }
    }
    last
}

/// Sends the request; returns the answer's version and status.
fn ask(mut stream: TcpStream, request: &str) -> io::Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    Ok(String::from_utf8_lossy(&head).into_owned())
}

#[cfg(test)]
mod tests;
