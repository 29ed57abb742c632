//! The ControllerRevision that keeps a spec and its pods. Pure.

use k8s_openapi::api::apps::v1::{ControllerRevision, Deployment};
use k8s_openapi::apimachinery::pkg::runtime::RawExtension;

use super::{ChildKind, RenderError, labels};
use crate::plan::Plan;
use crate::rollout::Revision;

/// Keeps what a later rollout may have to go back to: the spec for what is around the pods, and the pod template itself,
/// of which another release of the operator would perhaps make another. Its content never changes; its name stands for it.
pub fn revision(plan: &Plan, deployment: &Deployment) -> Result<ControllerRevision, RenderError> {
    let data = Revision {
        spec: plan.revision.spec.clone(),
        template: deployment.spec.clone().unwrap_or_default().template,
        template_requested_at: plan.revision.template_requested_at.clone(),
    };
    let data = serde_json::to_value(data).map_err(|source| RenderError::Json {
        kind: ChildKind::ControllerRevision.kind(),
        source,
    })?;
    Ok(ControllerRevision {
        metadata: labels::metadata(plan, &plan.revision.name),
        data: Some(RawExtension(data)),
        // Counted by those who keep a history of them; here the name tells which is which.
        revision: 1,
    })
}
