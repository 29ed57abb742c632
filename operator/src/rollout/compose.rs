//! The children of a rollout: those of one version, with what the other needs. Pure.

use std::collections::BTreeMap;

use healthcare_crds::keys;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::Value;

use super::{Arrangement, Track, Version};
use crate::render::{Children, labels, names};

/// Children of both versions. Those of the good one hold the template that was kept.
#[derive(Clone, Debug)]
pub struct Versions {
    /// Of the spec.
    pub new: Children,
    /// Of the last good revision.
    pub good: Children,
}

/// What the children have to be. `floor` is the number of pods below which the autoscaler must not go while a candidate runs.
///
/// # Errors
/// When a Deployment cannot be written as JSON, which none is.
pub fn compose(versions: Versions, arrangement: Arrangement, floor: i32) -> serde_json::Result<Children> {
    let Versions { new, good } = versions;
    let candidate = arrangement
        .candidate
        .map(|_| candidate(&new.deployment))
        .transpose()?;
    let (mut children, other) = match arrangement.primary {
        Version::Good => (good, new),
        Version::New => (new, good),
    };
    if arrangement.is_mixed {
        admit_both(&mut children.network_policy, other.network_policy);
    }
    if arrangement.called == Track::Candidate && arrangement.primary == Version::Good {
        children.service = other.service;
    }
    if candidate.is_some() {
        call(&mut children, arrangement.called);
        hold_size(&mut children, arrangement.autoscaled(), floor);
    }
    // Kept until the end: what may have to be gone back to, and what old pods start with again.
    children.other_config_map = other
        .config_map
        .filter(|other| children.config_map.as_ref() != Some(other));
    children.other_revision = Some(other.revision).filter(|other| *other != children.revision);
    children.candidate = candidate;
    Ok(children)
}

/// A Deployment of its own, whose pods differ in the label of their track alone.
fn candidate(primary: &Deployment) -> serde_json::Result<Deployment> {
    let mut body = serde_json::to_value(primary)?;
    retrack(&mut body);
    let mut candidate: Deployment = serde_json::from_value(body)?;
    candidate.metadata.name = candidate.metadata.name.as_deref().map(names::candidate);
    Ok(candidate)
}

/// Writes the candidate's track wherever the primary's stands, in labels and selectors.
fn retrack(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == keys::TRACK && value == labels::PRIMARY {
                    *value = Value::from(labels::CANDIDATE);
                } else {
                    retrack(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(retrack),
        _ => {}
    }
}

/// Rules only ever allow: together they allow what either version needs.
fn admit_both(policy: &mut NetworkPolicy, other: NetworkPolicy) {
    let (Some(spec), Some(other)) = (policy.spec.as_mut(), other.spec) else {
        return;
    };
    unite(&mut spec.ingress, other.ingress);
    unite(&mut spec.egress, other.egress);
}

fn unite<T: PartialEq>(rules: &mut Option<Vec<T>>, others: Option<Vec<T>>) {
    let rules = rules.get_or_insert_default();
    for other in others.unwrap_or_default() {
        if !rules.contains(&other) {
            rules.push(other);
        }
    }
}

/// The Service leads to these pods, and the budget for evictions counts them alone: others do not serve.
fn call(children: &mut Children, track: Track) {
    if let Some(spec) = children.service.spec.as_mut() {
        restrict(spec.selector.get_or_insert_default(), track);
    }
    let budget = children
        .disruption_budget
        .as_mut()
        .and_then(|budget| budget.spec.as_mut());
    if let Some(budget) = budget {
        let selector = budget.selector.get_or_insert_with(LabelSelector::default);
        restrict(selector.match_labels.get_or_insert_default(), track);
    }
}

fn restrict(selector: &mut BTreeMap<String, String>, track: Track) {
    let label = match track {
        Track::Both => {
            selector.remove(keys::TRACK);
            return;
        }
        Track::Primary => labels::PRIMARY,
        Track::Candidate => labels::CANDIDATE,
    };
    selector.insert(keys::TRACK.to_owned(), label.to_owned());
}

/// The autoscaler drives what serves, and does not take pods away because a candidate does part of the work.
fn hold_size(children: &mut Children, scaled: Track, floor: i32) {
    let Some(autoscaler) = children.autoscaler.as_mut() else {
        return;
    };
    let spec = &mut autoscaler.spec;
    if scaled == Track::Candidate {
        spec.scale_target_ref.name = names::candidate(&spec.scale_target_ref.name);
    }
    let least = spec.min_replicas.unwrap_or(1).max(floor);
    spec.min_replicas = Some(least.min(spec.max_replicas));
}

#[cfg(test)]
mod tests;
