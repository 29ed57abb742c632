//! The token of a request: only from `Authorization` (RFC 6750, section 2.1). The query and the body are not looked
//! at: what is there ends up in logs.

use http::{HeaderMap, header};

use super::refusal::Reason;

/// The token of the `Authorization` header, `None` when the request brings no bearer credentials; for those who verify it
/// otherwise than the routes of a service do.
pub fn token(headers: &HeaderMap) -> Result<Option<&str>, Reason> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Reason::Ambiguous);
    }
    let text = value.to_str().map_err(|_| Reason::InvalidRequest)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    // The name of the scheme has no case (RFC 9110, section 11.1).
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    if token.is_empty() || token.contains([' ', '\t', ',']) {
        return Err(Reason::InvalidRequest);
    }
    Ok(Some(token))
}
