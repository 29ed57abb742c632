//! The budget for voluntary evictions.

use healthcare_crds::v1alpha1::Disruption;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::ReplicasPlan;

/// Pods kept by default.
const KEPT: i32 = 2;

/// What a PodDisruptionBudget allows.
#[derive(Clone, Debug, PartialEq)]
pub enum DisruptionPlan {
    /// So many stay.
    MinAvailable(IntOrString),
    /// So many may go.
    MaxUnavailable(IntOrString),
}

/// A budget that leaves a drain possible; none for a service of fewer than two pods, where any budget either
/// blocks the drain or protects nothing.
pub(super) fn plan(wanted: Option<&Disruption>, replicas: &ReplicasPlan) -> Option<DisruptionPlan> {
    let minimum = replicas.minimum();
    if minimum < 2 {
        return None;
    }
    let wanted = wanted.cloned().unwrap_or_default();
    Some(match (wanted.min_available, wanted.max_unavailable) {
        (Some(kept), _) => DisruptionPlan::MinAvailable(kept),
        (None, Some(gone)) => DisruptionPlan::MaxUnavailable(gone),
        (None, None) => DisruptionPlan::MinAvailable(IntOrString::Int(KEPT.min(minimum - 1))),
    })
}
