//! The way to the OpenTelemetry collector.

use std::net::IpAddr;

use healthcare_crds::v1alpha1::Protocol;
use http::Uri;
use k8s_openapi::api::networking::v1::NetworkPolicyEgressRule;

use super::{addresses, named_namespace, namespaces, number};
use crate::plan::Plan;

/// Opens the collector's port when its endpoint is an address or a Service of the cluster (`name.namespace`,
/// with or without `svc.<domain>`). A collector outside needs an outbound rule: its addresses are not known here.
pub(super) fn collector(plan: &Plan) -> Option<NetworkPolicyEgressRule> {
    let endpoint: Uri = plan.otlp_endpoint.as_deref()?.parse().ok()?;
    let host = endpoint.host()?.trim_matches(['[', ']']);
    let default_port = match endpoint.scheme_str() {
        Some("https") => 443,
        _ => 80,
    };
    let port = endpoint.port_u16().unwrap_or(default_port);
    let to = match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => addresses(&format!("{address}/32"), &[]),
        Ok(IpAddr::V6(address)) => addresses(&format!("{address}/128"), &[]),
        Err(_) => namespaces(named_namespace(service_namespace(host, &plan.owner.namespace)?)),
    };
    Some(NetworkPolicyEgressRule {
        to: Some(vec![to]),
        ports: Some(vec![number(port.into(), Protocol::Tcp)]),
    })
}

/// The namespace of a cluster-internal host name, none for a name outside the cluster.
fn service_namespace<'a>(host: &'a str, own: &'a str) -> Option<&'a str> {
    let mut labels = host.split('.');
    let _service = labels.next()?;
    match (labels.next(), labels.next()) {
        (None, _) => Some(own),
        (Some(namespace), None | Some("svc")) => Some(namespace),
        _ => None,
    }
}
