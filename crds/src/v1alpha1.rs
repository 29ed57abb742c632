//! Version `v1alpha1` of the API.

mod access;
mod exposure;
mod observability;
mod scaling;
mod spec;
mod status;
mod workload;

pub use access::{AccessPolicy, AccessRule, PolicyPort};
pub use exposure::{Exposure, GatewayRef};
pub use observability::{
    Alerts, ExtraAlert, LogLevel, Logging, Metrics, Observability, Severity, Slo, Tracing,
};
pub use scaling::{Disruption, Scaling, Scheduling};
pub use spec::{HealthcareService, HealthcareServiceSpec};
pub use status::{Drift, HealthcareServiceStatus, InventoryEntry, condition};
pub use workload::{
    AdditionalPort, EnvVar, ImagePullSecret, Probe, Probes, Protocol, Resources, SecretRef, SecretUse,
    ServiceAccountSpec, SessionAffinity, Volume,
};

#[cfg(test)]
mod tests;
