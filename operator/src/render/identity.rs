//! The ServiceAccount.

use k8s_openapi::api::core::v1::ServiceAccount;

use super::{labels, names};
use crate::plan::Plan;

/// An account of the service's own, without a token in the pods.
pub fn service_account(plan: &Plan) -> ServiceAccount {
    let mut metadata = labels::metadata(plan, names::child(plan));
    if !plan.service_account_annotations.is_empty() {
        metadata.annotations = Some(plan.service_account_annotations.clone());
    }
    ServiceAccount {
        metadata,
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}
