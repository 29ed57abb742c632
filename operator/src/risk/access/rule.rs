//! Whether one access rule lets through all that another does. A rule alone: what several let through together is not
//! put together, so a rule split into two counts as changed.

use std::collections::BTreeMap;

use healthcare_crds::v1alpha1::{AccessRule, PolicyPort};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

use crate::risk::cidr;

/// Whether `outer` lets through all that `inner` does, as far as the two alone tell.
pub(super) fn covers(outer: &AccessRule, inner: &AccessRule) -> bool {
    peer_covers(outer, inner) && ports_cover(&outer.ports, &inner.ports)
}

/// Whether a rule names no pod and no namespace in particular.
pub(super) fn admits_every_pod(rule: &AccessRule) -> bool {
    let everywhere = rule.namespace_selector.as_ref().is_some_and(selects_all);
    everywhere && rule.pod_selector.as_ref().is_none_or(selects_all)
}

fn peer_covers(outer: &AccessRule, inner: &AccessRule) -> bool {
    let AccessRule {
        service,
        namespace,
        pod_selector,
        namespace_selector,
        cidr,
        except,
        ports: _,
    } = inner;
    if let Some(range) = &outer.cidr {
        let wanted = cidr.as_ref().map(|cidr| (cidr.as_str(), except.as_slice()));
        return wanted.is_some_and(|wanted| cidr::covers((range, &outer.except), wanted));
    }
    if outer.service.is_some() {
        return outer.service == *service && outer.namespace == *namespace;
    }
    if cidr.is_some() {
        return false;
    }
    let everywhere = outer.namespace_selector.as_ref().is_some_and(selects_all);
    let every_pod = outer.pod_selector.as_ref().is_none_or(selects_all);
    if service.is_some() {
        let same_namespace = outer.namespace_selector.is_none() && namespace.is_none();
        return every_pod && (everywhere || same_namespace);
    }
    let namespaces = match (&outer.namespace_selector, namespace_selector) {
        (None, None) => true,
        (Some(outer), Some(inner)) => selector_covers(outer, inner),
        _ => everywhere,
    };
    let pods = match (&outer.pod_selector, pod_selector) {
        (Some(outer), Some(inner)) => selector_covers(outer, inner),
        _ => every_pod,
    };
    namespaces && pods
}

fn selects_all(selector: &LabelSelector) -> bool {
    labels(selector).next().is_none() && expressions(selector).is_empty()
}

/// Fewer requirements select more.
fn selector_covers(outer: &LabelSelector, inner: &LabelSelector) -> bool {
    let wanted: BTreeMap<_, _> = labels(inner).collect();
    let same_labels = labels(outer).all(|(key, value)| wanted.get(key) == Some(&value));
    same_labels
        && expressions(outer)
            .iter()
            .all(|one| expressions(inner).contains(one))
}

fn labels(selector: &LabelSelector) -> impl Iterator<Item = (&String, &String)> {
    selector.match_labels.iter().flatten()
}

fn expressions(selector: &LabelSelector) -> &[LabelSelectorRequirement] {
    selector.match_expressions.as_deref().unwrap_or_default()
}

/// No ports stand for all.
fn ports_cover(outer: &[PolicyPort], inner: &[PolicyPort]) -> bool {
    let covered = |wanted: &PolicyPort| outer.iter().any(|port| port_covers(port, wanted));
    outer.is_empty() || (!inner.is_empty() && inner.iter().all(covered))
}

fn port_covers(outer: &PolicyPort, inner: &PolicyPort) -> bool {
    let PolicyPort {
        port,
        end_port,
        protocol,
    } = inner;
    let last = end_port.unwrap_or(*port);
    outer.protocol == *protocol && outer.port <= *port && last <= outer.end_port.unwrap_or(outer.port)
}

#[cfg(test)]
mod tests;
