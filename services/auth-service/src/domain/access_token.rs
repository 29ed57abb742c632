//! What is in access tokens (RFC 9068, section 2.2), by grant.

use jiff::{SignedDuration, Timestamp};
use serde_json::Map;
use service_kit::auth::{Grant, Validity};
use uuid::Uuid;

use super::client::Client;
use super::refresh::Family;
use super::scope::ScopeSet;
use super::token_id::AccessTokenId;

/// How long an access token is valid, and the longest that the kit allows.
pub const ACCESS_TOKEN_LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// What a token request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// `scope`.
    pub scopes: ScopeSet,
    /// `aud`.
    pub audience: Vec<String>,
}

/// The token of a client that acts for itself: `sub` is the client (RFC 9068, section 2.2), its roles are its own, and
/// its name is random.
pub fn for_client(client: &Client, granted: &Granted, token_id: Uuid, now: Timestamp) -> (Grant, Validity) {
    let grant = Grant {
        subject: client.id.clone(),
        client_id: client.id.clone(),
        audience: granted.audience.clone(),
        scopes: granted.scopes.clone().into(),
        roles: client.roles.clone(),
        other: Map::new(),
    };
    let validity = Validity {
        token_id: token_id.to_string(),
        issued_at: now,
        expires_at: later(now, ACCESS_TOKEN_LIFETIME),
    };
    (grant, validity)
}

/// The access token that goes with a family in its present generation; it does not outlast the family. `roles` are those the
/// person has now: one taken away since the login is not in the token, one added is after the next login. `serial` is random.
pub fn for_family(
    family: &Family,
    granted: &Granted,
    roles: &[String],
    serial: u64,
    now: Timestamp,
) -> (Grant, Validity) {
    let still_held = family.roles.iter().filter(|role| roles.contains(role));
    let grant = Grant {
        subject: family.subject.clone(),
        client_id: family.client_id.clone(),
        audience: granted.audience.clone(),
        scopes: granted.scopes.clone().into(),
        roles: still_held.cloned().collect(),
        // RFC 9068, section 2.2.1.
        other: Map::from_iter([("auth_time".to_owned(), family.auth_time.as_second().into())]),
    };
    (grant, family_validity(family, serial, now))
}

fn family_validity(family: &Family, serial: u64, now: Timestamp) -> Validity {
    let of = family.token_id();
    Validity {
        token_id: AccessTokenId { of, serial }.to_string(),
        issued_at: now,
        expires_at: later(now, ACCESS_TOKEN_LIFETIME).min(family.expires_at),
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
