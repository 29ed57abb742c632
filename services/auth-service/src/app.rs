//! Use cases: the rules of the domain, the store, the clock and randomness put together.
//!
//! What is granted, refused or taken back is in the audit log before anybody is told of it: without an entry there is no token.

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretSlice};
use service_kit::Clock;
use service_kit::auth::{
    Expectations, KeyError, KeySet, Revocations, Signer, SigningKey, TokenKind, VerificationKey,
};

use crate::domain::lockout::LockoutRules;
use crate::domain::metadata::Metadata;
use crate::domain::refresh::RefreshRules;
use crate::metrics::Metrics;
use crate::store::{AuditLog, Store};

pub(crate) mod admin;
mod audit;
mod authorization;
mod bootstrap;
mod clients;
mod error;
mod families;
mod forward;
mod introspection;
pub(crate) mod keys;
mod login;
mod passwords;
mod randomness;
mod revocation;
mod revocations;
mod secrets;
mod tokens;
pub(crate) mod upkeep;

pub(crate) use audit::{ClientRequest, Origin, caller, opening};
pub(crate) use authorization::{Stop, ToLogIn};
pub(crate) use error::Failure;
pub(crate) use keys::{KeysState, RotationError, Rotator, SigningKeys};
pub(crate) use login::{Credentials, LoggedIn, Login};
pub(crate) use passwords::Passwords;
pub(crate) use randomness::bytes as random_bytes;
pub(crate) use revocations::SharedRevocations;
pub(crate) use secrets::Secrets;
pub(crate) use tokens::Issued;

/// Difference between the clocks of replicas that is allowed for.
const LEEWAY: std::time::Duration = std::time::Duration::from_secs(10);

/// What the use cases share. Clones share it too.
#[derive(Clone, Debug)]
pub(crate) struct App(Arc<Parts>);

/// The parts of an [`App`].
#[derive(Debug)]
pub(crate) struct Parts {
    /// `iss`.
    pub(crate) issuer: String,
    /// The time.
    pub(crate) clock: Clock,
    /// PostgreSQL.
    pub(crate) store: Store,
    /// Where everything is written down.
    pub(crate) audit: AuditLog,
    /// What signs access and ID tokens.
    pub(crate) keys: SigningKeys,
    /// Makes the next key.
    pub(crate) rotator: Rotator,
    /// What signs refresh tokens.
    pub(crate) refresh: RefreshTokens,
    /// Which access tokens were taken back, as this replica knows it.
    pub(crate) revocations: Revocations,
    /// Where all replicas see it.
    pub(crate) shared: SharedRevocations,
    /// Checks passwords.
    pub(crate) passwords: Passwords,
    /// What else is signed.
    pub(crate) secrets: Secrets,
    /// How logins are slowed down.
    pub(crate) lockout: Lockout,
    /// What access tokens must say.
    pub(crate) access_expectations: Expectations,
    /// Proxies in front of the service.
    pub(crate) trusted_hops: usize,
    /// What it tells about itself.
    pub(crate) metadata: Metadata,
    /// Counters.
    pub(crate) metrics: Metrics,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Of these parts.
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The instant, to the microsecond as PostgreSQL keeps it.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// How logins are slowed down, by what they are counted by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lockout {
    /// For an account, and for a known device of it.
    pub(crate) account: LockoutRules,
    /// For a source.
    pub(crate) source: LockoutRules,
}

/// What access tokens must say, for whichever service they are: `audience` is only that of this service's own API.
pub(crate) fn access_expectations(issuer: &str, audience: &str) -> Expectations {
    Expectations {
        kind: TokenKind::Access,
        issuer: issuer.to_owned(),
        audience: audience.to_owned(),
        leeway: LEEWAY,
    }
}

/// Signs refresh tokens, and verifies them. They are for this service alone.
#[derive(Debug)]
pub(crate) struct RefreshTokens {
    pub(crate) rules: RefreshRules,
    pub(crate) signer: Signer,
    pub(crate) keys: KeySet,
    pub(crate) expectations: Expectations,
}

impl RefreshTokens {
    /// With a secret that signs nothing else.
    pub(crate) fn new(
        secret: &SecretSlice<u8>,
        rules: RefreshRules,
        issuer: &str,
        clock: Clock,
    ) -> Result<Self, KeyError> {
        let bytes = secret.expose_secret();
        Ok(Self {
            rules,
            signer: Signer::new(issuer, SigningKey::hs256(None, bytes)?, clock),
            keys: KeySet::from_iter([VerificationKey::hs256(None, bytes)?]),
            expectations: Expectations {
                kind: TokenKind::Refresh,
                issuer: issuer.to_owned(),
                audience: issuer.to_owned(),
                leeway: LEEWAY,
            },
        })
    }
}
