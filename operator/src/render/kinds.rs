//! The kinds of children, each with its API.

use kube::core::{ApiResource, GroupVersionKind};

use crate::capabilities::Capabilities;

/// A kind of child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChildKind {
    /// core/v1.
    ServiceAccount,
    /// core/v1.
    ConfigMap,
    /// apps/v1.
    ControllerRevision,
    /// networking.k8s.io/v1.
    NetworkPolicy,
    /// core/v1.
    Service,
    /// apps/v1.
    Deployment,
    /// autoscaling/v2.
    HorizontalPodAutoscaler,
    /// policy/v1.
    PodDisruptionBudget,
    /// monitoring.coreos.com/v1, optional.
    ServiceMonitor,
    /// monitoring.coreos.com/v1, optional.
    PrometheusRule,
    /// gateway.networking.k8s.io/v1, optional.
    HttpRoute,
    /// networking.k8s.io/v1.
    Ingress,
}

impl ChildKind {
    /// Every kind, in the order of applying.
    pub const ALL: [Self; 12] = [
        Self::ServiceAccount,
        Self::ConfigMap,
        Self::ControllerRevision,
        Self::NetworkPolicy,
        Self::Service,
        Self::Deployment,
        Self::HorizontalPodAutoscaler,
        Self::PodDisruptionBudget,
        Self::ServiceMonitor,
        Self::PrometheusRule,
        Self::HttpRoute,
        Self::Ingress,
    ];

    /// API group, version, kind and plural.
    const fn names(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::ServiceAccount => ("", "v1", "ServiceAccount", "serviceaccounts"),
            Self::ConfigMap => ("", "v1", "ConfigMap", "configmaps"),
            Self::ControllerRevision => ("apps", "v1", "ControllerRevision", "controllerrevisions"),
            Self::NetworkPolicy => ("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
            Self::Service => ("", "v1", "Service", "services"),
            Self::Deployment => ("apps", "v1", "Deployment", "deployments"),
            Self::HorizontalPodAutoscaler => (
                "autoscaling",
                "v2",
                "HorizontalPodAutoscaler",
                "horizontalpodautoscalers",
            ),
            Self::PodDisruptionBudget => ("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
            Self::ServiceMonitor => ("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"),
            Self::PrometheusRule => ("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules"),
            Self::HttpRoute => ("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
            Self::Ingress => ("networking.k8s.io", "v1", "Ingress", "ingresses"),
        }
    }

    /// The API group, empty for core.
    pub const fn group(self) -> &'static str {
        self.names().0
    }

    /// The kind's name.
    pub const fn kind(self) -> &'static str {
        self.names().2
    }

    /// The resource's name in URLs and RBAC rules.
    pub const fn plural(self) -> &'static str {
        self.names().3
    }

    /// The API version as written in manifests.
    pub fn api_version(self) -> String {
        let (group, version, ..) = self.names();
        if group.is_empty() {
            version.to_owned()
        } else {
            format!("{group}/{version}")
        }
    }

    /// What the dynamic client needs.
    pub fn resource(self) -> ApiResource {
        let (group, version, kind, plural) = self.names();
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, kind), plural)
    }

    /// Whether a cluster may lack the kind.
    pub const fn is_optional(self) -> bool {
        matches!(
            self,
            Self::ServiceMonitor | Self::PrometheusRule | Self::HttpRoute
        )
    }

    /// Whether the API server refuses another content, so that only another object can hold one.
    pub const fn is_immutable(self) -> bool {
        matches!(self, Self::ConfigMap | Self::ControllerRevision)
    }

    /// Whether a cluster with these capabilities has the kind.
    pub const fn is_served(self, capabilities: Capabilities) -> bool {
        match self {
            Self::ServiceMonitor => capabilities.service_monitor,
            Self::PrometheusRule => capabilities.prometheus_rule,
            Self::HttpRoute => capabilities.http_route,
            _ => true,
        }
    }

    /// The kind an inventory entry speaks of, if it is one of ours.
    pub fn of(api_version: &str, kind: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|k| k.kind() == kind && k.api_version() == api_version)
    }
}
