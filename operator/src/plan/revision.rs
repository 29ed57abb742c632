//! The spec as it is kept.

use healthcare_crds::v1alpha1::HealthcareServiceSpec;
use healthcare_crds::{HealthcareService, keys};
use kube::ResourceExt;

use super::Plan;
use crate::digest::stable;

/// A spec to be kept, so that a later one that fails can give way to it.
#[derive(Clone, Debug, PartialEq)]
pub struct RevisionPlan {
    /// Name of the object that keeps it.
    pub name: String,
    /// The spec.
    pub spec: HealthcareServiceSpec,
    /// Value of the annotation that asks for a new pod template.
    pub template_requested_at: Option<String>,
}

impl Plan {
    /// The same under the name that the revision was given when it was kept: the digest of a spec may change with its schema.
    #[must_use]
    pub fn of_revision(mut self, name: Option<&str>) -> Self {
        if let Some(name) = name {
            name.clone_into(&mut self.revision.name);
        }
        self
    }
}

/// The name stands for the spec and for the wish for a new template, not for what an operator makes of them: another release
/// may make other pods. What only holds the operator's hands is not part of it.
pub(super) fn plan(service: &HealthcareService) -> RevisionPlan {
    let spec = HealthcareServiceSpec {
        paused: false,
        ..service.spec.clone()
    };
    let text = serde_json::to_value(&spec).unwrap_or_default().to_string();
    let wish = service.annotations().get(keys::TEMPLATE_REQUESTED_AT).cloned();
    let digest = stable(&[&text, wish.as_deref().unwrap_or_default()]) >> 24;
    RevisionPlan {
        name: format!("{}-{digest:010x}", service.name_any()),
        spec,
        template_requested_at: wish,
    }
}
