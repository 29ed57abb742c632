//! Devices that somebody logged in from before: a signed cookie, bound to one login.
//!
//! Its text is `<device>.<seconds since 1970>.<HMAC-SHA-256 over both and the login>`. It opens nothing: it only says by which
//! counter an attempt is counted.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use uuid::Uuid;

use super::counter::LockoutKey;
use crate::domain::digest::Digest;
use crate::domain::user::folded;

/// How long a device is known after a login.
pub const DEVICE_LIFETIME: SignedDuration = SignedDuration::from_hours(180 * 24);

/// How far ahead the clock of the replica may be that made the cookie.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

impl LockoutKey {
    /// The cookie for a device from which somebody just logged in; the device's name is random.
    pub fn device_cookie(&self, login: &str, device: Uuid, now: Timestamp) -> SecretString {
        let seconds = now.as_second();
        let tag = self.device_digest(login, device, seconds);
        format!("{device}.{seconds}.{}", URL_SAFE_NO_PAD.encode(tag.as_bytes())).into()
    }

    /// The device, if the cookie was made for this login and is not too old.
    pub fn known_device(&self, login: &str, cookie: &str, now: Timestamp) -> Option<Uuid> {
        let (device, rest) = cookie.split_once('.')?;
        let (seconds, tag) = rest.split_once('.')?;
        let (device, seconds) = (device.parse().ok()?, seconds.parse().ok()?);
        let tag: [u8; 32] = URL_SAFE_NO_PAD.decode(tag).ok()?.try_into().ok()?;
        let is_ours = self.device_digest(login, device, seconds).is(&tag);
        let age = now.duration_since(Timestamp::from_second(seconds).ok()?);
        (is_ours && (-LEEWAY..DEVICE_LIFETIME).contains(&age)).then_some(device)
    }

    fn device_digest(&self, login: &str, device: Uuid, seconds: i64) -> Digest {
        let login = folded(login);
        let parts: [&[u8]; 3] = [device.as_bytes(), &seconds.to_be_bytes(), login.as_bytes()];
        self.digest("cookie", &parts)
    }
}

#[cfg(test)]
mod tests;
