//! Who is calling, and may they: access tokens (RFC 9068), revocation, roles and scopes.
//!
//! A request passes these steps, each of which may refuse it: the `Authorization` header (`bearer`), the form of
//! the token and its signature and claims (`token`, with keys from `keys` or `jwks`), revocation (`revocation`), and
//! the policy of its route (`policy`, `rules`). What refused it is one of a closed list (`refusal`).
//!
//! Token text is borrowed from the request and kept nowhere: no error, log line or `Debug` output contains it.

mod authenticator;
mod bearer;
mod extractors;
mod jwks;
mod keys;
mod policy;
mod recent;
mod refusal;
mod revocation;
mod rules;
mod settings;
mod signer;
mod strict_json;
#[cfg(test)]
mod test_support;
mod token;
mod user;

pub use authenticator::{Auth, AuthError, Authenticator};
pub use bearer::token as bearer_token;
pub use extractors::{Require, RequireScope, Role, Scope};
pub use jwks::{Jwks, JwksError, JwksSettings};
pub use keys::{Algorithm, KeyError, KeySet, MIN_SECRET_BYTES, VerificationKey};
pub use policy::{Denial, Policy};
pub use refusal::{Reason, Refusal};
pub use revocation::{
    MemoryRevocations, PostgresRevocations, RedisRevocations, RevocationBounds, RevocationError,
    RevocationStore, Revocations,
};
pub use rules::{Rules, RulesError};
pub use settings::{AuthSettings, OptionalAuthSettings};
pub use signer::{Grant, IssuedToken, SignError, Signer, SigningKey, Validity};
pub use token::{
    Claims, Expectations, Keys, MAX_LEEWAY, MAX_TOKEN_BYTES, TokenKind, Verifier, signed_claims,
    unverified_claims,
};
pub use user::User;

pub(crate) use authenticator::{caller, check_policies, guarded};
