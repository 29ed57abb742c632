//! What is read of files and of texts, and what is wrong with it, led by the name of the setting.

use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use service_kit::auth::{MIN_SECRET_BYTES, TokenKind};
use url::Url;

use crate::domain::keys::sealing::KeyEncryptionKey;

/// What RFC 8414, section 2, says of an issuer; plain HTTP only within this machine, where nobody listens on the way.
pub(super) fn issuer(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|_| "AUTH_ISSUER: not a URL".to_owned())?;
    let is_local =
        url.scheme() == "http" && matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    if url.scheme() != "https" && !is_local {
        return Err("AUTH_ISSUER: an https URL (http only for 127.0.0.1, [::1] and localhost)".to_owned());
    }
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    // As URLs are compared by those who verify tokens: character by character.
    if !is_plain || url.as_str().strip_suffix('/') != Some(text) {
        return Err(
            "AUTH_ISSUER: scheme, host and port in lower case, without path or slash at the end".to_owned(),
        );
    }
    Ok(text.to_owned())
}

pub(super) fn at_most_a_week(name: &str, lifetime: Duration) -> Result<(), String> {
    let limit = TokenKind::Refresh.lifetime();
    if lifetime.is_zero() || lifetime > limit {
        return Err(format!(
            "{name}: more than nothing, and at most {} s",
            limit.as_secs()
        ));
    }
    Ok(())
}

pub(super) fn apart(access: &SecretSlice<u8>, refresh: &SecretSlice<u8>) -> Result<(), String> {
    if access.expose_secret() == refresh.expose_secret() {
        return Err("JWT_REFRESH_SECRET_FILE: must not be the secret of access tokens".to_owned());
    }
    Ok(())
}

/// What the file holds, without the end of its last line.
pub(super) fn read(name: &str, path: &Path) -> Result<SecretSlice<u8>, String> {
    let mut bytes = std::fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    while bytes.last().is_some_and(|last| matches!(last, b'\n' | b'\r')) {
        bytes.pop();
    }
    Ok(bytes.into())
}

pub(super) fn secret(name: &str, path: &Path) -> Result<SecretSlice<u8>, String> {
    let secret = read(name, path)?;
    match secret.expose_secret().len() {
        length if length < MIN_SECRET_BYTES => Err(format!(
            "{name}: has {length} bytes; at least {MIN_SECRET_BYTES} are needed"
        )),
        _ => Ok(secret),
    }
}

/// The bytes as they are: any of the 32 may look like the end of a line.
pub(super) fn key_encryption_key(path: &Path) -> Result<KeyEncryptionKey, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("KEY_ENCRYPTION_KEY_FILE: {error}"))?;
    KeyEncryptionKey::new(&bytes).map_err(|error| format!("KEY_ENCRYPTION_KEY_FILE: {error}"))
}

pub(super) fn text(name: &str, path: &Path) -> Result<String, String> {
    let bytes = read(name, path)?;
    let text = std::str::from_utf8(bytes.expose_secret())
        .ok()
        .filter(|text| !text.is_empty());
    text.map(str::to_owned)
        .ok_or_else(|| format!("{name}: holds no text"))
}

pub(super) fn bootstrap_secret(path: &Path) -> Result<SecretString, String> {
    const NAME: &str = "AUTH_BOOTSTRAP_CLIENT_SECRET_FILE";
    secret(NAME, path)?;
    text(NAME, path).map(SecretString::from)
}

/// No setting is longer than a clock can say.
pub(super) fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
