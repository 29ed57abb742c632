//! Version `v1alpha1` of the API.

mod access;
mod compliance;
mod exposure;
mod guards;
mod observability;
mod rollout;
mod scaling;
mod spec;
mod status;
mod workload;

pub use access::{AccessPolicy, AccessRule, PolicyPort};
pub use compliance::{BreakGlass, Compliance, DataClassification, Exemption, Framework, TransportEncryption};
pub use exposure::{Exposure, GatewayRef};
pub use observability::{
    Alerts, ExtraAlert, LogLevel, Logging, Metrics, Observability, Severity, Slo, Tracing,
};
pub use rollout::{Analysis, BlueGreen, Canary, CanaryStep, Rollout, RolloutStrategy};
pub use scaling::{Disruption, Scaling, Scheduling};
pub use spec::{HealthcareService, HealthcareServiceSpec};
pub use status::{
    ComplianceStatus, Drift, HealthcareServiceStatus, InventoryEntry, PodTemplate, Risk, RiskFactor,
    RolloutPhase, RolloutStatus, Violation, condition,
};
pub use workload::{
    AdditionalPort, EnvVar, ImagePullSecret, Probe, Probes, Protocol, Resources, SecretRef, SecretUse,
    ServiceAccountSpec, SessionAffinity, Volume,
};

#[cfg(test)]
mod tests;
