//! The ConfigMap: immutable and named by its content, so that a rollback finds the old one.

use k8s_openapi::api::core::v1::ConfigMap;

use super::{labels, names};
use crate::plan::Plan;

/// The settings of the service, none when it has none.
pub fn config_map(plan: &Plan) -> Option<ConfigMap> {
    let name = names::config_map(plan)?;
    Some(ConfigMap {
        metadata: labels::metadata(plan, &name),
        data: Some(plan.config.clone()),
        immutable: Some(true),
        binary_data: None,
    })
}
