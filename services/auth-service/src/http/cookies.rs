//! Cookies of the login page (RFC 6265bis). The prefix `__Host-` keeps other hosts of the domain from setting them.

use http::{HeaderMap, HeaderValue, header};

/// The browser that a form was shown to.
pub(super) const FORM: &str = "__Host-auth-form";

/// A browser on which somebody has logged in before.
pub(super) const DEVICE: &str = "__Host-auth-device";

/// Seconds for which a browser is remembered: a year.
const DEVICE_MAX_AGE: u32 = 365 * 24 * 60 * 60;

/// The value of a cookie; `None` when it is there twice, as nobody knows which one is ours.
pub(super) fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(header::COOKIE).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    let mut found = texts
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| value);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// `Set-Cookie` for the browser a form is shown to. `Lax`: an app elsewhere sends people here, and a second window of theirs
/// has to keep the cookie of the first.
pub(super) fn form(value: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{FORM}={value}; Path=/; Secure; HttpOnly; SameSite=Lax")).ok()
}

/// `Set-Cookie` for a browser somebody has logged in on.
pub(super) fn device(value: &str) -> Option<HeaderValue> {
    let text =
        format!("{DEVICE}={value}; Path=/; Max-Age={DEVICE_MAX_AGE}; Secure; HttpOnly; SameSite=Strict");
    HeaderValue::from_str(&text).ok()
}
