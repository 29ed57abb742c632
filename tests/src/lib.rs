//! What the tests that join the crates share.

pub mod bad_manifests;
pub mod measured;
pub mod schema;
