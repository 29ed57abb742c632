//! Assertions by which clients prove who they are (RFC 7523, section 3; SMART App Launch 2.2, "Client authentication:
//! asymmetric").

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use service_kit::auth::{KeySet, MAX_LEEWAY, signed_claims, unverified_claims};

use crate::domain::oauth_error::OAuthError;

/// How far ahead `exp` may be (SMART App Launch 2.2).
pub const LONGEST_ASSERTION: SignedDuration = SignedDuration::from_mins(5);

/// Longest `jti`, bytes: it is kept until the assertion expires.
const MAX_TOKEN_ID_BYTES: usize = 256;

/// The values of `typ` besides none (draft-ietf-oauth-rfc7523bis). An access token is no assertion (RFC 8725, section 3.11).
const MEDIA_TYPES: [&str; 2] = ["jwt", "client-authentication+jwt"];

/// What an assertion must say.
#[derive(Clone, Copy, Debug)]
pub struct AssertionRules<'a> {
    /// One of these must be in `aud`: the token endpoint's URL and the issuer (RFC 7523, section 3, item 3).
    pub audiences: &'a [&'a str],
    /// Difference between clocks that is allowed for; more than [`MAX_LEEWAY`] counts as that.
    pub leeway: Duration,
}

/// An assertion that proved something, and must not do so again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedAssertion {
    /// `jti`, unique among those of its client.
    pub token_id: String,
    /// Until when it has to be remembered: `exp` and the leeway.
    pub remember_until: Timestamp,
}

/// Whom the assertion says it is from, only to find the client's keys.
pub(super) fn unproved_subject(assertion: &str) -> Option<String> {
    match unverified_claims(assertion).ok()?.remove("sub")? {
        Value::String(subject) => Some(subject),
        _ => None,
    }
}

impl AssertionRules<'_> {
    /// The assertion, when one of the client's keys signed it and it says what it must.
    pub(super) fn verify(
        &self,
        assertion: &SecretString,
        client_id: &str,
        jwks: &Value,
        now: Timestamp,
    ) -> Result<UsedAssertion, OAuthError> {
        let claims = claims(assertion, jwks).ok_or_else(OAuthError::invalid_client)?;
        let is_from_client = ["iss", "sub"]
            .iter()
            .all(|name| claims.get(*name).and_then(Value::as_str) == Some(client_id));
        if !is_from_client || !self.is_for_us(claims.get("aud")) {
            return Err(OAuthError::invalid_client());
        }
        let remember_until = self
            .validity(&claims, now)
            .ok_or_else(OAuthError::invalid_client)?;
        let token_id = token_id(&claims).ok_or_else(OAuthError::invalid_client)?;
        Ok(UsedAssertion {
            token_id,
            remember_until,
        })
    }

    fn is_for_us(&self, audience: Option<&Value>) -> bool {
        let is_ours = |value: &Value| value.as_str().is_some_and(|name| self.audiences.contains(&name));
        match audience {
            Some(Value::Array(several)) => several.iter().any(is_ours),
            Some(one) => is_ours(one),
            None => false,
        }
    }

    /// Until when to remember it, if it is valid now and not for too long.
    fn validity(&self, claims: &Map<String, Value>, now: Timestamp) -> Option<Timestamp> {
        let leeway = SignedDuration::try_from(self.leeway.min(MAX_LEEWAY)).ok()?;
        let expires = instant(claims, "exp")??;
        let latest = now
            .checked_add(LONGEST_ASSERTION)
            .ok()?
            .checked_add(leeway)
            .ok()?;
        let remember_until = expires.checked_add(leeway).ok()?;
        let soon = now.checked_add(leeway).ok()?;
        let has_begun = |begin: Option<Timestamp>| begin.is_none_or(|begin| begin <= soon);
        let begun = has_begun(instant(claims, "nbf")?) && has_begun(instant(claims, "iat")?);
        (begun && now < remember_until && expires <= latest).then_some(remember_until)
    }
}

fn claims(assertion: &SecretString, jwks: &Value) -> Option<Map<String, Value>> {
    let keys = KeySet::from_jwks(&serde_json::to_vec(jwks).ok()?).ok()?;
    signed_claims(assertion.expose_secret(), &keys, &MEDIA_TYPES).ok()
}

fn token_id(claims: &Map<String, Value>) -> Option<String> {
    let text = claims.get("jti")?.as_str()?;
    // It goes into the database, which takes no zero bytes.
    let is_kept = !text.is_empty() && text.len() <= MAX_TOKEN_ID_BYTES && !text.chars().any(char::is_control);
    is_kept.then(|| text.to_owned())
}

/// A NumericDate (RFC 7519, section 2), to the microsecond; `Some(None)` when it is not there, `None` when it is none.
#[expect(
    clippy::option_option,
    reason = "a claim that is missing and one that is wrong are not the same"
)]
fn instant(claims: &Map<String, Value>, name: &str) -> Option<Option<Timestamp>> {
    let Some(value) = claims.get(name) else {
        return Some(None);
    };
    let seconds = value.as_f64().filter(|seconds| *seconds >= 0.0)?;
    let since_1970 = SignedDuration::try_from_secs_f64(seconds).ok()?;
    Timestamp::UNIX_EPOCH.checked_add(since_1970).ok().map(Some)
}

#[cfg(test)]
mod tests;
