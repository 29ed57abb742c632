//! What makes any change heavier: sensitive data, and a service that has trouble already.

use healthcare_crds::v1alpha1::{DataClassification, HealthcareServiceSpec, Logging, Observability, Tracing};

use super::tally::Tally;
use super::{History, access, exposure};

/// These count as soon as other pods will run, or when others will be able to reach them.
pub(super) fn compare(
    from: &HealthcareServiceSpec,
    to: &HealthcareServiceSpec,
    history: History,
    tally: &mut Tally,
) {
    let other_pods = pods_differ(from, to);
    if other_pods || reach_differs(from, to) {
        sensitive(from, to, tally);
    }
    if other_pods {
        happened(history, tally);
    }
}

/// The more sensitive of before and after: lowering the classification does not lighten the change that does it.
fn sensitive(from: &HealthcareServiceSpec, to: &HealthcareServiceSpec, tally: &mut Tally) {
    let data = |spec: &HealthcareServiceSpec| {
        let compliance = spec.compliance.as_ref();
        compliance.map_or_else(DataClassification::default, |c| c.data_classification)
    };
    let (points, what) = match data(from).max(data(to)) {
        DataClassification::PHI => (20, "protected health information"),
        DataClassification::CardholderData => (20, "cardholder data"),
        DataClassification::Confidential => (5, "confidential data"),
        DataClassification::Internal | DataClassification::Public => return,
    };
    tally.add("SensitiveData", points, format!("the service handles {what}"));
}

fn happened(history: History, tally: &mut Tally) {
    let History {
        last_rollout_failed,
        error_budget_spent,
    } = history;
    if last_rollout_failed {
        tally.add(
            "LastRolloutFailed",
            15,
            "the rollout before this one was rolled back",
        );
    }
    let spent = error_budget_spent
        .filter(|spent| spent.is_finite())
        .unwrap_or_default();
    let percent = spent * 100.0;
    let message = format!("{percent:.0}% of the error budget of thirty days is spent");
    match spent {
        spent if spent >= 1.0 => tally.add("ErrorBudgetSpent", 25, message),
        spent if spent >= 0.75 => tally.add("ErrorBudgetSpent", 15, message),
        spent if spent >= 0.5 => tally.add("ErrorBudgetSpent", 8, message),
        _ => {}
    }
}

/// Whether more can reach the service, or be reached by it, or in another way.
fn reach_differs(from: &HealthcareServiceSpec, to: &HealthcareServiceSpec) -> bool {
    let mut seen = Tally::default();
    access::compare(from.access_policy.as_ref(), to.access_policy.as_ref(), &mut seen);
    exposure::compare(from.exposure.as_ref(), to.exposure.as_ref(), &mut seen);
    !seen.is_empty()
}

/// Whether other pods come of it: the pod template depends on what is compared, and on nothing else.
pub(super) fn pods_differ(from: &HealthcareServiceSpec, to: &HealthcareServiceSpec) -> bool {
    let HealthcareServiceSpec {
        image,
        port,
        additional_ports,
        session_affinity: _,
        command,
        args,
        env,
        env_from,
        config,
        secrets,
        volumes,
        resources,
        probes,
        scaling: _,
        disruption: _,
        scheduling,
        access_policy: _,
        exposure: _,
        observability,
        compliance: _,
        rollout: _,
        service_account: _,
        pod_annotations,
        image_pull_secrets,
        paused: _,
    } = to;
    from.image != *image
        || from.port != *port
        || from.additional_ports != *additional_ports
        || from.command != *command
        || from.args != *args
        || from.env != *env
        || from.env_from != *env_from
        || from.config != *config
        || from.secrets != *secrets
        || from.volumes != *volumes
        || differ(from.resources.as_ref(), resources.as_ref())
        || differ(from.probes.as_ref(), probes.as_ref())
        || differ(from.scheduling.as_ref(), scheduling.as_ref())
        || telemetry(from.observability.as_ref()) != telemetry(observability.as_ref())
        || from.pod_annotations != *pod_annotations
        || from.image_pull_secrets != *image_pull_secrets
}

/// An empty section says the same as none.
fn differ<T: Clone + Default + PartialEq>(from: Option<&T>, to: Option<&T>) -> bool {
    from.cloned().unwrap_or_default() != to.cloned().unwrap_or_default()
}

/// What pods know of observability: the rest is around them.
fn telemetry(observability: Option<&Observability>) -> (Tracing, Logging) {
    let Observability {
        metrics: _,
        tracing,
        logging,
        alerts: _,
        slo: _,
    } = observability.cloned().unwrap_or_default();
    (tracing, logging)
}
