//! Who the client is, and whether it proves it: by a secret in the `Authorization` header or in the body (RFC 6749, section
//! 2.3.1), by a signed assertion (RFC 7523, section 2.2), or not at all (a public client).
//!
//! Two steps, with the store in between: [`Attempt::read`] finds out which client it is about, [`Attempt::verify`] checks
//! the proof. Whatever is wrong with it, the answer is the same `invalid_client`.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use jiff::Timestamp;
use secrecy::SecretString;

use super::client::{Client, Credential};
use super::digest::Digest;
use super::oauth_error::OAuthError;
use super::parameters::{Parameters, decode};

mod assertion;

pub use assertion::{AssertionRules, LONGEST_ASSERTION, UsedAssertion};

/// The only value of `client_assertion_type` (RFC 7523, section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Longest `client_id`, bytes.
const MAX_CLIENT_ID_BYTES: usize = 255;

/// How a client proved who it is, by the names of RFC 8414 (`token_endpoint_auth_methods_supported`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthMethod {
    /// `none`: a public client.
    None,
    /// `client_secret_basic`.
    ClientSecretBasic,
    /// `client_secret_post`.
    ClientSecretPost,
    /// `private_key_jwt`.
    PrivateKeyJwt,
}

impl AuthMethod {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::None,
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::PrivateKeyJwt,
    ];

    /// The name in metadata.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }
}

/// What a request brings to prove who sent it.
pub struct Attempt {
    client_id: String,
    proof: Proof,
}

enum Proof {
    None,
    Basic(Digest),
    Post(Digest),
    Assertion(SecretString),
}

/// Neither secret nor assertion.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("method", &self.method())
            .finish_non_exhaustive()
    }
}

/// A client that proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticated {
    /// How.
    pub method: AuthMethod,
    /// The assertion it used, which the store must refuse from now on (RFC 7523, section 3, item 7). The client is
    /// authenticated only when that succeeded.
    pub assertion: Option<UsedAssertion>,
}

impl Attempt {
    /// What the headers and the body bring. More than one method is an error (RFC 6749, section 2.3).
    pub fn read(headers: &HeaderMap, form: &Parameters) -> Result<Self, OAuthError> {
        let basic = basic(headers)?;
        let assertion = assertion(form)?;
        let secret = form.get("client_secret");
        let methods =
            usize::from(basic.is_some()) + usize::from(assertion.is_some()) + usize::from(secret.is_some());
        if methods > 1 {
            return Err(OAuthError::invalid_request(
                "more than one way of client authentication",
            ));
        }
        let named = form.get("client_id").map(str::to_owned);
        let (client_id, proof) = match (basic, assertion, secret) {
            (Some((id, digest)), ..) => (Some(id), Proof::Basic(digest)),
            (_, Some((id, text)), _) => (Some(id), Proof::Assertion(text)),
            (.., Some(secret)) => (named.clone(), Proof::Post(Digest::of(secret))),
            (None, None, None) => (named.clone(), Proof::None),
        };
        let client_id = client_id.ok_or_else(OAuthError::invalid_client)?;
        if named.is_some_and(|named| named != client_id) {
            return Err(OAuthError::invalid_request(
                "client_id is not the client that authenticates",
            ));
        }
        if !is_client_id(&client_id) {
            return Err(OAuthError::invalid_client());
        }
        Ok(Self { client_id, proof })
    }

    /// Which client the sender says it is. Nothing proves that yet.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// By what.
    pub const fn method(&self) -> AuthMethod {
        match self.proof {
            Proof::None => AuthMethod::None,
            Proof::Basic(_) => AuthMethod::ClientSecretBasic,
            Proof::Post(_) => AuthMethod::ClientSecretPost,
            Proof::Assertion(_) => AuthMethod::PrivateKeyJwt,
        }
    }

    /// Whether the sender is `client`, which may not be the way it did not register for; `None` is a client that nobody knows.
    pub fn verify(
        &self,
        client: Option<&Client>,
        rules: &AssertionRules<'_>,
        now: Timestamp,
    ) -> Result<Authenticated, OAuthError> {
        let client = client
            .filter(|client| client.is_enabled && client.id == self.client_id)
            .ok_or_else(OAuthError::invalid_client)?;
        let assertion = match (&self.proof, &client.credential) {
            (Proof::None, Credential::Public) => None,
            (Proof::Basic(digest) | Proof::Post(digest), Credential::Secret { digests })
                if is_any(digest, digests) =>
            {
                None
            }
            (Proof::Assertion(text), Credential::PrivateKeyJwt { jwks }) => {
                Some(rules.verify(text, &client.id, jwks, now)?)
            }
            _ => return Err(OAuthError::invalid_client()),
        };
        Ok(Authenticated {
            method: self.method(),
            assertion,
        })
    }
}

/// Looks at all of them, so that the time does not tell which one it was.
fn is_any(digest: &Digest, kept: &[Vec<u8>]) -> bool {
    kept.iter().fold(false, |found, kept| digest.is(kept) | found)
}

/// `client-id` of RFC 6749, appendix A.1, of a length that can be kept.
pub(super) fn is_client_id(text: &str) -> bool {
    let is_visible = |byte| matches!(byte, 0x20..=0x7e);
    !text.is_empty() && text.len() <= MAX_CLIENT_ID_BYTES && text.bytes().all(is_visible)
}

/// Id and secret from `Authorization: Basic`, each of which is form-encoded before it goes into base64 (RFC 6749, section
/// 2.3.1). Another scheme is no way for a client to authenticate.
fn basic(headers: &HeaderMap) -> Result<Option<(String, Digest)>, OAuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(OAuthError::invalid_request("more than one Authorization header"));
    }
    let credentials = value.to_str().ok().and_then(basic_credentials);
    credentials.map(Some).ok_or_else(OAuthError::invalid_client)
}

fn basic_credentials(value: &str) -> Option<(String, Digest)> {
    let (scheme, encoded) = value.split_once(' ')?;
    // The name of the scheme has no case (RFC 9110, section 11.1).
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim_start_matches(' ')).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let (id, secret) = decoded.split_at_checked(colon)?;
    let secret = decode(secret.strip_prefix(b":")?).ok()?;
    Some((decode(id).ok()?, Digest::of(secret)))
}

/// The assertion and whom it says it is from.
fn assertion(form: &Parameters) -> Result<Option<(String, SecretString)>, OAuthError> {
    match (form.get("client_assertion_type"), form.get("client_assertion")) {
        (None, None) => Ok(None),
        (Some(JWT_BEARER), Some(text)) => {
            let client_id = assertion::unproved_subject(text).ok_or_else(OAuthError::invalid_client)?;
            Ok(Some((client_id, text.into())))
        }
        (Some(_), Some(_)) => Err(OAuthError::invalid_client()),
        _ => Err(OAuthError::invalid_request(
            "client_assertion and client_assertion_type go together",
        )),
    }
}

#[cfg(test)]
mod tests;
