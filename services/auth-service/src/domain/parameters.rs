//! Parameters of requests: bodies and queries in `application/x-www-form-urlencoded`, read strictly.
//!
//! A parameter that occurs twice is an error and one without a value counts as left out (RFC 6749, sections 3.1 and 3.2).
//! Values are UTF-8 without control characters (RFC 6749, appendix A): those would be refused by PostgreSQL and split log lines.

use std::collections::BTreeMap;
use std::fmt;

use super::oauth_error::OAuthError;

/// Longest body or query, bytes: four times the longest token, which is the longest value there is.
pub const MAX_FORM_BYTES: usize = 32 * 1024;

/// Most parameters of a request.
const MAX_PARAMETERS: usize = 64;

/// What may occur more than once (RFC 8707, section 2).
const REPEATABLE: &str = "resource";

/// The parameters of one request. They hold passwords and codes, so that `Debug` tells only how many there are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, Vec<String>>);

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parameters({})", self.0.len())
    }
}

/// Why text is not a list of parameters. An `invalid_request` to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParametersError {
    /// Longer than [`MAX_FORM_BYTES`].
    #[error("the parameters are longer than {MAX_FORM_BYTES} bytes")]
    TooLong,
    /// More of them than any request has.
    #[error("there are more than {MAX_PARAMETERS} parameters")]
    TooMany,
    /// Which of the two counts?
    #[error("a parameter occurs twice (RFC 6749, sections 3.1 and 3.2)")]
    Repeated,
    /// Neither percent-encoded nor UTF-8, or with control characters.
    #[error("a parameter is not percent-encoded UTF-8 without control characters (RFC 6749, appendix B)")]
    Malformed,
}

impl From<ParametersError> for OAuthError {
    fn from(error: ParametersError) -> Self {
        Self::invalid_request(match error {
            ParametersError::TooLong => "the parameters are too long",
            ParametersError::TooMany => "there are too many parameters",
            ParametersError::Repeated => "a parameter occurs twice",
            ParametersError::Malformed => "a parameter is not percent-encoded UTF-8",
        })
    }
}

impl Parameters {
    /// The parameters of a body or a query (without its question mark).
    pub fn parse(text: &[u8]) -> Result<Self, ParametersError> {
        if text.len() > MAX_FORM_BYTES {
            return Err(ParametersError::TooLong);
        }
        let mut parameters = Self::default();
        let pairs = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        for (at, pair) in pairs.enumerate() {
            if at == MAX_PARAMETERS {
                return Err(ParametersError::TooMany);
            }
            let (name, value) = split(pair);
            parameters.add(decode(name)?, decode(value)?)?;
        }
        Ok(parameters)
    }

    fn add(&mut self, name: String, value: String) -> Result<(), ParametersError> {
        let is_repeatable = name == REPEATABLE;
        let values = self.0.entry(name).or_default();
        if !values.is_empty() && !is_repeatable {
            return Err(ParametersError::Repeated);
        }
        values.push(value);
        Ok(())
    }

    /// The value of a parameter; `None` when it is not there or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a parameter; only those of `resource` can be several.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let values = self.0.get(name).map(Vec::as_slice).unwrap_or_default();
        values
            .iter()
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The same parameters as a query.
    pub fn to_query(&self) -> String {
        let pairs = self.0.iter().flat_map(|(name, values)| {
            let pair = move |value| (name.as_str(), value);
            values.iter().map(String::as_str).map(pair)
        });
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish()
    }

    /// The value of a parameter the request cannot do without; `missing` names it.
    pub fn require(&self, name: &str, missing: &'static str) -> Result<&str, OAuthError> {
        self.get(name).ok_or_else(|| OAuthError::invalid_request(missing))
    }
}

fn split(pair: &[u8]) -> (&[u8], &[u8]) {
    let mut parts = pair.splitn(2, |byte| *byte == b'=');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// One name or value (RFC 6749, appendix B).
pub(super) fn decode(encoded: &[u8]) -> Result<String, ParametersError> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [first, behind @ ..] = rest {
        let (byte, behind) = unescape(*first, behind)?;
        decoded.push(byte);
        rest = behind;
    }
    let text = String::from_utf8(decoded).map_err(|_| ParametersError::Malformed)?;
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(ParametersError::Malformed);
    }
    Ok(text)
}

/// The byte that `first` begins, and what is behind it.
fn unescape(first: u8, rest: &[u8]) -> Result<(u8, &[u8]), ParametersError> {
    match (first, rest) {
        (b'%', [high, low, behind @ ..]) => Ok((hexadecimal(*high, *low)?, behind)),
        (b'%', _) => Err(ParametersError::Malformed),
        (b'+', _) => Ok((b' ', rest)),
        _ => Ok((first, rest)),
    }
}

fn hexadecimal(high: u8, low: u8) -> Result<u8, ParametersError> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    match (digit(high), digit(low)) {
        (Some(high), Some(low)) => Ok(high << 4 | low),
        _ => Err(ParametersError::Malformed),
    }
}

#[cfg(test)]
mod tests;
