//! From the text of a token to its claims: everything that can be told without asking anybody.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::jwks::Jwks;
use super::keys::KeySet;
use super::refusal::Reason;
use crate::Clock;

mod claims;
mod compact;

pub use claims::Claims;
use compact::Compact;
pub use compact::MAX_TOKEN_BYTES;

/// Most difference between the issuer's clock and ours that may be allowed for.
pub const MAX_LEEWAY: Duration = Duration::from_secs(30);

/// What a token is for. One is never taken for the other: `typ` says which it is (RFC 8725, section 3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Opens routes; 15 minutes.
    Access,
    /// Yields the next access token; 7 days.
    Refresh,
}

impl TokenKind {
    /// The value of `typ`: RFC 9068, section 2.1, for access tokens; our own for refresh tokens.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Refresh => "rt+jwt",
        }
    }

    /// How long a token of this kind is valid.
    pub const fn lifetime(self) -> Duration {
        match self {
            Self::Access => Duration::from_mins(15),
            Self::Refresh => Duration::from_hours(7 * 24),
        }
    }

    /// Whether `typ` names this kind; `application/` may be left out (RFC 7515, section 4.1.9), case does not count.
    fn is_named(self, typ: &str) -> bool {
        is_media_type(typ, self.media_type())
    }
}

fn is_media_type(typ: &str, expected: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    typ.strip_prefix("application/").unwrap_or(&typ) == expected
}

/// What every token must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectations {
    /// The kind of token.
    pub kind: TokenKind,
    /// The only value of `iss`.
    pub issuer: String,
    /// Must be among `aud`.
    pub audience: String,
    /// Difference between clocks that is allowed for; more than [`MAX_LEEWAY`] counts as that.
    pub leeway: Duration,
}

/// Where the keys come from.
#[derive(Clone, Debug)]
pub enum Keys {
    /// Known from the start.
    Fixed(KeySet),
    /// The issuer's JWK Set.
    Jwks(Jwks),
    /// The latest of a channel: for the issuer itself, whose keys change while it runs.
    Changing(watch::Receiver<KeySet>),
}

/// Verifies tokens of one kind from one issuer.
#[derive(Clone)]
pub struct Verifier {
    expectations: Expectations,
    keys: Keys,
    clock: Clock,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("expectations", &self.expectations)
            .finish_non_exhaustive()
    }
}

impl Verifier {
    /// A verifier with the given clock.
    pub fn new(expectations: Expectations, keys: Keys, clock: Clock) -> Self {
        Self {
            expectations,
            keys,
            clock,
        }
    }

    /// The source of its keys, when they are fetched.
    pub(super) const fn jwks(&self) -> Option<&Jwks> {
        match &self.keys {
            Keys::Fixed(_) | Keys::Changing(_) => None,
            Keys::Jwks(jwks) => Some(jwks),
        }
    }

    /// The claims of a valid token. Does not know about revocation.
    pub async fn verify(&self, token: &str) -> Result<Claims, Reason> {
        let token = Compact::parse(token)?;
        match &self.keys {
            Keys::Fixed(keys) => self.expectations.check(&token, keys, self.clock.now()),
            Keys::Changing(keys) => {
                let keys = keys.borrow().clone();
                // They have not been read yet: whether the token is good cannot be told.
                if keys.keys().next().is_none() {
                    return Err(Reason::Unavailable);
                }
                self.expectations.check(&token, &keys, self.clock.now())
            }
            Keys::Jwks(jwks) => {
                // Whatever is wrong with the header is found before the issuer is asked.
                self.expectations.check_header(&token)?;
                let keys = jwks.keys_for(token.key_id()).await?;
                self.expectations.check(&token, &keys, self.clock.now())
            }
        }
    }
}

impl Expectations {
    /// The claims of `token`, when everything about it is right at the instant `now`.
    pub fn verify(&self, token: &str, keys: &KeySet, now: Timestamp) -> Result<Claims, Reason> {
        self.check(&Compact::parse(token)?, keys, now)
    }

    /// The same for whichever audience: for the issuer, which is asked about all of its tokens.
    pub fn verify_for_any_audience(
        &self,
        token: &str,
        keys: &KeySet,
        now: Timestamp,
    ) -> Result<Claims, Reason> {
        self.check_but_audience(&Compact::parse(token)?, keys, now)
    }

    fn check(&self, token: &Compact<'_>, keys: &KeySet, now: Timestamp) -> Result<Claims, Reason> {
        let claims = self.check_but_audience(token, keys, now)?;
        if claims.audience().contains(&self.audience) {
            Ok(claims)
        } else {
            Err(Reason::Audience)
        }
    }

    fn check_but_audience(
        &self,
        token: &Compact<'_>,
        keys: &KeySet,
        now: Timestamp,
    ) -> Result<Claims, Reason> {
        self.check_header(token)?;
        check_signature(token, keys)?;
        let claims = Claims::parse(token.payload()?)?;
        self.check_claims(&claims, now)?;
        Ok(claims)
    }

    fn check_header(&self, token: &Compact<'_>) -> Result<(), Reason> {
        if token.media_type().is_some_and(|typ| self.kind.is_named(typ)) {
            Ok(())
        } else {
            Err(Reason::Type)
        }
    }

    fn check_claims(&self, claims: &Claims, now: Timestamp) -> Result<(), Reason> {
        let leeway = self.leeway.min(MAX_LEEWAY).as_secs_f64();
        let now = now.as_duration().as_secs_f64();
        if claims.issuer() != self.issuer {
            return Err(Reason::Issuer);
        }
        // Valid strictly before `exp` (RFC 7519, section 4.1.4), and from `nbf` on.
        if now >= claims.expires + leeway {
            return Err(Reason::Expired);
        }
        if now + leeway < claims.not_before.max(claims.issued) {
            return Err(Reason::NotYetValid);
        }
        Ok(())
    }
}

/// The claims of a JWT of somebody else's that one of `keys` signed, such as a client's assertion (RFC 7523). Its `typ` must
/// be one of `media_types`, or be missing. Nothing that the claims say is checked.
pub fn signed_claims(token: &str, keys: &KeySet, media_types: &[&str]) -> Result<Map<String, Value>, Reason> {
    let token = Compact::parse(token)?;
    let is_one_of = |typ| media_types.iter().any(|expected| is_media_type(typ, expected));
    if !token.media_type().is_none_or(is_one_of) {
        return Err(Reason::Type);
    }
    check_signature(&token, keys)?;
    token.payload()
}

/// What a JWT says without proof, only to find the keys that prove it.
pub fn unverified_claims(token: &str) -> Result<Map<String, Value>, Reason> {
    Compact::parse(token)?.payload()
}

/// Whether one of the keys the token may be signed with did sign it, by the algorithm of the key.
fn check_signature(token: &Compact<'_>, keys: &KeySet) -> Result<(), Reason> {
    if !keys.knows(token.key_id()) {
        return Err(Reason::UnknownKey);
    }
    let mut of_the_algorithm = keys
        .named(token.key_id())
        .filter(|key| key.algorithm() == token.algorithm())
        .peekable();
    if of_the_algorithm.peek().is_none() {
        return Err(Reason::Algorithm);
    }
    if of_the_algorithm.any(|key| key.verifies(token.signed().as_bytes(), token.signature())) {
        Ok(())
    } else {
        Err(Reason::Signature)
    }
}

#[cfg(test)]
mod tests;
