//! Labels, selectors and the metadata every child shares.

use std::collections::BTreeMap;

use healthcare_crds::keys;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta, OwnerReference};

use crate::plan::{Owner, Plan};

/// Value of the track label of the stable pods.
pub const PRIMARY: &str = "primary";

/// Value of the track label of a rollout's own pods.
pub const CANDIDATE: &str = "candidate";

const KIND: &str = "HealthcareService";

/// Labels of every child. No `app.kubernetes.io/instance`: Argo CD's label tracking would take the child for
/// one of its own and prune it.
pub fn common(plan: &Plan) -> BTreeMap<String, String> {
    let mut labels = plan.owner.labels.clone();
    labels.extend(identity(&plan.owner.name));
    labels
}

/// Labels of the pods. Only what never changes: a changed label restarts them.
pub fn pod(plan: &Plan) -> BTreeMap<String, String> {
    let mut labels = identity(&plan.owner.name);
    labels.insert(keys::APP.to_owned(), plan.owner.name.clone());
    labels.insert(keys::TRACK.to_owned(), PRIMARY.to_owned());
    labels
}

/// Selector of the stable pods, for the Deployment and the Service. Immutable on a Deployment.
pub fn selector(plan: &Plan) -> BTreeMap<String, String> {
    let mut labels = crate::plan::pod_labels(&plan.owner.name);
    labels.insert(keys::TRACK.to_owned(), PRIMARY.to_owned());
    labels
}

/// Selector of all pods of the service, of whatever track.
pub fn all_tracks(plan: &Plan) -> LabelSelector {
    LabelSelector {
        match_labels: Some(crate::plan::pod_labels(&plan.owner.name)),
        match_expressions: None,
    }
}

/// A selector as text, as the scale subresource reports it.
pub fn selector_text(labels: &BTreeMap<String, String>) -> String {
    labels
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect::<Vec<_>>()
        .join(",")
}

/// Metadata of a child: name, namespace, labels, and the owner that it goes with.
pub fn metadata(plan: &Plan, name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some(plan.owner.namespace.clone()),
        labels: Some(common(plan)),
        owner_references: Some(vec![owner_reference(&plan.owner)]),
        ..ObjectMeta::default()
    }
}

fn owner_reference(owner: &Owner) -> OwnerReference {
    OwnerReference {
        api_version: format!("{}/v1alpha1", keys::GROUP),
        kind: KIND.to_owned(),
        name: owner.name.clone(),
        uid: owner.uid.clone(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// Whether an owner is a `HealthcareService`, of whatever version.
pub fn is_service(owner: &OwnerReference) -> bool {
    owner.kind == KIND && owner.api_version.split('/').next() == Some(keys::GROUP)
}

fn identity(name: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("app.kubernetes.io/name".to_owned(), name.to_owned()),
        (
            "app.kubernetes.io/managed-by".to_owned(),
            keys::MANAGED_BY.to_owned(),
        ),
        (keys::SERVICE.to_owned(), name.to_owned()),
    ])
}
