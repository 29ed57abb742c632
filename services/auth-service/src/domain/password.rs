//! Passwords of people: argon2id (RFC 9106), with the parameters of the OWASP Password Storage Cheat Sheet.
//!
//! [`hash`] and [`verify`] are slow on purpose and take 19 MiB: they are for a blocking thread, and the caller bounds how many
//! run at once. Passwords are bytes as they were typed; nothing in them is normalised.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use secrecy::{ExposeSecret, SecretString};

/// Fewest characters (PCI DSS 4.0, 8.3.6; more than the 8 of NIST SP 800-63B, section 5.1.1.2).
pub const MIN_PASSWORD_CHARS: usize = 12;

/// Longest password, bytes: 64 characters of any script (NIST SP 800-63B, section 5.1.1.2).
pub const MAX_PASSWORD_BYTES: usize = 256;

/// Bytes of a salt, which are random (RFC 9106, section 3.1).
pub const SALT_BYTES: usize = 16;

/// Memory in KiB, passes and lanes.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The hash of a password that nobody knows, not even we: its output was drawn, not computed.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$dfwRjGE0Nch2jB2eDvwNcw$BMkP6XpXGbTM6wGMfwPcLL3Bjc1vyuDzkwSqvnXzOeo";

/// Why a password is not taken or hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Can be guessed.
    #[error("the password has fewer than {MIN_PASSWORD_CHARS} characters")]
    TooShort,
    /// Longer than anybody types.
    #[error("the password has more than {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
    /// The library refused.
    #[error("the password could not be hashed")]
    NotHashed,
}

/// Whether a new password has the right length.
pub fn check(password: &SecretString) -> Result<(), PasswordError> {
    let text = password.expose_secret();
    if text.len() > MAX_PASSWORD_BYTES {
        return Err(PasswordError::TooLong);
    }
    if text.chars().count() < MIN_PASSWORD_CHARS {
        return Err(PasswordError::TooShort);
    }
    Ok(())
}

/// The PHC string to keep, for a password that passes [`check`]. Slow.
pub fn hash(password: &SecretString, salt: [u8; SALT_BYTES]) -> Result<String, PasswordError> {
    check(password)?;
    let hash = hasher()?.hash_password_with_salt(password.expose_secret().as_bytes(), &salt);
    Ok(hash.map_err(|_| PasswordError::NotHashed)?.to_string())
}

/// Whether the password is the one of this PHC string. Slow. For a login that nobody has, `None` takes as long and is false.
pub fn verify(password: &SecretString, kept: Option<&str>) -> bool {
    let text = password.expose_secret();
    // What could not be set cannot be right, and has no claim on our memory; this is the same for known and unknown logins.
    if text.len() > MAX_PASSWORD_BYTES {
        return false;
    }
    let Ok(hash) = PasswordHash::new(kept.unwrap_or(NOBODYS)) else {
        return false;
    };
    let is_right = Argon2::default().verify_password(text.as_bytes(), &hash).is_ok();
    is_right && kept.is_some()
}

/// Whether the string was made with other parameters than ours: it is to be made anew at the next login.
pub fn needs_rehash(kept: &str) -> bool {
    let Ok(hash) = PasswordHash::new(kept) else {
        return true;
    };
    let ours =
        params().is_ok_and(|params| Params::try_from(&hash).is_ok_and(|theirs| is_same(&params, &theirs)));
    hash.algorithm.as_str() != Algorithm::Argon2id.as_str()
        || hash.version != Some(Version::V0x13.into())
        || !ours
}

fn is_same(ours: &Params, theirs: &Params) -> bool {
    let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    cost(ours) == cost(theirs)
}

fn params() -> Result<Params, PasswordError> {
    Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::NotHashed)
}

fn hasher() -> Result<Argon2<'static>, PasswordError> {
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params()?))
}

#[cfg(test)]
mod tests;
