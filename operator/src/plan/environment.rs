//! The environment variables that every service gets: the OpenTelemetry SDK's standard ones
//! (<https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>) and the service kit's.

use healthcare_crds::v1alpha1::{EnvVar, HealthcareServiceSpec, Tracing};
use k8s_openapi::api::core::v1::{EnvVarSource, ObjectFieldSelector};

use super::{OperatorDefaults, Owner};

/// The endpoint that spans go to: the service's, else the operator's; none when tracing is off.
pub(super) fn otlp_endpoint(tracing: &Tracing, defaults: &OperatorDefaults) -> Option<String> {
    let endpoint = tracing
        .endpoint
        .clone()
        .or_else(|| defaults.otlp_endpoint.clone());
    endpoint.filter(|_| tracing.enabled)
}

/// The operator's variables, those of the user in their place or after them.
pub(super) fn variables(spec: &HealthcareServiceSpec, owner: &Owner, endpoint: Option<&str>) -> Vec<EnvVar> {
    let observability = spec.observability.clone().unwrap_or_default();
    let mut all = vec![
        field("POD_NAME", "metadata.name"),
        field("POD_NAMESPACE", "metadata.namespace"),
        literal("PORT", spec.port.to_string()),
        literal("LOG_LEVEL", observability.logging.level.as_str().to_owned()),
        literal("LOG_FORMAT", "json".to_owned()),
        literal("OTEL_SERVICE_NAME", owner.name.clone()),
        literal("OTEL_RESOURCE_ATTRIBUTES", resource_attributes(owner)),
    ];
    match endpoint {
        Some(endpoint) => all.extend(exporter(endpoint, observability.tracing.sampling_ratio)),
        None => all.push(literal("OTEL_TRACES_EXPORTER", "none".to_owned())),
    }
    all.retain(|ours| spec.env.iter().all(|theirs| theirs.name != ours.name));
    all.extend(spec.env.iter().cloned());
    all
}

fn exporter(endpoint: &str, ratio: f64) -> [EnvVar; 5] {
    [
        literal("OTEL_TRACES_EXPORTER", "otlp".to_owned()),
        literal("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.to_owned()),
        literal("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf".to_owned()),
        literal("OTEL_TRACES_SAMPLER", "parentbased_traceidratio".to_owned()),
        literal("OTEL_TRACES_SAMPLER_ARG", ratio.to_string()),
    ]
}

/// Kubernetes expands `$(POD_NAME)` from the variable defined before.
fn resource_attributes(owner: &Owner) -> String {
    format!(
        "service.namespace={0},k8s.namespace.name={0},k8s.deployment.name={1},k8s.pod.name=$(POD_NAME),service.instance.id=$(POD_NAME)",
        owner.namespace, owner.name
    )
}

fn literal(name: &str, value: String) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value: Some(value),
        value_from: None,
    }
}

fn field(name: &str, path: &str) -> EnvVar {
    let selector = ObjectFieldSelector {
        field_path: path.to_owned(),
        api_version: Some("v1".to_owned()),
    };
    let source = EnvVarSource {
        field_ref: Some(selector),
        ..EnvVarSource::default()
    };
    EnvVar {
        name: name.to_owned(),
        value: None,
        value_from: Some(source),
    }
}
