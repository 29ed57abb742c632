//! The names under which the operator writes, as they stand in `managedFields`. Pure.

use crate::managed::ManagedEntry;

/// Field manager of everything but the number of replicas.
pub const FIELD_MANAGER: &str = "healthcare-operator";
/// Field manager of `spec.replicas` of the Deployments.
pub const SCALE_MANAGER: &str = "healthcare-operator-scale";
/// Field manager of repairs that server-side apply cannot make: it takes nothing out that others put in.
pub const REPAIR_MANAGER: &str = "healthcare-operator-repair";

/// Whether an entry is the one that our applies keep.
pub fn is_ours(entry: &ManagedEntry) -> bool {
    entry.manager.as_deref() == Some(FIELD_MANAGER)
        && entry.operation.as_deref() == Some("Apply")
        && entry.is_about_the_object()
}
