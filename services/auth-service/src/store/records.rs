//! What is stored, as plain data.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

pub use crate::domain::audit::RevocationReason;
pub use crate::domain::digest::Digest;
pub use crate::domain::lockout::Attempts;

/// A value and which state of it this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored<T> {
    /// The value.
    pub value: T,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// An authorization code that was just issued (RFC 6749, section 4.1.2).
#[derive(Clone, Debug)]
pub struct NewCode {
    /// Of the code.
    pub digest: Digest,
    /// Who asked for it.
    pub client_id: String,
    /// Who logged in.
    pub subject: String,
    /// What is needed to redeem it; the store does not look into it.
    pub contents: Value,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What became of an attempt to redeem a code.
#[derive(Clone, Debug, PartialEq)]
pub enum Redemption {
    /// The first: the contents of the code.
    First(Value),
    /// The code was redeemed before, for this family, which must die (RFC 6749, section 4.1.2; RFC 9700, section 2.1.1).
    Again(Uuid),
    /// Nobody redeemed it in time.
    Expired,
    /// There is no such code, or none any more.
    Unknown,
}

/// A refresh family: a login and all tokens that came of it, by rotation (RFC 9700, section 4.14.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// In every refresh token.
    pub id: Uuid,
    /// Whose tokens they are.
    pub client_id: String,
    /// `sub`.
    pub subject: String,
    /// What was granted.
    pub scopes: Vec<String>,
    /// The subject's roles.
    pub roles: Vec<String>,
    /// `aud` of its access tokens.
    pub audience: Vec<String>,
    /// When the person logged in.
    pub auth_time: Timestamp,
    /// Of the refresh token that is valid now; the first is 0.
    pub generation: i64,
    /// When that generation began.
    pub rotated_at: Timestamp,
    /// After this nothing is issued any more.
    pub expires_at: Timestamp,
    /// Set when it died before that.
    pub revoked: Option<Revoked>,
}

/// When and why a family died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: RevocationReason,
}

/// What became of an attempt to rotate a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The presented generation was the valid one; this is the family with the next.
    Rotated(Family),
    /// Nothing was changed; this is the family as it is now. What that means is for the domain to say.
    Unchanged(Family),
    /// There is no such family.
    Unknown,
}

/// Where a signing key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Shown, not yet used.
    Next,
    /// Used.
    Active,
    /// Shown for as long as tokens signed with it may be valid.
    Retired,
}

impl KeyState {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }

    /// The reverse of [`as_str`](Self::as_str).
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Next, Self::Active, Self::Retired]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A key that tokens are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// In the header of its tokens (RFC 7515, section 4.1.4).
    pub kid: String,
    /// `alg`.
    pub algorithm: String,
    /// Its public half (RFC 7517).
    pub public_jwk: Value,
    /// Its private half, encrypted.
    pub sealed_private: Vec<u8>,
    /// Where it is in its life.
    pub state: KeyState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it became active.
    pub activated_at: Option<Timestamp>,
    /// When it was retired.
    pub retired_at: Option<Timestamp>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// All keys, at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    /// Grows with every change.
    pub version: i64,
    /// The keys, the oldest first.
    pub keys: Vec<SigningKey>,
}

/// A step in a key's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChange {
    /// A new key; its state is [`KeyState::Next`] whatever it says.
    Add(SigningKey),
    /// The next key becomes active; the active one must be retired before it.
    Activate {
        /// Which.
        kid: String,
    },
    /// The active key is used no more.
    Retire {
        /// Which.
        kid: String,
    },
    /// A key that is not active goes: no token of it is valid any more, or is to be.
    Remove {
        /// Which.
        kid: String,
    },
}

/// An audit event in its canonical form, not yet in a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchained {
    /// When it happened; the text says so as well, as only that is hashed.
    pub at: Timestamp,
    /// Canonical JSON.
    pub canonical: String,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Which chain.
    pub chain: Uuid,
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub canonical: String,
    /// `hash` of the entry before; zeros in the first.
    pub previous: [u8; 32],
    /// SHA-256 of `previous`, `seq` as eight bytes (big-endian) and `canonical`.
    pub hash: [u8; 32],
}

/// The last entry of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which chain.
    pub chain: Uuid,
    /// Its place; 0 before the first.
    pub seq: i64,
    /// Its hash; zeros before the first.
    pub hash: [u8; 32],
}
