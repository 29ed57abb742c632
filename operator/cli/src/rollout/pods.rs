//! Who runs what: the Deployments of a service.

use healthcare_crds::{HealthcareService, keys};
use k8s_openapi::api::apps::v1::Deployment;
use kube::ResourceExt;
use serde::Serialize;

/// One Deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pods {
    /// Its name.
    pub deployment: String,
    /// `primary` or `candidate`.
    pub track: String,
    /// Pods that are ready.
    pub ready: i32,
    /// Pods that are wanted.
    pub wanted: i32,
    /// What they run.
    pub image: String,
}

/// Those that the service owns, the candidate before the primary.
pub(super) fn of(service: &HealthcareService, deployments: &[Deployment]) -> Vec<Pods> {
    let uid = service.uid();
    let is_ours = |deployment: &&Deployment| {
        let mut owners = deployment.owner_references().iter();
        owners.any(|owner| Some(&owner.uid) == uid.as_ref())
    };
    let mut found: Vec<_> = deployments.iter().filter(is_ours).map(pods).collect();
    found.sort_by(|a, b| (&a.track, &a.deployment).cmp(&(&b.track, &b.deployment)));
    found
}

fn pods(deployment: &Deployment) -> Pods {
    let spec = deployment.spec.as_ref();
    let status = deployment.status.as_ref();
    let template = spec.map(|spec| &spec.template);
    let track = template
        .and_then(|template| template.metadata.as_ref()?.labels.as_ref()?.get(keys::TRACK))
        .cloned();
    let image = template.and_then(|template| template.spec.as_ref()?.containers.first()?.image.clone());
    Pods {
        deployment: deployment.name_any(),
        track: track.unwrap_or_default(),
        ready: status
            .and_then(|status| status.ready_replicas)
            .unwrap_or_default(),
        wanted: spec.and_then(|spec| spec.replicas).unwrap_or(1),
        image: image.unwrap_or_default(),
    }
}
