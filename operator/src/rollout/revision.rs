//! Revisions: what a service ran, and may go back to. Pure.

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::{HealthcareServiceSpec, PodTemplate};
use k8s_openapi::api::apps::v1::ControllerRevision;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde::{Deserialize, Serialize};

use crate::digest::digest;
use crate::template;

/// A spec, and the pods that were made of it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Revision {
    /// The whole spec.
    pub spec: HealthcareServiceSpec,
    /// The pod template of the primary.
    pub template: PodTemplateSpec,
    /// Value of the annotation that asks for a new pod template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_requested_at: Option<String>,
}

impl Revision {
    /// What an object keeps. None when it holds something else.
    pub fn of(object: ControllerRevision) -> Option<Self> {
        serde_json::from_value(object.data?.0).ok()
    }

    /// The service as it was at that time, with the metadata that it has now.
    pub fn service(&self, now: &HealthcareService) -> HealthcareService {
        HealthcareService {
            spec: self.spec.clone(),
            ..now.clone()
        }
    }

    /// What the status tells of its pods while they are in use.
    pub fn pod_template(&self) -> PodTemplate {
        let template = serde_json::to_value(&self.template).unwrap_or_default();
        PodTemplate {
            digest: format!("{:x}", digest(&template)),
            spec_digest: template::spec_digest(&self.spec),
            requested_at: self.template_requested_at.clone(),
        }
    }

    /// Whether another spec, with this wish for a new template, asks for the same pods.
    pub fn has_pods_of(&self, spec: &HealthcareServiceSpec, template_requested_at: Option<&str>) -> bool {
        let is_wished =
            template_requested_at.is_some_and(|wish| self.template_requested_at.as_deref() != Some(wish));
        !is_wished && template::spec_digest(&self.spec) == template::spec_digest(spec)
    }
}
