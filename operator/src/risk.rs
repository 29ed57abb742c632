//! How risky a change of a service is, from 0 to 100, and how it should be rolled out for that. Pure.
//!
//! A score is a sum of factors, each with its points. It never gets lower when more is changed: a factor looks at parts of the
//! spec that no other factor looks at, and what a part adds is never negative. Improvements add nothing; they do not make up
//! for anything else. `risk/tests/table.yaml` shows what typical changes score.

use healthcare_crds::v1alpha1::{HealthcareServiceSpec, Risk, Rollout, RolloutStrategy};

mod access;
mod availability;
mod cidr;
mod compliance;
mod container;
mod context;
mod exposure;
mod image;
mod keyed;
mod observability;
mod probes;
mod quantity;
mod resources;
mod rollout;
mod tally;
mod version;

use tally::Tally;

/// From this score on a few new pods are tried first.
pub const CANARY_FROM: i32 = 30;

/// From this score on the new pods stand beside the old ones in full number before they get calls.
pub const BLUE_GREEN_FROM: i32 = 70;

/// A change of a service, with what happened to it lately.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The revision that served well last; none for a first rollout.
    pub from: Option<&'a HealthcareServiceSpec>,
    /// What is to run.
    pub to: &'a HealthcareServiceSpec,
    /// What happened lately.
    pub history: History,
}

/// What happened to a service lately.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct History {
    /// Whether the rollout before was rolled back.
    pub last_rollout_failed: bool,
    /// Share of the thirty days' error budget that is gone: 1 when all of it is, more beyond. None when it is not known.
    pub error_budget_spent: Option<f64>,
}

/// Scores a change. A first rollout scores 0: nobody depends on it yet.
pub fn score(change: &Change<'_>) -> Risk {
    let Some(from) = change.from else {
        return Risk::default();
    };
    let mut tally = Tally::default();
    compare(from, change.to, &mut tally);
    context::compare(from, change.to, change.history, &mut tally);
    tally.risk()
}

/// How to roll out: as the spec says, or by the risk. Never [`RolloutStrategy::RiskBased`].
pub fn strategy(rollout: &Rollout, risk: &Risk) -> RolloutStrategy {
    match rollout.strategy {
        RolloutStrategy::RiskBased if risk.score < CANARY_FROM => RolloutStrategy::Rolling,
        RolloutStrategy::RiskBased if risk.score < BLUE_GREEN_FROM => RolloutStrategy::Canary,
        RolloutStrategy::RiskBased => RolloutStrategy::BlueGreen,
        explicit => explicit,
    }
}

/// Taken apart without `..`, here and wherever a part is compared: a new field asks what it costs.
fn compare(from: &HealthcareServiceSpec, to: &HealthcareServiceSpec, tally: &mut Tally) {
    let HealthcareServiceSpec {
        image,
        port,
        additional_ports,
        session_affinity,
        command,
        args,
        env,
        env_from,
        config,
        secrets,
        volumes,
        resources,
        probes,
        scaling,
        disruption,
        scheduling,
        access_policy,
        exposure,
        observability,
        compliance,
        rollout,
        service_account,
        pod_annotations,
        image_pull_secrets,
        paused,
    } = to;
    image::compare(&from.image, image, tally);
    container::port(from.port, *port, tally);
    container::additional_ports(&from.additional_ports, additional_ports, tally);
    container::session_affinity(from.session_affinity, *session_affinity, tally);
    container::entry_point(&from.command, command, &from.args, args, tally);
    container::env(&from.env, env, tally);
    container::env_from(&from.env_from, env_from, tally);
    container::config(&from.config, config, tally);
    container::secrets(&from.secrets, secrets, tally);
    container::volumes(&from.volumes, volumes, tally);
    container::pod_annotations(&from.pod_annotations, pod_annotations, tally);
    container::image_pull_secrets(&from.image_pull_secrets, image_pull_secrets, tally);
    resources::compare(from.resources.as_ref(), resources.as_ref(), tally);
    probes::compare(from, probes.as_ref(), tally);
    availability::scaling(&from.scaling, scaling, tally);
    availability::disruption(from, disruption.as_ref(), tally);
    availability::scheduling(from.scheduling.as_ref(), scheduling.as_ref(), tally);
    availability::paused(from.paused, *paused, tally);
    access::compare(from.access_policy.as_ref(), access_policy.as_ref(), tally);
    access::service_account(from.service_account.as_ref(), service_account.as_ref(), tally);
    exposure::compare(from.exposure.as_ref(), exposure.as_ref(), tally);
    observability::compare(from.observability.as_ref(), observability.as_ref(), tally);
    compliance::compare(from.compliance.as_ref(), compliance.as_ref(), tally);
    rollout::compare(from.rollout.as_ref(), rollout.as_ref(), tally);
}

#[cfg(test)]
mod tests;
