//! The rules of the RFCs. Pure: no I/O, no clock, no randomness of its own; `keys::generate` alone is not.

pub mod access_token;
pub mod audience;
pub mod audit;
pub mod authorization;
pub mod client;
pub mod client_auth;
pub mod code;
pub mod digest;
pub mod id_token;
pub mod introspection;
pub mod keys;
pub mod lockout;
pub mod metadata;
pub mod oauth_error;
pub mod parameters;
pub mod password;
pub mod pkce;
pub mod redirect_uri;
pub mod refresh;
pub mod registration;
pub mod revocation;
pub mod scope;
#[cfg(test)]
mod test_support;
pub mod token_id;
pub mod token_request;
pub mod user;
