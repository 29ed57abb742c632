//! What is written to the audit log: who did what, when and from where, and with which result (PCI DSS 4.0, 10.2.2; HIPAA,
//! 45 CFR 164.312(b)).
//!
//! Tokens, codes and passwords have no place in it: tokens are told by their names, logins that nobody has not at all, since
//! people type passwords there.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::client::GrantType;
use super::oauth_error::OAuthErrorCode;
use super::scope::ScopeSet;

pub mod canonical;
pub mod chain;
mod names;
pub mod verification;

use chain::Head;
pub use names::{Actor, Change, Counted, Endpoint, KeyChange, RevocationReason, TokenName};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum AuditEvent {
    /// A writer begins its chain.
    ChainStarted {
        /// Which.
        chain: Uuid,
        /// The ends of all other chains it knew.
        heads: Vec<Head>,
    },
    /// A client got an access token.
    TokenIssued {
        /// How.
        grant: GrantType,
        /// Which client.
        client_id: String,
        /// On whose behalf.
        subject: String,
        /// Which token; it tells the family, too.
        token: TokenName,
        /// Its scopes.
        scopes: ScopeSet,
        /// Its services.
        audience: Vec<String>,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// A request with client authentication was refused.
    RequestRefused {
        /// Where.
        endpoint: Endpoint,
        /// By whom; only clients that exist are named.
        client_id: Option<String>,
        /// For which grant, if it was for one.
        grant: Option<GrantType>,
        /// Why.
        error: OAuthErrorCode,
    },
    /// A refresh token was used.
    TokenRefreshed {
        /// By which client.
        client_id: String,
        /// On whose behalf.
        subject: String,
        /// Which family.
        family: Uuid,
        /// Its generation from now on.
        generation: i64,
        /// Whether the successor was given again.
        is_repeated: bool,
        /// The access token that came with it.
        token: TokenName,
    },
    /// A refresh token was used after its time: it was stolen, or its client is broken.
    TokenReused {
        /// By which client.
        client_id: String,
        /// On whose behalf.
        subject: String,
        /// Which family, which is dead now.
        family: Uuid,
        /// The generation that was presented.
        presented: i64,
        /// The one that was valid.
        generation: i64,
    },
    /// An access token was taken back.
    TokenRevoked {
        /// By which client.
        client_id: String,
        /// Which.
        token: TokenName,
    },
    /// A login and all that came of it was taken back.
    FamilyRevoked {
        /// Whose tokens.
        client_id: String,
        /// Whose login.
        subject: String,
        /// Which family.
        family: Uuid,
        /// Why.
        reason: RevocationReason,
    },
    /// A client got an authorization code.
    CodeIssued {
        /// Which client.
        client_id: String,
        /// Who logged in.
        subject: String,
        /// What was granted.
        scopes: ScopeSet,
    },
    /// Somebody logged in.
    LoginSucceeded {
        /// Who.
        user: Uuid,
        /// Whether from a device that is known.
        is_known_device: bool,
    },
    /// A wrong password.
    LoginFailed {
        /// Whose; none for a login that nobody has.
        user: Option<Uuid>,
        /// Whether from a device that is known.
        is_known_device: bool,
    },
    /// Nobody may try for a while.
    LoginLocked {
        /// Whose login; none for one that nobody has.
        user: Option<Uuid>,
        /// What was counted.
        counted: Counted,
        /// Until when.
        until: Timestamp,
    },
    /// Somebody logged out.
    LoggedOut {
        /// Who.
        user: Uuid,
    },
    /// A client was changed.
    ClientChanged {
        /// Which.
        client_id: String,
        /// How.
        change: Change,
        /// By whom.
        by: Actor,
    },
    /// An account was changed.
    UserChanged {
        /// Whose.
        user: Uuid,
        /// How.
        change: Change,
        /// By whom.
        by: Actor,
    },
    /// A signing key went a step further in its life.
    KeyChanged {
        /// `kid`.
        key_id: String,
        /// `alg`.
        algorithm: String,
        /// Which step.
        change: KeyChange,
        /// By whom.
        by: Actor,
    },
    /// A replica started with these settings.
    Configured {
        /// Of the service.
        version: String,
        /// SHA-256 of the settings without secrets, in hexadecimal: two replicas that differ are seen.
        settings: String,
    },
}

/// An event, when it happened and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditRecord {
    /// When, to the microsecond, as PostgreSQL keeps it.
    pub at: Timestamp,
    /// Address of the client; none where the service acts by itself.
    pub address: Option<IpAddr>,
    /// The request, as in logs.
    pub request_id: Option<Uuid>,
    /// What happened.
    pub event: AuditEvent,
}

impl AuditRecord {
    /// A record whose time has no more digits than are kept.
    pub fn new(at: Timestamp, address: Option<IpAddr>, request_id: Option<Uuid>, event: AuditEvent) -> Self {
        let at = Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
        Self {
            at,
            address,
            request_id,
            event,
        }
    }
}

#[cfg(test)]
mod tests;
