//! The NetworkPolicy: deny by default, in both directions.

use std::collections::BTreeMap;

use healthcare_crds::v1alpha1::{AccessRule, PolicyPort, Protocol};
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{labels, names};
use crate::plan::{ExposurePlan, Plan, named_service, pod_labels};

mod telemetry;

/// Label that the API server puts on every namespace (KEP-2161).
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";
/// Address of the node-local DNS cache (KEP-1024).
const NODE_LOCAL_DNS: &str = "169.254.20.10/32";
/// Ports that DNS servers listen on in their pods: the standard one and that of unprivileged CoreDNS.
const DNS_PORTS: [i32; 2] = [53, 5353];

/// What the service may be asked by whom, and whom it may ask. The kubelet's probes come from the node and are
/// exempt in every implementation of NetworkPolicy.
pub fn network_policy(plan: &Plan) -> NetworkPolicy {
    NetworkPolicy {
        metadata: labels::metadata(plan, names::child(plan)),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(labels::all_tracks(plan)),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ingress: Some(ingress(plan)),
            egress: Some(egress(plan)),
        }),
    }
}

fn ingress(plan: &Plan) -> Vec<NetworkPolicyIngressRule> {
    let listed = plan.access.inbound.iter().map(|rule| NetworkPolicyIngressRule {
        from: Some(vec![peer(rule, &plan.owner.namespace)]),
        ports: Some(if rule.ports.is_empty() {
            own_ports(plan)
        } else {
            ports(&rule.ports)
        }),
    });
    listed.chain(scraping(plan)).chain(forwarding(plan)).collect()
}

fn egress(plan: &Plan) -> Vec<NetworkPolicyEgressRule> {
    let listed = plan.access.outbound.iter().map(|rule| NetworkPolicyEgressRule {
        to: Some(vec![peer(rule, &plan.owner.namespace)]),
        ports: (!rule.ports.is_empty()).then(|| ports(&rule.ports)),
    });
    std::iter::once(dns())
        .chain(telemetry::collector(plan))
        .chain(listed)
        .collect()
}

fn scraping(plan: &Plan) -> Option<NetworkPolicyIngressRule> {
    let metrics = plan.metrics.as_ref()?;
    Some(NetworkPolicyIngressRule {
        from: Some(vec![namespaces(plan.monitoring_namespace_labels.clone())]),
        ports: Some(vec![number(metrics.port, Protocol::Tcp)]),
    })
}

/// An exposed service is called by the pods of the Gateway or of the Ingress controller.
fn forwarding(plan: &Plan) -> Option<NetworkPolicyIngressRule> {
    let from = match plan.exposure.as_ref()? {
        ExposurePlan::HttpRoute {
            gateway_namespace, ..
        } => named_namespace(gateway_namespace),
        ExposurePlan::Ingress { .. } => plan.ingress_namespace_labels.clone(),
    };
    Some(NetworkPolicyIngressRule {
        from: Some(vec![namespaces(from)]),
        ports: Some(vec![number(plan.port, Protocol::Tcp)]),
    })
}

fn dns() -> NetworkPolicyEgressRule {
    let servers = NetworkPolicyPeer {
        namespace_selector: Some(matching(named_namespace("kube-system"))),
        pod_selector: Some(matching(BTreeMap::from([(
            "k8s-app".to_owned(),
            "kube-dns".to_owned(),
        )]))),
        ip_block: None,
    };
    let cache = addresses(NODE_LOCAL_DNS, &[]);
    let both = |port| [number(port, Protocol::Udp), number(port, Protocol::Tcp)];
    NetworkPolicyEgressRule {
        to: Some(vec![servers, cache]),
        ports: Some(DNS_PORTS.into_iter().flat_map(both).collect()),
    }
}

fn peer(rule: &AccessRule, own_namespace: &str) -> NetworkPolicyPeer {
    if let Some((namespace, service)) = named_service(rule, own_namespace) {
        return NetworkPolicyPeer {
            namespace_selector: Some(matching(named_namespace(namespace))),
            pod_selector: Some(matching(pod_labels(service))),
            ip_block: None,
        };
    }
    if let Some(cidr) = &rule.cidr {
        return addresses(cidr, &rule.except);
    }
    NetworkPolicyPeer {
        namespace_selector: rule.namespace_selector.clone(),
        pod_selector: rule.pod_selector.clone(),
        ip_block: None,
    }
}

fn own_ports(plan: &Plan) -> Vec<NetworkPolicyPort> {
    let main = number(plan.port, Protocol::Tcp);
    let further = plan.additional_ports.iter().map(|p| number(p.port, p.protocol));
    std::iter::once(main).chain(further).collect()
}

fn ports(ports: &[PolicyPort]) -> Vec<NetworkPolicyPort> {
    ports
        .iter()
        .map(|p| NetworkPolicyPort {
            end_port: p.end_port,
            ..number(p.port, p.protocol)
        })
        .collect()
}

fn number(port: i32, protocol: Protocol) -> NetworkPolicyPort {
    NetworkPolicyPort {
        port: Some(IntOrString::Int(port)),
        protocol: Some(protocol.as_str().to_owned()),
        end_port: None,
    }
}

fn addresses(cidr: &str, except: &[String]) -> NetworkPolicyPeer {
    let except = (!except.is_empty()).then(|| except.to_vec());
    NetworkPolicyPeer {
        ip_block: Some(IPBlock {
            cidr: cidr.to_owned(),
            except,
        }),
        ..NetworkPolicyPeer::default()
    }
}

fn namespaces(labels: BTreeMap<String, String>) -> NetworkPolicyPeer {
    NetworkPolicyPeer {
        namespace_selector: Some(matching(labels)),
        ..NetworkPolicyPeer::default()
    }
}

fn named_namespace(name: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(NAMESPACE_NAME.to_owned(), name.to_owned())])
}

fn matching(labels: BTreeMap<String, String>) -> LabelSelector {
    LabelSelector {
        match_labels: Some(labels),
        match_expressions: None,
    }
}
