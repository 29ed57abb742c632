//! Whether the service outlives a pod, a node, a change.

use serde_json::Value;

use super::pods::each_pod;
use super::{CHANGED, Case};
use crate::compliance::control::{Breach, Seen};
use crate::compliance::input::{Object, field, items, text};
use crate::plan::ReplicasPlan;
use crate::render::ChildKind;

/// Fewest pods of a service that may lose one.
const FEWEST: i64 = 2;
const STOPPED: &str = "stopped on purpose: scaling.minReplicas is 0";

fn is_stopped(case: &Case<'_>) -> bool {
    case.input.plan.replicas == ReplicasPlan::Stopped
}

pub(in crate::compliance) fn replicated(case: &Case<'_>) -> Seen {
    if is_stopped(case) {
        return Ok(STOPPED.to_owned());
    }
    let planned = i64::from(case.input.plan.replicas.minimum());
    let scaled = case
        .input
        .all(ChildKind::HorizontalPodAutoscaler)
        .map(|hpa| hpa.at("/spec/minReplicas").as_i64().unwrap_or(1));
    let fewest = scaled.chain([planned]).min().unwrap_or(planned);
    if fewest < FEWEST {
        return Err(Breach::new(
            format!("{fewest} pod may be all that runs"),
            "set spec.scaling.minReplicas to 2 or more",
        ));
    }
    Ok(format!("at least {fewest} pods run"))
}

pub(in crate::compliance) fn budgeted(case: &Case<'_>) -> Seen {
    if is_stopped(case) {
        return Ok(STOPPED.to_owned());
    }
    let mut budgets = case.input.all(ChildKind::PodDisruptionBudget);
    let Some(budget) = budgets.next() else {
        return Err(Breach::new(
            "no PodDisruptionBudget: a drain may take every pod at once",
            "set spec.scaling.minReplicas to 2 or more, from where on the operator makes one",
        ));
    };
    if keeps_nothing(budget) {
        return Err(Breach::new(
            format!("{} lets every pod go at once", budget.title()),
            "set spec.disruption.minAvailable to 1 or more, or maxUnavailable below 100%",
        ));
    }
    Ok(format!("{} keeps pods through drains", budget.title()))
}

fn keeps_nothing(budget: Object<'_>) -> bool {
    let kept = budget.at("/spec/minAvailable");
    let gone = budget.at("/spec/maxUnavailable");
    let is_none = |value: &Value| value == 0 || value == "0%";
    is_none(kept) || gone == "100%" || kept.is_null() && gone.is_null()
}

/// Pods avoid each other's nodes.
pub(in crate::compliance) fn spread(case: &Case<'_>) -> Seen {
    const NODE: &str = "kubernetes.io/hostname";
    each_pod(case, "pods are spread over nodes", |pod| {
        let rules = field(field(pod.spec, "affinity"), "podAntiAffinity");
        let preferred = items(field(rules, "preferredDuringSchedulingIgnoredDuringExecution"))
            .map(|term| field(term, "podAffinityTerm"));
        let required = items(field(rules, "requiredDuringSchedulingIgnoredDuringExecution"));
        let constraints = items(field(pod.spec, "topologySpreadConstraints"));
        let mut keys = preferred
            .chain(required)
            .chain(constraints)
            .map(|term| text(term, "topologyKey"));
        let seen = format!("{}: nothing keeps the pods off one node", pod.title());
        (!keys.any(|key| key == NODE)).then(|| {
            Breach::new(
                seen,
                "add podAntiAffinity or a topologySpreadConstraint over kubernetes.io/hostname to spec.scheduling, or remove its affinity",
            )
        })
    })
}

/// A change never takes a pod before its successor serves.
pub(in crate::compliance) fn gapless(case: &Case<'_>) -> Seen {
    let gap = case.input.all(ChildKind::Deployment).find(|deployment| {
        let gone = deployment.at("/spec/strategy/rollingUpdate/maxUnavailable");
        deployment.at("/spec/strategy/type") != "RollingUpdate" || !(gone == 0 || gone == "0%")
    });
    match gap {
        Some(deployment) => Err(Breach::new(
            format!("{} may take pods away before others serve", deployment.title()),
            CHANGED,
        )),
        None => Ok("no pod goes before its successor serves".to_owned()),
    }
}

pub(in crate::compliance) fn autoscaled_within_bounds(case: &Case<'_>) -> Seen {
    let ReplicasPlan::Autoscaled(scaling) = &case.input.plan.replicas else {
        return Ok("a fixed number of pods".to_owned());
    };
    let Some(hpa) = case.input.all(ChildKind::HorizontalPodAutoscaler).next() else {
        return Err(Breach::new("there is no HorizontalPodAutoscaler", CHANGED));
    };
    if hpa.list("/spec/metrics").next().is_none() {
        return Err(Breach::new(
            format!("{} has nothing to scale by", hpa.title()),
            CHANGED,
        ));
    }
    Ok(format!(
        "{} keeps between {} and {} pods",
        hpa.title(),
        scaling.min_replicas,
        scaling.max_replicas
    ))
}
