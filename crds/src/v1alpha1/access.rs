//! Who may call whom.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::Protocol;

/// Allowed callers and callees. An empty list allows none.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct AccessPolicy {
    /// Who may call this service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub inbound: Vec<AccessRule>,
    /// Whom this service may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub outbound: Vec<AccessRule>,
}

/// The other side of allowed traffic: another service, pods by labels, or addresses.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("[has(self.service), has(self.podSelector) || has(self.namespaceSelector), has(self.cidr)].filter(x, x).size() == 1")
    .message("an accessPolicy rule names exactly one peer: service (with namespace), podSelector and/or namespaceSelector, or cidr"))]
#[x_kube(validation = Rule::new("!has(self.__namespace__) || has(self.service)")
    .message(Message::Expression("'an accessPolicy rule has namespace %s but no service: name the service, or use namespaceSelector'.format([self.__namespace__])".into())))]
#[x_kube(validation = Rule::new("!has(self.except) || has(self.cidr)")
    .message("an accessPolicy rule has except but no cidr: except takes addresses out of a cidr"))]
pub struct AccessRule {
    /// Name of another HealthcareService.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 52), regex(pattern = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"))]
    pub service: Option<String>,
    /// Namespace of `service`, this one by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
    )]
    pub namespace: Option<String>,
    /// Labels of pods; in this namespace unless `namespaceSelector` is set too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_selector: Option<LabelSelector>,
    /// Labels of namespaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// Address range, such as `10.20.0.0/16` or `2001:db8::/48`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 43))]
    #[x_kube(validation = Rule::new("isCIDR(self)").message(Message::Expression("'cidr %s is not an address range: write it like 10.20.0.0/16'.format([self])".into())))]
    pub cidr: Option<String>,
    /// Ranges inside `cidr` that stay refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 43)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    #[x_kube(validation = Rule::new("self.all(c, isCIDR(c))").message("except holds something that is not an address range: write each like 10.20.30.0/24"))]
    pub except: Vec<String>,
    /// Ports. By default, inbound: all ports of this service; outbound: any port of the other side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub ports: Vec<PolicyPort>,
}

/// A port of allowed traffic.
#[derive(Clone, Debug, Deserialize, KubeSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.endPort) || self.endPort >= self.port")
    .message(Message::Expression("'endPort %d is below port %d: swap them'.format([self.endPort, self.port])".into())))]
pub struct PolicyPort {
    /// Port number on the pod that is called (not the Service's).
    #[schemars(range(min = 1, max = 65535))]
    pub port: i32,
    /// Last port of a range that starts at `port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub end_port: Option<i32>,
    /// Transport protocol.
    #[serde(default)]
    pub protocol: Protocol,
}
