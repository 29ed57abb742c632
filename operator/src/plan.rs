//! From a spec to a plan: every option resolved, every default applied. Pure.

use std::collections::BTreeMap;

use healthcare_crds::HealthcareService;
use healthcare_crds::keys;
use healthcare_crds::v1alpha1::{
    AccessPolicy, AccessRule, AdditionalPort, Alerts, EnvVar, HealthcareServiceSpec, Scaling, Scheduling,
    SecretRef, SessionAffinity, Slo, Volume,
};
use k8s_openapi::api::core::v1::EnvFromSource;
use kube::ResourceExt;
use thiserror::Error;

use crate::capabilities::Capabilities;

mod disruption;
mod environment;
mod exposure;
mod probes;
mod resources;
mod revision;

pub use disruption::DisruptionPlan;
pub use exposure::ExposurePlan;
pub(crate) use probes::plan as probes;
pub use probes::{ProbePlan, ProbesPlan};
pub use resources::ResourcesPlan;
pub(crate) use resources::plan as resources;
pub use revision::RevisionPlan;

/// What the operator's own settings add to every service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OperatorDefaults {
    /// OTLP endpoint for services that name none.
    pub otlp_endpoint: Option<String>,
    /// Labels of namespaces whose pods may scrape metrics.
    pub monitoring_namespace_labels: BTreeMap<String, String>,
    /// Labels of namespaces whose pods forward outside traffic (the Ingress controller).
    pub ingress_namespace_labels: BTreeMap<String, String>,
    /// Labels by which the cluster's Prometheus selects ServiceMonitors and PrometheusRules.
    pub monitor_labels: BTreeMap<String, String>,
}

/// Who the children belong to.
#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    /// Name of the `HealthcareService`.
    pub name: String,
    /// Its namespace, and that of every child.
    pub namespace: String,
    /// Its uid.
    pub uid: String,
    /// Generation of the spec this plan was made from.
    pub generation: i64,
    /// Labels that propagate to the children.
    pub labels: BTreeMap<String, String>,
}

/// How many pods run and who decides it.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplicasPlan {
    /// None: `minReplicas` is 0.
    Stopped,
    /// Always this many.
    Fixed(i32),
    /// The HorizontalPodAutoscaler decides.
    Autoscaled(Scaling),
}

impl ReplicasPlan {
    /// Fewest pods that should run.
    pub fn minimum(&self) -> i32 {
        match self {
            Self::Stopped => 0,
            Self::Fixed(n) => *n,
            Self::Autoscaled(scaling) => scaling.min_replicas,
        }
    }

    /// Most pods that may run.
    pub fn maximum(&self) -> i32 {
        match self {
            Self::Autoscaled(scaling) => scaling.max_replicas,
            Self::Stopped | Self::Fixed(_) => self.minimum(),
        }
    }
}

/// How metrics are scraped.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricsPlan {
    /// Path of the metrics.
    pub path: String,
    /// Name of the Service's port.
    pub port_name: String,
    /// The container's port number.
    pub port: i32,
    /// Time between scrapes, in Prometheus' notation.
    pub interval: String,
}

/// Alerts and objective.
#[derive(Clone, Debug, PartialEq)]
pub struct RulesPlan {
    /// The alerts section, whose `enabled` stands for the five standard ones.
    pub alerts: Alerts,
    /// The objective, if there is one.
    pub slo: Option<Slo>,
}

/// Everything that rendering needs to know, with nothing left to decide.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Who the children belong to.
    pub owner: Owner,
    /// The spec that is planned, to be kept as a revision.
    pub revision: RevisionPlan,
    /// Container image.
    pub image: String,
    /// The container's main port.
    pub port: i32,
    /// Further ports.
    pub additional_ports: Vec<AdditionalPort>,
    /// Session affinity of the Service.
    pub session_affinity: SessionAffinity,
    /// Entry point, empty for the image's own.
    pub command: Vec<String>,
    /// Arguments, empty for the image's own.
    pub args: Vec<String>,
    /// Environment: the operator's variables, then the user's, which win.
    pub env: Vec<EnvVar>,
    /// ConfigMaps and Secrets as environment.
    pub env_from: Vec<EnvFromSource>,
    /// Settings, empty for no ConfigMap.
    pub config: BTreeMap<String, String>,
    /// Secrets by reference.
    pub secrets: Vec<SecretRef>,
    /// Volumes besides the operator's own.
    pub volumes: Vec<Volume>,
    /// Requests and limits.
    pub resources: ResourcesPlan,
    /// Health checks.
    pub probes: ProbesPlan,
    /// Number of pods.
    pub replicas: ReplicasPlan,
    /// Budget for evictions, if one makes sense.
    pub disruption: Option<DisruptionPlan>,
    /// Placement.
    pub scheduling: Scheduling,
    /// Callers and callees.
    pub access: AccessPolicy,
    /// OTLP endpoint that the pods send to.
    pub otlp_endpoint: Option<String>,
    /// Labels of namespaces whose pods may scrape.
    pub monitoring_namespace_labels: BTreeMap<String, String>,
    /// Labels of namespaces whose pods forward outside traffic to this service.
    pub ingress_namespace_labels: BTreeMap<String, String>,
    /// Labels by which the cluster's Prometheus selects ServiceMonitors and PrometheusRules.
    pub monitor_labels: BTreeMap<String, String>,
    /// Exposure outside the cluster.
    pub exposure: Option<ExposurePlan>,
    /// Scraping.
    pub metrics: Option<MetricsPlan>,
    /// Whether a ServiceMonitor is made: metrics are on and the cluster knows the kind.
    pub service_monitor: bool,
    /// Alerts, when there are any and the cluster knows the kind.
    pub rules: Option<RulesPlan>,
    /// Annotations of the ServiceAccount.
    pub service_account_annotations: BTreeMap<String, String>,
    /// Annotations of the pods.
    pub pod_annotations: BTreeMap<String, String>,
    /// Names of image pull secrets.
    pub image_pull_secrets: Vec<String>,
    /// Which optional APIs the cluster has.
    pub capabilities: Capabilities,
}

/// Why a spec cannot be planned.
#[derive(Debug, Error, PartialEq)]
pub enum PlanError {
    /// The object lacks metadata that the API server always sets.
    #[error("the HealthcareService has no {0}: it was not read from an API server")]
    Metadata(&'static str),
    /// `observability.metrics.port` is not a port of the service.
    #[error(
        "spec.observability.metrics.port {0} is neither spec.port nor in spec.additionalPorts: add the port or remove the setting"
    )]
    MetricsPort(i32),
}

/// Labels of the `HealthcareService` that its children carry too.
pub const PROPAGATED_LABELS: [&str; 2] = ["app.kubernetes.io/component", "app.kubernetes.io/part-of"];

impl Plan {
    /// Resolves a spec.
    ///
    /// # Errors
    /// [`PlanError`] when the spec contradicts itself in a way the CRD's rules cannot see.
    pub fn new(
        service: &HealthcareService,
        defaults: &OperatorDefaults,
        capabilities: Capabilities,
    ) -> Result<Self, PlanError> {
        let owner = owner(service)?;
        let spec = service.spec.clone();
        let observability = spec.observability.clone().unwrap_or_default();
        let metrics = metrics(&spec)?;
        let replicas = replicas(&spec.scaling);
        let otlp_endpoint = environment::otlp_endpoint(&observability.tracing, defaults);
        Ok(Self {
            revision: revision::plan(service),
            env: environment::variables(&spec, &owner, otlp_endpoint.as_deref()),
            disruption: disruption::plan(spec.disruption.as_ref(), &replicas),
            exposure: spec
                .exposure
                .map(|e| exposure::plan(e, &owner.namespace, capabilities)),
            resources: resources::plan(spec.resources.unwrap_or_default()),
            probes: probes::plan(spec.probes.unwrap_or_default(), spec.port),
            service_monitor: metrics.is_some() && capabilities.service_monitor,
            rules: rules(observability.alerts, observability.slo).filter(|_| capabilities.prometheus_rule),
            image: spec.image,
            port: spec.port,
            additional_ports: spec.additional_ports,
            session_affinity: spec.session_affinity,
            command: spec.command,
            args: spec.args,
            env_from: spec.env_from,
            config: spec.config,
            secrets: spec.secrets,
            volumes: spec.volumes,
            scheduling: spec.scheduling.unwrap_or_default(),
            access: spec.access_policy.unwrap_or_default(),
            otlp_endpoint,
            monitoring_namespace_labels: defaults.monitoring_namespace_labels.clone(),
            ingress_namespace_labels: defaults.ingress_namespace_labels.clone(),
            monitor_labels: defaults.monitor_labels.clone(),
            service_account_annotations: spec.service_account.unwrap_or_default().annotations,
            pod_annotations: spec.pod_annotations,
            image_pull_secrets: spec.image_pull_secrets.into_iter().map(|s| s.name).collect(),
            replicas,
            metrics,
            owner,
            capabilities,
        })
    }
}

fn owner(service: &HealthcareService) -> Result<Owner, PlanError> {
    Ok(Owner {
        name: service.name_any(),
        namespace: service.namespace().ok_or(PlanError::Metadata("namespace"))?,
        uid: service.uid().ok_or(PlanError::Metadata("uid"))?,
        generation: service
            .metadata
            .generation
            .ok_or(PlanError::Metadata("generation"))?,
        labels: propagated(service.labels()),
    })
}

fn propagated(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let keep = |key: &&str| labels.get_key_value(*key).map(|(k, v)| (k.clone(), v.clone()));
    PROPAGATED_LABELS.iter().filter_map(keep).collect()
}

fn replicas(scaling: &Scaling) -> ReplicasPlan {
    match (scaling.min_replicas, scaling.max_replicas) {
        (0, _) => ReplicasPlan::Stopped,
        (min, max) if min == max => ReplicasPlan::Fixed(min),
        _ => ReplicasPlan::Autoscaled(scaling.clone()),
    }
}

fn metrics(spec: &HealthcareServiceSpec) -> Result<Option<MetricsPlan>, PlanError> {
    let metrics = spec.observability.clone().unwrap_or_default().metrics;
    if !metrics.enabled {
        return Ok(None);
    }
    let (port_name, port) = match metrics.port {
        None => ("http".to_owned(), spec.port),
        Some(port) if port == spec.port => ("http".to_owned(), port),
        Some(port) => {
            let named = spec.additional_ports.iter().find(|p| p.port == port);
            (named.ok_or(PlanError::MetricsPort(port))?.name.clone(), port)
        }
    };
    Ok(Some(MetricsPlan {
        path: metrics.path,
        port_name,
        port,
        interval: metrics.interval,
    }))
}

fn rules(alerts: Alerts, slo: Option<Slo>) -> Option<RulesPlan> {
    let any = alerts.enabled || slo.is_some() || !alerts.extra_rules.is_empty();
    any.then_some(RulesPlan { alerts, slo })
}

/// The service a rule names, if it names one: (namespace, name).
pub fn named_service<'a>(rule: &'a AccessRule, own_namespace: &'a str) -> Option<(&'a str, &'a str)> {
    let name = rule.service.as_deref()?;
    Some((rule.namespace.as_deref().unwrap_or(own_namespace), name))
}

/// The labels by which a service's pods are selected, of whatever track.
pub fn pod_labels(service: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(keys::SERVICE.to_owned(), service.to_owned())])
}

#[cfg(test)]
mod tests;
