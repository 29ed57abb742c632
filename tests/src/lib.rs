//! What the tests that join the crates share.

pub mod agreement;
pub mod bad_manifests;
pub mod built;
pub mod campaign;
pub mod measured;
pub use gitops_health::schema;
