//! The `HealthcareService` API of group `gitops-health.io`.
//!
//! Rust types are the single source: [`crd::healthcare_service_crd`] generates the CustomResourceDefinition
//! from them, `crds/healthcareservices.gitops-health.io.yaml` is its checked-in text, and the chart ships
//! the same bytes. This crate knows no client, no clock and no async runtime.

#![expect(
    unreachable_pub,
    reason = "KubeSchema expands each type into a private copy of itself"
)]

pub mod crd;
pub mod keys;
pub mod v1alpha1;

pub use v1alpha1::{HealthcareService, HealthcareServiceSpec, HealthcareServiceStatus};
