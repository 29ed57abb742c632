//! Requests to the authorization endpoint (RFC 6749, section 4.1.1; OpenID Connect Core 1.0, section 3.1.2.1; RFC 9700).
//!
//! Until it is certain where the request came from, what is wrong is shown to the person: a redirect would lead wherever the
//! sender wants. From then on it is told to the client.

use jiff::{SignedDuration, Timestamp};

use super::audience;
use super::client::{Client, GrantType};
use super::oauth_error::{OAuthError, OAuthErrorCode};
use super::parameters::Parameters;
use super::pkce::CodeChallenge;
use super::redirect_uri::is_registered;
use super::scope::{self, ScopeSet};
use super::token_request::check_grant;

mod response;

pub use response::{AuthorizationResponse, Location};

/// Longest `state` and `nonce`, bytes: they are carried along.
const MAX_CARRIED_BYTES: usize = 1024;

/// Whether the person is to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// When nobody is logged in.
    IfNeeded,
    /// Never: `none`.
    Never,
    /// Always: `login`, `select_account` and `consent`, which a new login answers.
    Always,
}

/// A request that is in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// `client_id`.
    pub client_id: String,
    /// Where the answer goes, and how.
    pub response: AuthorizationResponse,
    /// `redirect_uri`, if the request has one: then the token request must have the same (RFC 6749, section 4.1.3).
    pub redirect_uri: Option<String>,
    /// What the client gets.
    pub scopes: ScopeSet,
    /// For which services.
    pub audience: Vec<String>,
    /// `code_challenge`.
    pub code_challenge: CodeChallenge,
    /// `nonce`, for the ID token.
    pub nonce: Option<String>,
    /// `prompt`.
    pub prompt: Prompt,
    /// `max_age`: how long ago the person may have logged in.
    pub max_age: Option<SignedDuration>,
}

/// A request that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The person is shown why.
    Shown(OAuthError),
    /// The client is told.
    Redirected(AuthorizationResponse, OAuthError),
}

impl AuthorizationRequest {
    /// The client a request names, which is to be looked up for [`AuthorizationRequest::validate`].
    pub fn client_id(parameters: &Parameters) -> Result<&str, OAuthError> {
        parameters.require("client_id", "client_id is missing")
    }

    /// The request, when this client may make it; `None` is a client that nobody knows.
    pub fn validate(parameters: &Parameters, client: Option<&Client>) -> Result<Self, Refused> {
        let (client, to) = known(parameters, client).map_err(Refused::Shown)?;
        let state = parameters.get("state").filter(|state| is_carried(state));
        let response = AuthorizationResponse {
            redirect_uri: to,
            state: state.map(str::to_owned),
        };
        check(parameters, client, response.clone()).map_err(|error| Refused::Redirected(response, error))
    }

    /// Whether the person has to log in (again), who did so at `logged_in`, or not at all.
    pub fn needs_login(&self, logged_in: Option<Timestamp>, now: Timestamp) -> Result<bool, OAuthError> {
        let is_recent = |at: Timestamp| self.max_age.is_none_or(|age| now.duration_since(at) <= age);
        match (self.prompt, logged_in.is_some_and(is_recent)) {
            (Prompt::IfNeeded | Prompt::Never, true) => Ok(false),
            (Prompt::IfNeeded, false) | (Prompt::Always, _) => Ok(true),
            (Prompt::Never, false) => Err(OAuthError::new(
                OAuthErrorCode::LoginRequired,
                "nobody is logged in and prompt is none",
            )),
        }
    }
}

/// The client and where its answer goes. A client with one redirect URI need not name it (RFC 6749, section 3.1.2.3).
fn known<'a>(
    parameters: &Parameters,
    client: Option<&'a Client>,
) -> Result<(&'a Client, String), OAuthError> {
    let client_id = AuthorizationRequest::client_id(parameters)?;
    let client = client.filter(|client| client.is_enabled && client.id == client_id);
    let client = client.ok_or_else(|| OAuthError::invalid_request("there is no such client"))?;
    let to = match (parameters.get("redirect_uri"), client.redirect_uris.as_slice()) {
        (Some(requested), registered) if registered.iter().any(|one| is_registered(requested, one)) => {
            requested
        }
        (Some(_), _) => {
            return Err(OAuthError::invalid_request(
                "redirect_uri is not registered for the client",
            ));
        }
        (None, [only]) => only,
        (None, _) => return Err(OAuthError::invalid_request("redirect_uri is missing")),
    };
    Ok((client, to.to_owned()))
}

fn check(
    parameters: &Parameters,
    client: &Client,
    response: AuthorizationResponse,
) -> Result<AuthorizationRequest, OAuthError> {
    check_kind(parameters)?;
    check_grant(client, GrantType::AuthorizationCode)?;
    carried(parameters, "state", "state is too long or not of visible ASCII")?;
    let requested = parameters.get("scope").map(ScopeSet::parse).transpose()?;
    let allowed = ScopeSet::from_tokens(client.scopes.iter().cloned())?;
    Ok(AuthorizationRequest {
        client_id: client.id.clone(),
        redirect_uri: parameters.get("redirect_uri").map(str::to_owned),
        scopes: scope::granted(requested.as_ref(), &allowed, GrantType::AuthorizationCode)?,
        audience: audience::granted(&audience::requested_at_launch(parameters)?, &client.audiences)?,
        code_challenge: code_challenge(parameters)?,
        nonce: carried(parameters, "nonce", "nonce is too long or not of visible ASCII")?,
        prompt: prompt(parameters)?,
        max_age: max_age(parameters)?,
        response,
    })
}

/// Only codes, only in the query, and nothing of OpenID Connect that would change the meaning of the request.
fn check_kind(parameters: &Parameters) -> Result<(), OAuthError> {
    const NOT_SUPPORTED: [(&str, OAuthErrorCode); 3] = [
        ("request", OAuthErrorCode::RequestNotSupported),
        ("request_uri", OAuthErrorCode::RequestUriNotSupported),
        ("registration", OAuthErrorCode::RegistrationNotSupported),
    ];
    let given = |(name, _): &&(&str, _)| parameters.get(name).is_some();
    if let Some((_, code)) = NOT_SUPPORTED.iter().find(given) {
        return Err(OAuthError::new(*code, "the parameter is not supported"));
    }
    if parameters.require("response_type", "response_type is missing")? != "code" {
        let code = OAuthErrorCode::UnsupportedResponseType;
        return Err(OAuthError::new(code, "response_type is not code"));
    }
    match parameters.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => Err(OAuthError::invalid_request("response_mode is not query")),
    }
}

/// RFC 7636, section 4.4.1; without a method `plain` is meant (section 4.3), which nobody may use.
fn code_challenge(parameters: &Parameters) -> Result<CodeChallenge, OAuthError> {
    let challenge = parameters.require("code_challenge", "code_challenge is missing")?;
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(OAuthError::invalid_request("code_challenge_method is not S256"));
    }
    CodeChallenge::parse(challenge)
        .map_err(|_| OAuthError::invalid_request("code_challenge is not a SHA-256 in base64url"))
}

/// OpenID Connect Core 1.0, section 3.1.2.1. `none` stands alone.
fn prompt(parameters: &Parameters) -> Result<Prompt, OAuthError> {
    const ASKING: [&str; 3] = ["login", "consent", "select_account"];
    match parameters.get("prompt") {
        None => Ok(Prompt::IfNeeded),
        Some("none") => Ok(Prompt::Never),
        Some(values) if values.split(' ').all(|value| ASKING.contains(&value)) => Ok(Prompt::Always),
        Some(_) => Err(OAuthError::invalid_request(
            "prompt is not of none, login, consent, select_account",
        )),
    }
}

fn max_age(parameters: &Parameters) -> Result<Option<SignedDuration>, OAuthError> {
    let seconds = parameters.get("max_age").map(str::parse::<u32>).transpose();
    let seconds = seconds.map_err(|_| OAuthError::invalid_request("max_age is not a number of seconds"))?;
    Ok(seconds.map(|seconds| SignedDuration::from_secs(seconds.into())))
}

fn carried(parameters: &Parameters, name: &str, refused: &'static str) -> Result<Option<String>, OAuthError> {
    match parameters.get(name) {
        Some(text) if !is_carried(text) => Err(OAuthError::invalid_request(refused)),
        text => Ok(text.map(str::to_owned)),
    }
}

/// `state` of RFC 6749, appendix A.5; `nonce` is no different.
fn is_carried(text: &str) -> bool {
    text.len() <= MAX_CARRIED_BYTES && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
}

#[cfg(test)]
mod tests;
