//! The operator: reconciles `HealthcareService` resources.
//!
//! Data flows one way: `observe` (I/O) → [`plan`] → [`render`] → `apply` (I/O) → [`conditions`] → `status` (I/O).
//! `plan`, `render` and `conditions` are pure: no client, no clock, no `async`.

pub mod plan;
pub mod render;
