//! Keys for cookies and forms, derived from the mounted secret, so that what one signs the other does not accept.

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretSlice};

use crate::domain::lockout::counter::LockoutKey;
use crate::http::csrf::FormKey;

/// What signs forms, and what failed logins are counted by.
#[derive(Debug)]
pub(crate) struct Secrets {
    /// Of login forms.
    pub(crate) forms: FormKey,
    /// Of what failed logins are counted by.
    pub(crate) lockout: LockoutKey,
}

impl Secrets {
    /// From the secret of refresh tokens, which is at least as long as what is derived from it.
    pub(crate) fn new(secret: &SecretSlice<u8>) -> Self {
        Self {
            forms: FormKey::new(&derived(secret, b"auth-service login form")),
            lockout: LockoutKey::new(&derived(secret, b"auth-service failed logins").to_vec().into()),
        }
    }
}

/// NIST SP 800-108r1, section 4.1, with one block: the label alone tells the keys apart.
fn derived(secret: &SecretSlice<u8>, label: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret());
    let tag = hmac::sign(&key, label);
    let mut bytes = [0; 32];
    bytes
        .iter_mut()
        .zip(tag.as_ref())
        .for_each(|(to, from)| *to = *from);
    bytes
}
