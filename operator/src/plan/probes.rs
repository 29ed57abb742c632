//! Health checks with their defaults.

use healthcare_crds::v1alpha1::{Probe, Probes};

/// The three checks of a container.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbesPlan {
    /// Holds the others back until the container has started.
    pub startup: ProbePlan,
    /// Restarts a container that hangs.
    pub liveness: ProbePlan,
    /// Takes a pod out of the Service.
    pub readiness: ProbePlan,
}

/// One check. All times in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbePlan {
    /// Path to request.
    pub path: String,
    /// Port to ask.
    pub port: i32,
    /// Wait before the first check.
    pub initial_delay: i32,
    /// Time between checks.
    pub period: i32,
    /// Time after which a check has failed.
    pub timeout: i32,
    /// Failures in a row that count.
    pub failures: i32,
}

pub(crate) fn plan(probes: Probes, port: i32) -> ProbesPlan {
    let default = |path: &str, period, failures| ProbePlan {
        path: path.to_owned(),
        port,
        initial_delay: 0,
        period,
        timeout: 2,
        failures,
    };
    ProbesPlan {
        startup: resolve(probes.startup, default("/health", 2, 30)),
        liveness: resolve(probes.liveness, default("/health", 10, 3)),
        readiness: resolve(probes.readiness, default("/readiness", 5, 2)),
    }
}

fn resolve(probe: Option<Probe>, default: ProbePlan) -> ProbePlan {
    let probe = probe.unwrap_or_default();
    ProbePlan {
        path: probe.path.unwrap_or(default.path),
        port: probe.port.unwrap_or(default.port),
        initial_delay: probe.initial_delay_seconds.unwrap_or(default.initial_delay),
        period: probe.period_seconds.unwrap_or(default.period),
        timeout: probe.timeout_seconds.unwrap_or(default.timeout),
        failures: probe.failure_threshold.unwrap_or(default.failures),
    }
}
