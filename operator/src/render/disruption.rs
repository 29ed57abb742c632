//! The PodDisruptionBudget.

use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};

use super::{labels, names};
use crate::plan::{DisruptionPlan, Plan};

/// Pods that are not ready may always be evicted: a broken service must not block a drain (KEP-3017).
pub fn disruption_budget(plan: &Plan) -> Option<PodDisruptionBudget> {
    let (min_available, max_unavailable) = match plan.disruption.clone()? {
        DisruptionPlan::MinAvailable(kept) => (Some(kept), None),
        DisruptionPlan::MaxUnavailable(gone) => (None, Some(gone)),
    };
    Some(PodDisruptionBudget {
        metadata: labels::metadata(plan, names::child(plan)),
        spec: Some(PodDisruptionBudgetSpec {
            min_available,
            max_unavailable,
            selector: Some(labels::all_tracks(plan)),
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
        }),
        status: None,
    })
}
