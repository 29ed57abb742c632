//! The names (`jti`) of tokens that came of a login. All begin with the name of their refresh family and a dot, so that the
//! kit, which revokes a token also by what stands before the first dot, revokes the whole family by one entry: its access tokens
//! need not be kept to be taken back.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// The `jti` of a refresh token: `<family>.<generation>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshTokenId {
    /// Which family.
    pub family: Uuid,
    /// Which token of it, from 0.
    pub generation: i64,
}

impl fmt::Display for RefreshTokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.family, self.generation)
    }
}

/// Text that is not the name of such a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the jti of a refresh token: a UUID, a dot and a number")]
pub struct TokenIdError;

impl FromStr for RefreshTokenId {
    type Err = TokenIdError;

    /// Only the spelling that [`fmt::Display`] writes.
    fn from_str(text: &str) -> Result<Self, TokenIdError> {
        let (family, generation) = text.split_once('.').ok_or(TokenIdError)?;
        let read = Self {
            family: family.parse().map_err(|_| TokenIdError)?,
            generation: generation.parse().map_err(|_| TokenIdError)?,
        };
        if read.generation >= 0 && read.to_string() == text {
            Ok(read)
        } else {
            Err(TokenIdError)
        }
    }
}

/// The `jti` of an access token that goes with a refresh token: `<family>.<generation>.<serial>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessTokenId {
    /// The refresh token it goes with.
    pub of: RefreshTokenId,
    /// Random: several can go with one refresh token.
    pub serial: u64,
}

impl fmt::Display for AccessTokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:016x}", self.of, self.serial)
    }
}

/// The family of a token of this `jti`; none where the client acted for itself.
pub fn family_of(token_id: &str) -> Option<Uuid> {
    let (family, _) = token_id.split_once('.')?;
    family.parse().ok()
}

#[cfg(test)]
mod tests;
