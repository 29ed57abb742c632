//! By what attempts are counted. The store sees digests with a secret of the service, by which neither logins nor addresses can
//! be found again: people type passwords where their login belongs.

use std::fmt;
use std::net::IpAddr;

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use secrecy::{ExposeSecret, SecretSlice};
use uuid::Uuid;

use crate::domain::digest::Digest;
use crate::domain::user::folded;

/// The secret behind counters and device cookies.
pub struct LockoutKey(hmac::Key);

impl fmt::Debug for LockoutKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LockoutKey(..)")
    }
}

impl LockoutKey {
    /// From a mounted secret, of 32 random bytes.
    pub fn new(secret: &SecretSlice<u8>) -> Self {
        Self(hmac::Key::new(HMAC_SHA256, secret.expose_secret()))
    }

    /// What strangers try on this login, whether anybody has it or not.
    pub fn account(&self, login: &str) -> Digest {
        self.digest("account", &[folded(login).as_bytes()])
    }

    /// What this known device tries on this login.
    pub fn device(&self, login: &str, device: Uuid) -> Digest {
        self.digest("device", &[device.as_bytes(), folded(login).as_bytes()])
    }

    /// What comes from this address; an IPv6 network of 64 bits is one, as whoever has one address of it has all.
    pub fn source(&self, address: IpAddr) -> Digest {
        let network = match address.to_canonical() {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().into_iter().take(8).collect(),
        };
        self.digest("source", &[&network])
    }

    /// All parts but the last are of a fixed length, so that no two inputs are the same bytes.
    pub(super) fn digest(&self, purpose: &str, parts: &[&[u8]]) -> Digest {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(purpose.as_bytes());
        context.update(&[0]);
        for part in parts {
            context.update(part);
        }
        // Of 32 bytes, but the library's type does not say so.
        Digest::of(context.sign())
    }
}

#[cfg(test)]
mod tests;
