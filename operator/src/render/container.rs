//! The container of the pods.

use healthcare_crds::v1alpha1::{EnvVar, SecretUse};
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{names, volumes};
use crate::plan::{Plan, ProbePlan};

/// Seconds a pod goes on serving after its removal began, until every node has taken it out of the Service.
const DRAIN_SECONDS: i64 = 5;

/// The container, locked down as Pod Security "restricted" asks and a read-only root file system besides.
pub fn container(plan: &Plan) -> core::Container {
    core::Container {
        name: names::child(plan).to_owned(),
        image: Some(plan.image.clone()),
        command: filled(&plan.command),
        args: filled(&plan.args),
        env: Some(plan.env.iter().map(variable).collect()),
        env_from: Some(env_from(plan)).filter(|sources| !sources.is_empty()),
        ports: Some(ports(plan)),
        resources: Some(core::ResourceRequirements {
            requests: Some(plan.resources.requests.clone()),
            limits: Some(plan.resources.limits.clone()),
            claims: None,
        }),
        startup_probe: Some(probe(&plan.probes.startup)),
        liveness_probe: Some(probe(&plan.probes.liveness)),
        readiness_probe: Some(probe(&plan.probes.readiness)),
        volume_mounts: Some(
            volumes::volumes(plan)
                .into_iter()
                .map(|(_, mount)| mount)
                .collect(),
        ),
        security_context: Some(locked_down()),
        lifecycle: Some(drain()),
        ..core::Container::default()
    }
}

fn filled(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}

fn variable(variable: &EnvVar) -> core::EnvVar {
    core::EnvVar {
        name: variable.name.clone(),
        value: variable.value.clone(),
        value_from: variable.value_from.clone(),
    }
}

/// Later sources win: the settings, then the secrets, then what the user lists.
fn env_from(plan: &Plan) -> Vec<core::EnvFromSource> {
    let config = names::config_map(plan).map(|name| core::EnvFromSource {
        config_map_ref: Some(core::ConfigMapEnvSource { name, optional: None }),
        ..core::EnvFromSource::default()
    });
    let used_as_env = plan.secrets.iter().filter(|s| s.used_as == SecretUse::Env);
    let secrets = used_as_env.map(|secret| core::EnvFromSource {
        secret_ref: Some(core::SecretEnvSource {
            name: secret.name.clone(),
            optional: None,
        }),
        ..core::EnvFromSource::default()
    });
    config
        .into_iter()
        .chain(secrets)
        .chain(plan.env_from.iter().cloned())
        .collect()
}

fn ports(plan: &Plan) -> Vec<core::ContainerPort> {
    let port = |name: &str, number, protocol: &str| core::ContainerPort {
        name: Some(name.to_owned()),
        container_port: number,
        protocol: Some(protocol.to_owned()),
        ..core::ContainerPort::default()
    };
    let further = plan
        .additional_ports
        .iter()
        .map(|p| port(&p.name, p.port, p.protocol.as_str()));
    std::iter::once(port("http", plan.port, "TCP"))
        .chain(further)
        .collect()
}

fn probe(probe: &ProbePlan) -> core::Probe {
    core::Probe {
        http_get: Some(core::HTTPGetAction {
            path: Some(probe.path.clone()),
            port: IntOrString::Int(probe.port),
            scheme: Some("HTTP".to_owned()),
            ..core::HTTPGetAction::default()
        }),
        initial_delay_seconds: (probe.initial_delay > 0).then_some(probe.initial_delay),
        period_seconds: Some(probe.period),
        timeout_seconds: Some(probe.timeout),
        failure_threshold: Some(probe.failures),
        ..core::Probe::default()
    }
}

fn locked_down() -> core::SecurityContext {
    core::SecurityContext {
        allow_privilege_escalation: Some(false),
        read_only_root_filesystem: Some(true),
        run_as_non_root: Some(true),
        capabilities: Some(core::Capabilities {
            drop: Some(vec!["ALL".to_owned()]),
            add: None,
        }),
        seccomp_profile: Some(core::SeccompProfile {
            type_: "RuntimeDefault".to_owned(),
            localhost_profile: None,
        }),
        ..core::SecurityContext::default()
    }
}

/// The `sleep` action (KEP-3960) needs no shell in the image.
fn drain() -> core::Lifecycle {
    core::Lifecycle {
        pre_stop: Some(core::LifecycleHandler {
            sleep: Some(core::SleepAction {
                seconds: DRAIN_SECONDS,
            }),
            ..core::LifecycleHandler::default()
        }),
        ..core::Lifecycle::default()
    }
}
