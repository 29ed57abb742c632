//! Who may call whom, out of the access policies of services. Pure.

use std::collections::{BTreeMap, BTreeSet};

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::{AccessRule, PolicyPort};
use healthcare_operator::access::{self, Inconsistency};
use healthcare_operator::plan::named_service;
use healthcare_operator::queue::Key;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::ResourceExt;
use serde::Serialize;

use crate::service::full_name;

mod dot;
mod layout;
mod mermaid;
mod svg;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;

/// Who calls or is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", content = "name")]
pub enum Peer {
    /// A `HealthcareService`, `namespace/name`.
    Service(String),
    /// One that a policy names, and that was not among what was read.
    UnknownService(String),
    /// Pods by labels.
    Pods(String),
    /// Addresses.
    Addresses(String),
    /// Those outside the cluster who know a hostname.
    Outside(String),
}

impl Peer {
    /// What stands in its box.
    pub fn label(&self) -> String {
        match self {
            Self::Service(name) => name.clone(),
            Self::UnknownService(name) => format!("{name} (not found)"),
            Self::Pods(labels) => format!("pods {labels}"),
            Self::Addresses(range) => range.clone(),
            Self::Outside(hosts) => format!("outside: {hosts}"),
        }
    }
}

/// Which side allows a call. Traffic flows only where both do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Allowed {
    /// Both, or the one side that has a policy here.
    Fully,
    /// The callee does not admit the caller.
    ByCallerOnly,
    /// The caller does not list the callee.
    ByCalleeOnly,
}

impl Allowed {
    /// What is said of an edge, nothing of one that is as it should be.
    pub const fn remark(self) -> Option<&'static str> {
        match self {
            Self::Fully => None,
            Self::ByCallerOnly => Some("only the caller allows it"),
            Self::ByCalleeOnly => Some("only the callee allows it"),
        }
    }
}

/// A call that somebody allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// Who calls.
    pub from: Peer,
    /// Who is called.
    pub to: Peer,
    /// Ports, where the policies name some.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub ports: BTreeSet<String>,
    /// Which side allows it.
    pub allowed: Allowed,
}

impl Edge {
    /// What stands at its arrow.
    pub fn label(&self) -> String {
        let ports = self.ports.iter().cloned().collect::<Vec<_>>().join(", ");
        match (ports.as_str(), self.allowed.remark()) {
            (_, None) => ports,
            ("", Some(remark)) => remark.to_owned(),
            (ports, Some(remark)) => format!("{ports}; {remark}"),
        }
    }
}

/// Peers and the calls between them, in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// Everybody.
    pub peers: BTreeSet<Peer>,
    /// Calls, by caller and callee.
    pub edges: Vec<Edge>,
}

impl Graph {
    /// Calls that only one side allows.
    pub fn one_sided(&self) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(|edge| edge.allowed != Allowed::Fully)
    }
}

/// Which sides named an edge, and with which ports.
#[derive(Default)]
struct Named {
    by_caller: bool,
    by_callee: bool,
    ports: BTreeSet<String>,
}

type Edges = BTreeMap<(Peer, Peer), Named>;

/// Draws up the graph.
pub fn graph(services: &[HealthcareService]) -> Graph {
    let known: BTreeMap<_, _> = services.iter().map(|s| (full_name(s), s)).collect();
    let mut edges = Edges::new();
    for service in known.values() {
        outbound(service, &known, &mut edges);
        inbound(service, &known, &mut edges);
    }
    let mut peers: BTreeSet<_> = known.keys().cloned().map(Peer::Service).collect();
    peers.extend(edges.keys().flat_map(|(from, to)| [from.clone(), to.clone()]));
    let edges = edges.into_iter().map(|((from, to), named)| Edge {
        allowed: allowed(&from, &to, &named, &known),
        from,
        to,
        ports: named.ports,
    });
    Graph {
        peers,
        edges: edges.collect(),
    }
}

type Known<'a> = BTreeMap<String, &'a HealthcareService>;

fn outbound(service: &HealthcareService, known: &Known<'_>, edges: &mut Edges) {
    let policy = service.spec.access_policy.iter();
    for rule in policy.flat_map(|policy| &policy.outbound) {
        let to = peer(rule, service, known);
        let edge = edges.entry((Peer::Service(full_name(service)), to)).or_default();
        edge.by_caller = true;
        edge.ports.extend(rule.ports.iter().map(port));
    }
}

fn inbound(service: &HealthcareService, known: &Known<'_>, edges: &mut Edges) {
    let own = Peer::Service(full_name(service));
    let policy = service.spec.access_policy.iter();
    for rule in policy.flat_map(|policy| &policy.inbound) {
        let from = peer(rule, service, known);
        let edge = edges.entry((from, own.clone())).or_default();
        edge.by_callee = true;
        edge.ports.extend(rule.ports.iter().map(port));
    }
    if let Some(exposure) = &service.spec.exposure {
        let from = Peer::Outside(exposure.hostnames.join(", "));
        edges.entry((from, own)).or_default().by_callee = true;
    }
}

/// The other side of a rule.
fn peer(rule: &AccessRule, service: &HealthcareService, known: &Known<'_>) -> Peer {
    let own = service.namespace().unwrap_or_default();
    if let Some((namespace, name)) = named_service(rule, &own) {
        let name = format!("{namespace}/{name}");
        return if known.contains_key(&name) {
            Peer::Service(name)
        } else {
            Peer::UnknownService(name)
        };
    }
    if let Some(range) = &rule.cidr {
        let except = match rule.except.as_slice() {
            [] => String::new(),
            except => format!(" except {}", except.join(", ")),
        };
        return Peer::Addresses(format!("{range}{except}"));
    }
    let pods = rule
        .pod_selector
        .as_ref()
        .map_or_else(|| "any".to_owned(), selector);
    Peer::Pods(match &rule.namespace_selector {
        None => format!("{pods} in {own}"),
        Some(namespaces) => format!("{pods} in namespaces {}", selector(namespaces)),
    })
}

/// As `kubectl -l` takes it.
fn selector(selector: &LabelSelector) -> String {
    let labels = selector.match_labels.iter().flatten();
    let labels = labels.map(|(key, value)| format!("{key}={value}"));
    let expressions = selector.match_expressions.iter().flatten().map(|term| {
        let values = term.values.as_deref().unwrap_or_default().join(",");
        match term.operator.as_str() {
            "In" => format!("{} in ({values})", term.key),
            "NotIn" => format!("{} notin ({values})", term.key),
            "DoesNotExist" => format!("!{}", term.key),
            _ => term.key.clone(),
        }
    });
    let terms: Vec<_> = labels.chain(expressions).collect();
    if terms.is_empty() {
        "any".to_owned()
    } else {
        terms.join(",")
    }
}

fn port(port: &PolicyPort) -> String {
    let protocol = port.protocol.as_str();
    match port.end_port {
        Some(end) if end != port.port => format!("{}-{end}/{protocol}", port.port),
        _ => format!("{}/{protocol}", port.port),
    }
}

fn allowed(from: &Peer, to: &Peer, named: &Named, known: &Known<'_>) -> Allowed {
    match (from, to) {
        (Peer::Service(_), Peer::UnknownService(_)) => Allowed::ByCallerOnly,
        (Peer::UnknownService(_), Peer::Service(_)) => Allowed::ByCalleeOnly,
        (Peer::Service(caller), Peer::Service(other)) => match (named.by_caller, named.by_callee) {
            (true, false) if is_refused(caller, other, known) => Allowed::ByCallerOnly,
            (false, true) if !calls_by_selector(caller, known) => Allowed::ByCalleeOnly,
            _ => Allowed::Fully,
        },
        _ => Allowed::Fully,
    }
}

/// As the operator judges for the condition `AccessPolicyConsistent`: who admits by labels or addresses may mean the caller.
fn is_refused(caller: &str, other: &str, known: &Known<'_>) -> bool {
    let find = |key: &Key| known.get(&key.to_string()).map(|service| (*service).clone());
    let found = known
        .get(caller)
        .and_then(|service| access::inconsistencies(service, find));
    found.into_iter().flatten().any(|found| match found {
        Inconsistency::Missing { callee } | Inconsistency::Refused { callee, .. } => callee == other,
    })
}

/// Whether a caller also names callees by labels or addresses, which may mean this one.
fn calls_by_selector(caller: &str, known: &Known<'_>) -> bool {
    let policy = known
        .get(caller)
        .and_then(|service| service.spec.access_policy.as_ref());
    policy.is_some_and(|policy| policy.outbound.iter().any(|rule| rule.service.is_none()))
}

/// The number of each peer, by which drawings refer to it.
fn numbers(graph: &Graph) -> BTreeMap<&Peer, usize> {
    graph.peers.iter().zip(0..).collect()
}

#[cfg(test)]
mod tests;
