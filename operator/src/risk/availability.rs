//! How many pods run, where, and how many may go.

use healthcare_crds::v1alpha1::{Disruption, HealthcareServiceSpec, Scaling, Scheduling};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::tally::Tally;

pub(super) fn scaling(from: &Scaling, to: &Scaling, tally: &mut Tally) {
    let Scaling {
        min_replicas,
        max_replicas,
        target_cpu_utilization,
        target_memory_utilization,
        metrics,
        behavior,
    } = to;
    fewest(from.min_replicas, *min_replicas, tally);
    most(from.max_replicas, *max_replicas, tally);
    target("CPU", from.target_cpu_utilization, *target_cpu_utilization, tally);
    target(
        "memory",
        from.target_memory_utilization,
        *target_memory_utilization,
        tally,
    );
    if from.metrics != *metrics {
        tally.add("ScalingMetricsChanged", 5, "pods are added by other metrics");
    }
    if from.behavior != *behavior {
        tally.add(
            "ScalingBehaviorChanged",
            3,
            "pods are added and taken away at another pace",
        );
    }
}

fn fewest(from: i32, to: i32, tally: &mut Tally) {
    let message = format!("from {from} to {to} pods at least");
    match to {
        to if to >= from => {}
        0 => tally.add("ServiceStopped", 50, format!("{message}: no pod serves any more")),
        1 => tally.add(
            "MinReplicasLowered",
            20,
            format!("{message}: nothing serves while it restarts"),
        ),
        to if to <= from / 2 => tally.add("MinReplicasLowered", 14, message),
        _ => tally.add("MinReplicasLowered", 8, message),
    }
}

fn most(from: i32, to: i32, tally: &mut Tally) {
    let message = format!("from {from} to {to} pods at most: peaks may find too few");
    match to {
        to if to >= from => {}
        to if to <= from / 2 => tally.add("MaxReplicasLowered", 12, message),
        _ => tally.add("MaxReplicasLowered", 6, message),
    }
}

/// 0 turns a target off.
fn target(of: &str, from: i32, to: i32, tally: &mut Tally) {
    let message = match (from, to) {
        (from, to) if from == to || from == 0 => return,
        (_, 0) => format!("the use of {of} no longer adds pods"),
        (from, to) if to > from => format!("pods are added only at {to}% use of {of}, not {from}%"),
        _ => return,
    };
    tally.add("AutoscalingLoosened", 5, message);
}

/// Both budgets for the fewest pods from before: that these change is another factor.
pub(super) fn disruption(from: &HealthcareServiceSpec, to: Option<&Disruption>, tally: &mut Tally) {
    let pods = from.scaling.min_replicas;
    if pods < 2 {
        return;
    }
    let before = kept(from.disruption.as_ref(), pods);
    let after = kept(to, pods);
    if after < before {
        let message = format!("of {pods} pods a drain must leave {after}, not {before}");
        let points = if after <= 0 { 16 } else { 8 };
        tally.add("DisruptionLoosened", points, message);
    }
}

/// Pods that an eviction must leave, as the disruption controller counts them: percentages are rounded up.
fn kept(budget: Option<&Disruption>, pods: i32) -> i32 {
    let Disruption {
        min_available,
        max_unavailable,
    } = budget.cloned().unwrap_or_default();
    match (min_available, max_unavailable) {
        (Some(kept), _) => share(&kept, pods),
        (None, Some(gone)) => pods.saturating_sub(share(&gone, pods)),
        (None, None) => (pods - 1).min(2),
    }
    .max(0)
}

fn share(of: &IntOrString, pods: i32) -> i32 {
    match of {
        IntOrString::Int(number) => *number,
        IntOrString::String(text) => {
            let percent: i32 = text.trim_end_matches('%').parse().unwrap_or_default();
            percent.saturating_mul(pods).saturating_add(99) / 100
        }
    }
}

pub(super) fn scheduling(from: Option<&Scheduling>, to: Option<&Scheduling>, tally: &mut Tally) {
    let from = from.cloned().unwrap_or_default();
    let Scheduling {
        node_selector,
        tolerations,
        affinity,
        priority_class_name,
        topology_spread_constraints,
    } = to.cloned().unwrap_or_default();
    let changes = [
        (from.node_selector != node_selector, "nodeSelector"),
        (from.tolerations != tolerations, "tolerations"),
        (from.affinity != affinity, "affinity"),
        (
            from.priority_class_name != priority_class_name,
            "priorityClassName",
        ),
        (
            from.topology_spread_constraints != topology_spread_constraints,
            "topologySpreadConstraints",
        ),
    ];
    let mut parts = Tally::default();
    for (_, name) in changes.into_iter().filter(|(changed, _)| *changed) {
        let message = format!("{name} changed: pods may find no node, or fewer zones");
        parts.add("SchedulingChanged", 5, message);
    }
    tally.add_capped(15, parts);
}

pub(super) fn paused(from: bool, to: bool, tally: &mut Tally) {
    match (from, to) {
        (false, true) => tally.add("Paused", 5, "changes by others are no longer repaired"),
        (true, false) => tally.add("Resumed", 5, "everything that waited is written at once"),
        _ => {}
    }
}
