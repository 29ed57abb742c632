//! Where a request comes from, as far as that can be believed.
//!
//! Every proxy adds the address of whoever connected to it to the right of `X-Forwarded-For`. With `n` trusted proxies
//! in front of the service, the `n`-th entry from the right was written by the outermost of them; everything further
//! left is the caller's own invention.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::HeaderMap;

/// The header proxies write to.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address a connection comes from: put into the extensions of each request by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// A client as far as addresses tell clients apart: one IPv4 address, or one IPv6 network of 64 bits, in which a
/// single machine may use any address (RFC 4291, section 2.5.4; RFC 8981).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientNetwork(Network);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Network {
    Unknown,
    V4(Ipv4Addr),
    V6([u8; 8]),
}

impl ClientNetwork {
    /// All clients whose address is not known are one.
    pub const UNKNOWN: Self = Self(Network::Unknown);

    /// The client behind `trusted_hops` proxies, each of which adds to `X-Forwarded-For`. With 0 it is the peer.
    ///
    /// A request that came past some of the proxies has fewer entries: then the outermost there is counts. What cannot
    /// be read as an address hides what is left of it.
    pub fn of(peer: Option<IpAddr>, headers: &HeaderMap, trusted_hops: usize) -> Self {
        let forwarded = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .rev()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.rsplit(','));
        std::iter::once(peer)
            .chain(forwarded.map(parse))
            .take(trusted_hops.saturating_add(1))
            .map_while(|address| address)
            .last()
            .map_or(Self::UNKNOWN, Self::from)
    }

    /// The address, or the first one of an IPv6 network; none when it is not known. Addresses are personal data: what is kept
    /// of them must be hashed with a secret.
    pub fn address(self) -> Option<IpAddr> {
        match self.0 {
            Network::Unknown => None,
            Network::V4(address) => Some(address.into()),
            Network::V6(prefix) => {
                let network = u128::from(u64::from_be_bytes(prefix)) << 64;
                Some(Ipv6Addr::from(network).into())
            }
        }
    }

    /// 9 bytes or fewer that no other network has.
    pub(crate) fn octets(self) -> Octets {
        match self.0 {
            Network::Unknown => Octets([0; 9]),
            Network::V4(address) => Octets::new(4, &address.octets()),
            Network::V6(prefix) => Octets::new(6, &prefix),
        }
    }
}

/// See [`ClientNetwork::octets`].
pub(crate) struct Octets([u8; 9]);

impl Octets {
    fn new(version: u8, address: &[u8]) -> Self {
        let mut octets = [0; 9];
        let bytes = std::iter::once(version).chain(address.iter().copied());
        octets
            .iter_mut()
            .zip(bytes)
            .for_each(|(octet, byte)| *octet = byte);
        Self(octets)
    }
}

impl std::ops::Deref for Octets {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<IpAddr> for ClientNetwork {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => Network::V4(address),
            IpAddr::V6(address) => Network::V6(prefix(address)),
        })
    }
}

fn prefix(address: Ipv6Addr) -> [u8; 8] {
    let [a, b, c, d, ..] = address.segments();
    let [[a0, a1], [b0, b1], [c0, c1], [d0, d1]] = [a, b, c, d].map(u16::to_be_bytes);
    [a0, a1, b0, b1, c0, c1, d0, d1]
}

/// An entry as proxies write them: an address, with or without a port, IPv6 with or without brackets.
fn parse(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(entry);
    let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.parse().ok().or_else(with_port)
}

/// Addresses are personal data: they are not for logs.
impl fmt::Debug for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Network::Unknown => "ClientNetwork(unknown)",
            Network::V4(_) => "ClientNetwork(IPv4)",
            Network::V6(_) => "ClientNetwork(IPv6 /64)",
        })
    }
}

#[cfg(test)]
mod tests;
