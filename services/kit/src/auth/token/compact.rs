//! The compact serialization of a JWS (RFC 7515, section 7.1), read strictly.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::auth::keys::Algorithm;
use crate::auth::refusal::Reason;
use crate::auth::strict_json::{self, Fault};

/// Longest token that is looked at, bytes. Ours have a few hundred.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Header members that ask for an extension (`crit`; `b64`, RFC 7797; `zip`) or bring the key to verify with
/// (RFC 8725, section 3.5). None is ever in a token of ours.
const REFUSED_MEMBERS: [&str; 7] = ["crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"];

/// A token whose form and header are right; nothing in it is verified.
pub(super) struct Compact<'a> {
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
    algorithm: Algorithm,
    media_type: Option<String>,
    key_id: Option<String>,
}

impl<'a> Compact<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, Reason> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Reason::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Reason::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Reason::Malformed)?;
        if payload.contains('.') {
            return Err(Reason::Malformed);
        }
        // The signature is not read as the same bytes in another spelling: no padding, no spare bits.
        decode(signature)?;
        let header = object(header)?;
        if REFUSED_MEMBERS.iter().any(|name| header.contains_key(*name)) {
            return Err(Reason::Header);
        }
        let algorithm = text(&header, "alg")?.ok_or(Reason::Algorithm)?;
        Ok(Self {
            signed,
            payload,
            signature,
            algorithm: Algorithm::from_name(algorithm).ok_or(Reason::Algorithm)?,
            media_type: text(&header, "typ")?.map(str::to_owned),
            key_id: text(&header, "kid")?.map(str::to_owned),
        })
    }

    /// What the signature is over.
    pub(super) const fn signed(&self) -> &'a str {
        self.signed
    }

    pub(super) const fn signature(&self) -> &'a str {
        self.signature
    }

    /// What the token says it is signed with. Only compared with the algorithm of the key.
    pub(super) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `typ`, which the tokens of others may lack.
    pub(super) fn media_type(&self) -> Option<&str> {
        self.media_type.as_deref()
    }

    pub(super) fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    pub(super) fn payload(&self) -> Result<Map<String, Value>, Reason> {
        object(self.payload)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Reason> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Reason::Malformed)
}

fn object(part: &str) -> Result<Map<String, Value>, Reason> {
    strict_json::object(&decode(part)?).map_err(|fault| match fault {
        Fault::Duplicate => Reason::DuplicateMember,
        Fault::Malformed => Reason::Malformed,
    })
}

fn text<'m>(members: &'m Map<String, Value>, name: &str) -> Result<Option<&'m str>, Reason> {
    members
        .get(name)
        .map(|value| value.as_str().ok_or(Reason::Malformed))
        .transpose()
}
