//! Refresh tokens with rotation (RFC 9700, section 4.14.2).
//!
//! A login and all tokens that came of it are a family, of which one row is kept and no token. A refresh token is valid while its
//! generation is the family's; using it begins the next one. The text of the token is a function of the row and a secret: for a
//! few seconds after a rotation the same successor is given to who presents the predecessor, so that a client whose requests
//! crossed, or whose answer was lost, is not logged out. After that, whoever presents an old token has stolen it, or was stolen
//! from: the family dies.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use service_kit::auth::{Grant, Validity};
use uuid::Uuid;

use super::code::CodeGrant;
use super::oauth_error::OAuthError;
use super::scope::ScopeSet;
use super::token_id::RefreshTokenId;

/// A login and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// What its tokens' names begin with.
    pub id: Uuid,
    /// To which client its tokens were issued.
    pub client_id: String,
    /// `sub`: who logged in.
    pub subject: String,
    /// What was granted.
    pub scopes: ScopeSet,
    /// The roles of that person at the login.
    pub roles: Vec<String>,
    /// For which services.
    pub audience: Vec<String>,
    /// When that person logged in.
    pub auth_time: Timestamp,
    /// The refresh token that is valid, from 0.
    pub generation: i64,
    /// When that generation began.
    pub rotated_at: Timestamp,
    /// When the person has to log in again.
    pub expires_at: Timestamp,
    /// When it died before that.
    pub revoked_at: Option<Timestamp>,
}

/// How long refresh tokens can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshRules {
    /// From login to login.
    pub absolute: SignedDuration,
    /// A refresh token that nobody uses; at most the 7 days that the kit allows.
    pub idle: SignedDuration,
    /// How long the predecessor yields the same successor.
    pub grace: SignedDuration,
}

impl Default for RefreshRules {
    fn default() -> Self {
        Self {
            absolute: SignedDuration::from_hours(7 * 24),
            idle: SignedDuration::from_hours(24),
            grace: SignedDuration::from_secs(10),
        }
    }
}

/// What becomes of a refresh token that is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is the valid one: the next generation begins, if nobody was faster (the store tells).
    Rotate,
    /// It was the valid one a moment ago: the successor is given again.
    SameSuccessor,
    /// It was used before: the family dies, and the event is audited.
    Reuse,
    /// Too old, or the login is.
    Expired,
    /// The family is dead.
    Revoked,
}

/// What becomes of the token of generation `presented`. A family that is dead or expired is not asked for more. A generation
/// there never was comes from a lost row, and is treated as reuse.
pub fn decide(presented: i64, family: &Family, now: Timestamp, rules: &RefreshRules) -> Decision {
    if family.revoked_at.is_some() {
        return Decision::Revoked;
    }
    if now >= family.expires_at {
        return Decision::Expired;
    }
    let age = now.duration_since(family.rotated_at);
    match family.generation.checked_sub(presented) {
        Some(0) if age >= rules.idle => Decision::Expired,
        Some(0) => Decision::Rotate,
        // Another replica's clock may be ahead of ours: a negative age is young.
        Some(1) if age < rules.grace => Decision::SameSuccessor,
        _ => Decision::Reuse,
    }
}

impl Decision {
    /// The answer to a client that gets no token.
    pub const fn refusal(self) -> Option<OAuthError> {
        match self {
            Self::Rotate | Self::SameSuccessor => None,
            Self::Reuse => Some(OAuthError::invalid_grant("the refresh token was used before")),
            Self::Expired => Some(OAuthError::invalid_grant("the refresh token has expired")),
            Self::Revoked => Some(OAuthError::invalid_grant("the refresh token was revoked")),
        }
    }
}

impl Family {
    /// The family that begins when a code is redeemed. It ends some time after the login, whenever the code came.
    pub fn open(id: Uuid, grant: &CodeGrant, rules: &RefreshRules, now: Timestamp) -> Self {
        Self {
            id,
            client_id: grant.client_id.clone(),
            subject: grant.subject.clone(),
            scopes: grant.scopes.clone(),
            roles: grant.roles.clone(),
            audience: grant.audience.clone(),
            auth_time: grant.auth_time,
            generation: 0,
            rotated_at: now,
            expires_at: later(grant.auth_time, rules.absolute),
            revoked_at: None,
        }
    }

    /// The family in its next generation: what the store's one statement makes of it.
    #[must_use]
    pub fn rotated(&self, now: Timestamp) -> Self {
        Self {
            generation: self.generation.saturating_add(1),
            rotated_at: now,
            ..self.clone()
        }
    }

    /// What names it where tokens are revoked.
    pub fn revocation_name(&self) -> String {
        self.id.to_string()
    }

    /// The refresh token of its generation, for `Signer::sign_as`: the same for the same row. It is for the issuer alone, and says
    /// nothing about the person: all that is in the row.
    pub fn refresh_token(&self, issuer: &str, rules: &RefreshRules) -> (Grant, Validity) {
        let grant = Grant {
            subject: self.subject.clone(),
            client_id: self.client_id.clone(),
            audience: vec![issuer.to_owned()],
            ..Grant::default()
        };
        let validity = Validity {
            token_id: self.token_id().to_string(),
            issued_at: self.rotated_at,
            expires_at: later(self.rotated_at, rules.idle).min(self.expires_at),
        };
        (grant, validity)
    }

    /// The name of the refresh token of its generation.
    pub const fn token_id(&self) -> RefreshTokenId {
        RefreshTokenId {
            family: self.id,
            generation: self.generation,
        }
    }

    /// What an access token gets whose client asks for `requested`: nothing that was not granted at the login (RFC 6749,
    /// section 6).
    pub fn narrowed(&self, requested: Option<&ScopeSet>) -> Result<ScopeSet, OAuthError> {
        match requested {
            None => Ok(self.scopes.clone()),
            Some(requested) if requested.is_subset(&self.scopes) => Ok(requested.clone()),
            Some(_) => Err(OAuthError::invalid_scope("a scope was not granted at the login")),
        }
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
