//! For which services a token is asked: `resource` (RFC 8707) and `audience`, a service by its name (as in RFC 8693, section
//! 2.1).

use url::Url;

use super::oauth_error::OAuthError;
use super::parameters::Parameters;

/// Most services of a token.
const MAX_TARGETS: usize = 10;

/// The services a request names, each once, in its order; none is fine.
pub fn requested(parameters: &Parameters) -> Result<Vec<String>, OAuthError> {
    if !parameters.all("resource").all(is_resource) {
        return Err(OAuthError::invalid_target(
            "resource is not an absolute URI without fragment",
        ));
    }
    let mut targets: Vec<String> = Vec::new();
    for target in parameters.all("resource").chain(parameters.all("audience")) {
        if !targets.iter().any(|known| known == target) {
            targets.push(target.to_owned());
        }
    }
    if targets.len() > MAX_TARGETS {
        return Err(OAuthError::invalid_target("there are too many resources"));
    }
    Ok(targets)
}

/// The same in a request for authorization, where `aud` names the FHIR server the app will talk to (SMART App Launch 2.2).
pub fn requested_at_launch(parameters: &Parameters) -> Result<Vec<String>, OAuthError> {
    let mut targets = requested(parameters)?;
    let server = parameters.get("aud").map(str::to_owned);
    targets.extend(server.filter(|server| !targets.contains(server)));
    Ok(targets)
}

/// What a client gets that asks for `requested` and may have `allowed`: the first of them when it names none.
pub fn granted(requested: &[String], allowed: &[String]) -> Result<Vec<String>, OAuthError> {
    let of = if requested.is_empty() {
        allowed.get(..1).unwrap_or_default()
    } else {
        allowed
    };
    match narrowed(requested, of)? {
        none if none.is_empty() => Err(OAuthError::invalid_target(
            "the client has no service to ask tokens for",
        )),
        some => Ok(some),
    }
}

/// What is left of `held` for who asks for `requested`: all when it names none (RFC 8707, section 2.2).
pub fn narrowed(requested: &[String], held: &[String]) -> Result<Vec<String>, OAuthError> {
    if requested.is_empty() {
        return Ok(held.to_vec());
    }
    if requested.iter().all(|target| held.contains(target)) {
        Ok(requested.to_vec())
    } else {
        Err(OAuthError::invalid_target(
            "a resource is not among those of the client",
        ))
    }
}

/// RFC 8707, section 2: an absolute URI without fragment.
fn is_resource(text: &str) -> bool {
    Url::parse(text).is_ok() && !text.contains('#')
}

#[cfg(test)]
mod tests;
