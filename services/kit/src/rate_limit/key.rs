use std::fmt;
use std::hash::{BuildHasher, Hash};

use sha2::{Digest, Sha256};

use crate::client_address::ClientNetwork;

/// Whose requests are counted together. What it is made of is never shown and never stored: limiters keep a hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key<'a> {
    client: Client<'a>,
    endpoint: Option<(&'a str, &'a str)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Client<'a> {
    Everybody,
    Network(ClientNetwork),
    User(&'a str),
    ApiKey(&'a [u8]),
    Named(&'a str),
}

impl<'a> Key<'a> {
    /// The requests of one network address.
    pub const fn network(network: ClientNetwork) -> Self {
        Self::of(Client::Network(network))
    }

    /// The requests of one user, by the subject of a verified token.
    pub const fn user(subject: &'a str) -> Self {
        Self::of(Client::User(subject))
    }

    /// The requests with one API key.
    pub const fn api_key(key: &'a [u8]) -> Self {
        Self::of(Client::ApiKey(key))
    }

    /// Everybody's requests to one endpoint, by method and route template.
    pub const fn endpoint(method: &'a str, template: &'a str) -> Self {
        Self::of(Client::Everybody).at(method, template)
    }

    /// Anything else that a handler counts, such as the attempts at one account.
    pub const fn named(name: &'a str) -> Self {
        Self::of(Client::Named(name))
    }

    /// The same client's requests to one endpoint only.
    #[must_use]
    pub const fn at(self, method: &'a str, template: &'a str) -> Self {
        Self {
            endpoint: Some((method, template)),
            ..self
        }
    }

    const fn of(client: Client<'a>) -> Self {
        Self {
            client,
            endpoint: None,
        }
    }

    /// What this process keeps of the key: 64 bits that only it can compute, so that nobody can aim at another's.
    pub(super) fn fingerprint(&self, hasher: &impl BuildHasher) -> u64 {
        hasher.hash_one(self)
    }

    /// What Redis keeps of the key: half of a SHA-256, in hexadecimal.
    pub(super) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let (kind, part): (u8, &[u8]) = match &self.client {
            Client::Everybody => (0, &[]),
            Client::Network(network) => (1, &network.octets()),
            Client::User(subject) => (2, subject.as_bytes()),
            Client::ApiKey(key) => (3, key),
            Client::Named(name) => (4, name.as_bytes()),
        };
        hash.update([kind]);
        add(&mut hash, part);
        if let Some((method, template)) = self.endpoint {
            add(&mut hash, method.as_bytes());
            add(&mut hash, template.as_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        digest
            .iter()
            .take(16)
            .fold(String::with_capacity(32), |mut text, byte| {
                for digit in [byte >> 4, byte & 15] {
                    text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
                }
                text
            })
    }
}

/// With its length in front, so that no two lists of parts are the same bytes.
fn add(hash: &mut Sha256, part: &[u8]) {
    hash.update(part.len().to_be_bytes());
    hash.update(part);
}

impl fmt::Debug for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.client {
            Client::Everybody => "Key(endpoint)",
            Client::Network(_) => "Key(network)",
            Client::User(_) => "Key(user)",
            Client::ApiKey(_) => "Key(API key)",
            Client::Named(_) => "Key(named)",
        })
    }
}

#[cfg(test)]
mod tests;
