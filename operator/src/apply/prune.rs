//! Removes children that are no longer wanted, by the inventory of what was made. I/O.

use healthcare_crds::v1alpha1::InventoryEntry;
use kube::api::{DeleteParams, Preconditions, PropagationPolicy};

use super::{Applier, same_object};
use crate::metrics::ChildOperation;
use crate::outcome::{Applied, Error};
use crate::plan::Plan;
use crate::refusals::is_conflict;
use crate::render::ChildKind;

/// ConfigMaps kept for rollback, the current one included.
const KEPT_CONFIG_MAPS: usize = 3;

impl Applier<'_> {
    /// Deletes what the inventory lists and the plan no longer has. Runs only after every apply succeeded.
    pub(super) async fn prune(&self, applied: &mut Applied) -> Result<(), Error> {
        let current: Vec<_> = applied.inventory.clone();
        let left = self
            .inventory
            .iter()
            .filter(|old| !current.iter().any(|new| same_object(old, new)));
        let (kept, surplus) = sort_out(left, &current, self.plan, applied);
        applied.inventory.extend(kept);
        for (position, old) in surplus.iter().enumerate() {
            let Some(kind) = ChildKind::of(&old.api_version, &old.kind) else {
                continue;
            };
            if let Err(error) = self.delete(kind, old).await {
                applied.inventory.extend(surplus.iter().skip(position).cloned());
                return Err(error);
            }
            applied.removed.push(format!("{}/{}", old.kind, old.name));
        }
        Ok(())
    }

    /// Deletes one object if it still is the one that was made: another of the same name has another uid.
    pub(super) async fn delete(&self, kind: ChildKind, old: &InventoryEntry) -> Result<(), Error> {
        self.ledger.forget(&self.key_of(kind, &old.name));
        let params = DeleteParams {
            preconditions: Some(Preconditions {
                uid: Some(old.uid.clone()),
                resource_version: None,
            }),
            propagation_policy: Some(PropagationPolicy::Background),
            ..DeleteParams::default()
        };
        match self.metadata_api(kind).delete(&old.name, &params).await {
            Ok(_) => self.metrics.child_written(kind, ChildOperation::Delete),
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) if is_conflict(&error) && !self.exists(kind, old).await? => {}
            Err(error) => return Err(Error::api("delete", kind.kind(), &old.name, error)),
        }
        Ok(())
    }

    /// Whether the object is still there. A conflict alone need not mean that another one took its place.
    async fn exists(&self, kind: ChildKind, old: &InventoryEntry) -> Result<bool, Error> {
        let found = self.metadata_api(kind).get_opt(&old.name).await;
        let found = found.map_err(|e| Error::api("read", kind.kind(), &old.name, e))?;
        Ok(found.is_some_and(|found| found.metadata.uid.as_ref() == Some(&old.uid)))
    }
}

/// Splits what is left over into what stays for a while and what goes. Earlier ConfigMaps stay for rollback: the
/// newest two besides the current one, and those of a service that has no settings any more until its pods have
/// moved on.
fn sort_out<'a>(
    left: impl Iterator<Item = &'a InventoryEntry>,
    current: &[InventoryEntry],
    plan: &Plan,
    applied: &Applied,
) -> (Vec<InventoryEntry>, Vec<InventoryEntry>) {
    let (configs, others): (Vec<_>, Vec<_>) = left.cloned().partition(|entry| entry.kind == "ConfigMap");
    let rolled_out = applied
        .workload
        .as_ref()
        .is_some_and(|w| w.is_rolled_out(plan.replicas.minimum()));
    let in_use = current.iter().filter(|entry| entry.kind == "ConfigMap").count();
    let keep = if in_use == 0 && rolled_out {
        0
    } else {
        KEPT_CONFIG_MAPS - in_use.min(KEPT_CONFIG_MAPS)
    };
    let kept: Vec<_> = configs.iter().take(keep).cloned().collect();
    let surplus = configs.into_iter().skip(keep).chain(others).collect();
    (kept, surplus)
}
