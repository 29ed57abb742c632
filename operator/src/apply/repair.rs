//! Puts right what others did to a child. I/O.

use healthcare_crds::v1alpha1::{Drift, InventoryEntry};
use kube::Api;
use kube::api::{Patch, PatchParams};
use kube::core::DynamicObject;

use super::{Applier, Target};
use crate::field_managers::REPAIR_MANAGER;
use crate::foreign::{self, Addition};
use crate::ledger::{self, Disturbance};
use crate::metadata::ChildView;
use crate::metrics::ChildOperation;
use crate::outcome::{Applied, Error, Repair};
use crate::render::{Child, ChildKind};

/// Fields that a drift entry names.
const NAMED_FIELDS: usize = 8;

impl Applier<'_> {
    /// At most two writes: one that takes out what does not belong, where there is such, and one apply, where something
    /// of ours was changed.
    pub(super) async fn repair(
        &self,
        child: &Child,
        disturbance: &Disturbance,
        applied: &mut Applied,
    ) -> Result<(), Error> {
        let Disturbance { uid, changed, .. } = disturbance;
        let unwanted = foreign::unwanted(&disturbance.added, &child.body);
        let by_others = unwanted.iter().any(|addition| is_by_others(addition));
        if unwanted.is_empty() && !changed {
            // What others own of it is as we want it, or went by itself.
            self.ledger.tolerate(&self.key(child));
            return Ok(());
        }
        if *changed && !by_others {
            self.write(child, uid.clone()).await?;
        } else if !self.restore(child, uid).await? {
            let answer = self.patch(child, Target::Restored(uid.clone())).await;
            answer.map_err(|error| self.refused(child, "apply", error))?;
        }
        let change = match (changed, by_others) {
            (true, false) => "changed",
            (true, true) => "changed and added",
            (false, true) => "added",
            (false, false) => return Ok(()),
        };
        self.repaired(child, change, Some(disturbance), applied);
        Ok(())
    }

    /// Makes everything that is ours alone what is wanted and nothing else, in one write. Server-side apply takes nothing
    /// out that others put in, and cannot put an item back into a list beside a changed one that collides with it. True when our
    /// `managedFields` entry is as it was, so that nothing is left to be applied.
    pub(super) async fn restore(&self, child: &Child, uid: &str) -> Result<bool, Error> {
        let (kind, name) = (child.kind.kind(), &child.name);
        let namespace = &self.plan.owner.namespace;
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), namespace, &child.kind.resource());
        let live = api
            .get_opt(name)
            .await
            .map_err(|e| Error::api("read", kind, name, e))?;
        let live = live.filter(|live| live.metadata.uid.as_deref() == Some(uid));
        let live = live.and_then(|live| serde_json::to_value(live).ok());
        let patch = live.and_then(|live| foreign::restoration(&live, &child.body));
        let patch = patch.and_then(|patch| serde_json::from_value(patch).ok());
        let Some(patch) = patch.map(Patch::Json::<()>) else {
            return Err(self.replaced(child));
        };
        let params = PatchParams {
            field_manager: Some(REPAIR_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let answer = api.patch(name, &params, &patch).await;
        let answer = answer.map_err(|error| self.refused(child, "restore", error))?;
        self.metrics.child_written(child.kind, ChildOperation::Restore);
        self.saw_restored(child, &answer);
        Ok(self.record_restored(child, &answer))
    }

    /// Makes a child anew whose content cannot be changed.
    pub(super) async fn remake(&self, child: &Child, uid: String) -> Result<(), Error> {
        let old = InventoryEntry {
            api_version: child.kind.api_version(),
            kind: child.kind.kind().to_owned(),
            name: child.name.clone(),
            uid,
            fingerprint: None,
        };
        self.delete(child.kind, &old).await?;
        let answer = self.patch(child, Target::Nothing).await;
        answer
            .map(|_| ())
            .map_err(|error| self.refused(child, "create", error))
    }

    /// What is applied next goes to this version.
    fn saw_restored(&self, child: &Child, answer: &DynamicObject) {
        let json = (child.kind == ChildKind::Deployment).then(|| serde_json::to_value(answer));
        if let Some(Ok(deployment)) = json.and_then(Result::ok).map(serde_json::from_value) {
            self.workloads.saw(&deployment);
        }
    }

    /// What others still own now may stay: it is what we want, or what the API server puts in by itself.
    fn record_restored(&self, child: &Child, answer: &DynamicObject) -> bool {
        let key = self.key(child);
        let (Some(left), Some(seen)) = (
            self.ledger.fingerprint(&key),
            ledger::sighting(&ChildView::of(&answer.metadata)),
        ) else {
            return false;
        };
        let is_whole = seen.owned == Some(left.owned) && left.desired == child.digest;
        let added = ledger::digest_of_additions(&seen.added);
        if is_whole {
            self.ledger.record(&key, left.desired, &seen, added);
        }
        is_whole
    }

    pub(super) fn repaired(
        &self,
        child: &Child,
        change: &str,
        disturbance: Option<&Disturbance>,
        applied: &mut Applied,
    ) {
        self.metrics.drift_repaired(child.kind);
        let (manager, fields) = disturbance.map(culprit).unwrap_or_default();
        let drift = Drift {
            kind: child.kind.kind().to_owned(),
            name: child.name.clone(),
            change: change.to_owned(),
            fields,
            manager,
            time: self.now.to_string(),
        };
        applied.repairs.push(Repair {
            drift,
            resource_version: disturbance.map(|disturbance| disturbance.resource_version),
        });
    }
}

/// What an earlier repair put back is nobody's deed.
fn is_by_others(addition: &Addition) -> bool {
    addition.manager.as_deref() != Some(REPAIR_MANAGER)
}

/// Who did it and where: those who own what they should not, else who wrote last.
fn culprit(disturbance: &Disturbance) -> (Option<String>, Vec<String>) {
    let added = disturbance.added.iter();
    let added: Vec<_> = added.filter(|addition| is_by_others(addition)).collect();
    let fields = added.iter().map(|addition| addition.path.to_string());
    let manager = added.iter().find_map(|addition| addition.manager.clone());
    (
        manager.or_else(|| disturbance.manager.clone()),
        fields.take(NAMED_FIELDS).collect(),
    )
}
