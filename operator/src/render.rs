//! From a plan to the child objects. Pure and deterministic: the same plan gives the same bytes.

use crate::digest::{deployment_digest, digest, stable};
use healthcare_crds::v1alpha1::InventoryEntry;
use k8s_openapi::api::apps::v1::{ControllerRevision, Deployment};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{ConfigMap, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::core::DynamicObject;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use crate::plan::Plan;

pub mod alerts;
pub mod autoscaling;
pub mod burn_rate;
pub mod config;
pub mod container;
pub mod deployment;
pub mod disruption;
pub mod identity;
pub mod kinds;
pub mod labels;
pub mod monitoring;
pub mod names;
pub mod network;
pub mod promql;
pub mod revision;
pub mod route;
pub mod service;
pub mod volumes;

pub use kinds::ChildKind;

/// Every child of one service. Taken apart by [`Children::into_list`] without `..`, so that a new kind cannot
/// be forgotten.
#[derive(Clone, Debug)]
pub struct Children {
    /// Identity of the pods.
    pub service_account: ServiceAccount,
    /// Settings, if there are any.
    pub config_map: Option<ConfigMap>,
    /// The spec with its pods.
    pub revision: ControllerRevision,
    /// That of the other version of a rollout.
    pub other_revision: Option<ControllerRevision>,
    /// Settings of the other version of a rollout.
    pub other_config_map: Option<ConfigMap>,
    /// Stable address.
    pub service: Service,
    /// Who may talk to whom. Applied before the pods exist.
    pub network_policy: NetworkPolicy,
    /// The pods. Never holds `spec.replicas`: a second field manager sets it.
    pub deployment: Deployment,
    /// A rollout's own pods.
    pub candidate: Option<Deployment>,
    /// Number of pods by load.
    pub autoscaler: Option<HorizontalPodAutoscaler>,
    /// Budget for evictions.
    pub disruption_budget: Option<PodDisruptionBudget>,
    /// Scraping.
    pub service_monitor: Option<DynamicObject>,
    /// Alerts.
    pub prometheus_rule: Option<DynamicObject>,
    /// HTTPRoute or Ingress.
    pub route: Option<route::Route>,
}

/// One child, ready to be applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// What it is.
    pub kind: ChildKind,
    /// Its name in the service's namespace.
    pub name: String,
    /// The whole desired object.
    pub body: Value,
    /// What tells it from other desired objects of its name.
    pub digest: u64,
}

impl Child {
    /// What an inventory says of it.
    pub fn listed<'a>(&self, inventory: &'a [InventoryEntry]) -> Option<&'a InventoryEntry> {
        inventory
            .iter()
            .find(|entry| entry.name == self.name && entry.kind == self.kind.kind())
    }
}

/// Why a plan cannot be rendered.
#[derive(Debug, Error)]
pub enum RenderError {
    /// A rule is not PromQL.
    #[error(transparent)]
    Rule(#[from] promql::RuleError),
    /// A child could not be written as JSON.
    #[error("cannot write the {kind} as JSON")]
    Json {
        /// Kind of the child.
        kind: &'static str,
        /// What serde said.
        source: serde_json::Error,
    },
}

/// Renders every child.
///
/// # Errors
/// [`RenderError::Rule`] when an alert's expression does not parse.
pub fn children(plan: &Plan) -> Result<Children, RenderError> {
    let deployment = deployment::deployment(plan);
    Ok(Children {
        revision: revision::revision(plan, &deployment)?,
        other_revision: None,
        service_account: identity::service_account(plan),
        config_map: config::config_map(plan),
        other_config_map: None,
        service: service::service(plan),
        network_policy: network::network_policy(plan),
        deployment,
        candidate: None,
        autoscaler: autoscaling::autoscaler(plan),
        disruption_budget: disruption::disruption_budget(plan),
        service_monitor: monitoring::service_monitor(plan),
        prometheus_rule: monitoring::prometheus_rule(plan)?,
        route: route::route(plan),
    })
}

impl Children {
    /// The children in the order in which they are applied: what the pods need comes before the pods.
    ///
    /// # Errors
    /// [`RenderError::Json`], which no rendered object gives.
    pub fn into_list(self) -> Result<Vec<Child>, RenderError> {
        let Self {
            service_account,
            config_map,
            other_config_map,
            revision,
            other_revision,
            service,
            network_policy,
            deployment,
            candidate,
            autoscaler,
            disruption_budget,
            service_monitor,
            prometheus_rule,
            route,
        } = self;
        let (http_route, ingress) = match route {
            Some(route::Route::HttpRoute(object)) => (Some(object), None),
            Some(route::Route::Ingress(object)) => (None, Some(object)),
            None => (None, None),
        };
        let list = [
            child(ChildKind::ServiceAccount, Some(service_account))?,
            child(ChildKind::ConfigMap, config_map)?,
            child(ChildKind::ConfigMap, other_config_map)?,
            child(ChildKind::ControllerRevision, Some(revision))?,
            child(ChildKind::ControllerRevision, other_revision)?,
            child(ChildKind::NetworkPolicy, Some(network_policy))?,
            child(ChildKind::Service, Some(service))?,
            child(ChildKind::Deployment, Some(deployment))?,
            child(ChildKind::Deployment, candidate)?,
            child(ChildKind::HorizontalPodAutoscaler, autoscaler)?,
            child(ChildKind::PodDisruptionBudget, disruption_budget)?,
            child(ChildKind::ServiceMonitor, service_monitor)?,
            child(ChildKind::PrometheusRule, prometheus_rule)?,
            child(ChildKind::HttpRoute, http_route)?,
            child(ChildKind::Ingress, ingress)?,
        ];
        Ok(list.into_iter().flatten().collect())
    }
}

fn child<T: Serialize>(kind: ChildKind, object: Option<T>) -> Result<Option<Child>, RenderError> {
    let Some(object) = object else { return Ok(None) };
    let body = serde_json::to_value(object).map_err(|source| RenderError::Json {
        kind: kind.kind(),
        source,
    })?;
    let name = body
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    Ok(Some(Child {
        kind,
        digest: digest_of(kind, &name, &body),
        name,
        body,
    }))
}

/// What stands for a child in the inventory's fingerprint.
pub fn digest_of(kind: ChildKind, name: &str, body: &Value) -> u64 {
    match body.pointer("/spec/template") {
        Some(template) if kind == ChildKind::Deployment => {
            deployment_digest(body, &format!("{:x}", digest(template)))
        }
        // The name stands for the content, which the API server would not let change.
        _ if kind == ChildKind::ControllerRevision => stable(&[name]),
        _ => digest(body),
    }
}

#[cfg(test)]
pub(crate) mod tests;
