//! `probe --url`: one HTTP GET, for an image that holds no shell and no curl.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
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
    let address = (host.trim_matches(['[', ']']), uri.port_u16().unwrap_or(80));
    let address = address
        .to_socket_addrs()?
        .next()
        .with_context(|| format!("{host} has no address"))?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    )?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    let head = String::from_utf8_lossy(&head);
    if !head.starts_with("HTTP/1.1 2") {
        bail!("{url} answered {head}");
    }
    Ok(())
}
