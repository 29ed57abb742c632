//! Who is calling, and may they: access tokens (RFC 9068), revocation, roles and scopes.

mod policy;

pub use policy::{Denial, Policy};
