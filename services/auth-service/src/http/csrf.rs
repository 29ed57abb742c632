//! That a login form comes from a page of ours, shown to the same browser for the same request: a signed double submit (OWASP
//! Cross-Site Request Forgery Prevention Cheat Sheet). Pure.
//!
//! The browser holds a random cookie. The form holds a time and an HMAC of the cookie, the time and the request: who can make a
//! browser send a form knows neither, and a form for one request is of no use for another.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};

/// How long a form may be open.
const LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// Bytes of the cookie, which are random.
pub(crate) const COOKIE_BYTES: usize = 32;

/// What signs forms.
#[derive(Clone)]
pub(crate) struct FormKey(hmac::Key);

impl std::fmt::Debug for FormKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FormKey(..)")
    }
}

impl FormKey {
    /// From 32 bytes that nothing else uses.
    pub(crate) fn new(bytes: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The token for a form about `request`, shown at `now` to the browser with this cookie.
    pub(crate) fn token(&self, cookie: &str, request: &str, now: Timestamp) -> String {
        let second = now.as_second();
        let tag = hmac::sign(&self.0, &signed(cookie, request, second));
        format!("{second}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// Whether the token is one of those, and not too old.
    pub(crate) fn accepts(&self, token: &str, cookie: &str, request: &str, now: Timestamp) -> bool {
        self.checked(token, cookie, request, now).is_some()
    }

    fn checked(&self, token: &str, cookie: &str, request: &str, now: Timestamp) -> Option<()> {
        let (second, tag) = token.split_once('.')?;
        let second: i64 = second.parse().ok()?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        hmac::verify(&self.0, &signed(cookie, request, second), &tag).ok()?;
        let age = now.duration_since(Timestamp::from_second(second).ok()?);
        (SignedDuration::ZERO - LIFETIME <= age && age <= LIFETIME).then_some(())
    }
}

/// Each part with its length, so that no two lists of parts are the same bytes.
fn signed(cookie: &str, request: &str, second: i64) -> Vec<u8> {
    let mut bytes = second.to_be_bytes().to_vec();
    for part in [cookie, request] {
        bytes.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

/// The value of a new cookie.
pub(crate) fn cookie(random: [u8; COOKIE_BYTES]) -> String {
    URL_SAFE_NO_PAD.encode(random)
}

/// Whether a cookie may be one of ours: any other is replaced.
pub(crate) fn is_cookie(text: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(text)
        .is_ok_and(|bytes| bytes.len() == COOKIE_BYTES)
}

#[cfg(test)]
mod tests;
