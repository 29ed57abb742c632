//! Redirect URIs: which may be registered, and which of a request is a registered one.

use url::{Host, Url};

/// Longest redirect URI, bytes.
const MAX_BYTES: usize = 2000;

/// Where an app on this machine listens (RFC 8252, section 7.3). `localhost` is not among them: it may be another machine
/// (section 8.3).
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// Why a redirect URI cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// Not an absolute URI (RFC 6749, section 3.1.2).
    #[error("a redirect URI is an absolute URI of visible ASCII, of at most {MAX_BYTES} bytes")]
    NotAbsolute,
    /// RFC 6749, section 3.1.2.
    #[error("a redirect URI has no fragment")]
    Fragment,
    /// Names in front of the host make people misread it.
    #[error("a redirect URI has no user name and no password")]
    Credentials,
    /// The code would be readable on its way (RFC 9700, section 2.6), or is for nobody in particular (RFC 8252, section 7.1).
    #[error(
        "a redirect URI is https, http to 127.0.0.1 or [::1], or has a scheme of the app's own with a dot in it, such as org.example.app"
    )]
    Scheme,
}

/// Whether a client may register this redirect URI.
pub fn check(text: &str) -> Result<(), RedirectUriError> {
    if text.len() > MAX_BYTES || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(RedirectUriError::NotAbsolute);
    }
    let url = Url::parse(text).map_err(|_| RedirectUriError::NotAbsolute)?;
    if text.contains('#') {
        return Err(RedirectUriError::Fragment);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(RedirectUriError::Credentials);
    }
    if is_confidential(&url) {
        Ok(())
    } else {
        Err(RedirectUriError::Scheme)
    }
}

fn is_confidential(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        ("http" | "https", _) => false,
        (own, _) => own.contains('.'),
    }
}

/// Whether the redirect URI of a request is this registered one: the same text (RFC 9700, section 2.1), but for the port of an
/// app on this machine, which it cannot choose (RFC 8252, section 7.3).
pub fn is_registered(requested: &str, registered: &str) -> bool {
    requested == registered
        || matches!((without_port(requested), without_port(registered)), (Some(one), Some(other)) if one == other)
}

/// Host and the rest of a loopback URI; `None` for all others.
fn without_port(uri: &str) -> Option<(&str, &str)> {
    let (host, rest) = LOOPBACK
        .iter()
        .find_map(|host| Some((*host, uri.strip_prefix(host)?)))?;
    let rest = match rest.strip_prefix(':') {
        None => rest,
        Some(behind) => {
            let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
            let (port, rest) = behind.split_at_checked(digits)?;
            port.parse::<u16>().is_ok().then_some(rest)?
        }
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
}

#[cfg(test)]
mod tests;
