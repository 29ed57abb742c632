//! Brings the children to what is wanted, with as few requests as that takes. I/O.

use healthcare_crds::v1alpha1::InventoryEntry;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tracing::Instrument;

use crate::contests::Contests;
use crate::field_managers::FIELD_MANAGER;
use crate::foreign;
use crate::ledger::{self, ChildKey, Ledger, Standing};
use crate::metadata::ChildView;
use crate::metrics::{ChildOperation, OperatorMetrics};
use crate::outcome::{Applied, Error};
use crate::plan::Plan;
use crate::refusals::{is_conflict, is_invalid};
use crate::render::{Child, ChildKind, names};
use crate::rollout::sizes::Sizes;
use crate::template::Choice;
use crate::workload::DeploymentView;
use crate::workloads::Workloads;

mod contested;
pub mod ownership;
mod prune;
mod repair;
mod scale;
mod template;

/// What applying needs besides the plan.
#[derive(Clone, Copy)]
pub struct Applier<'a> {
    /// The API server.
    pub client: &'a Client,
    /// What is remembered of the children.
    pub ledger: &'a Ledger,
    /// Children that somebody else changes again and again.
    pub contests: &'a Contests,
    /// State of the Deployments.
    pub workloads: &'a Workloads,
    /// Counters.
    pub metrics: &'a OperatorMetrics,
    /// The plan that the children were rendered from.
    pub plan: &'a Plan,
    /// Whether existing objects may be taken over.
    pub adopt: bool,
    /// The pod template to use.
    pub template: &'a Choice,
    /// Number of pods of each Deployment.
    pub sizes: &'a Sizes,
    /// Everything that was made for the service, as far as is known.
    pub inventory: &'a [InventoryEntry],
    /// Whether the last status spoke of this generation of the spec.
    pub is_observed: bool,
    /// Now, for the drift report (RFC 3339).
    pub now: jiff::Timestamp,
}

/// What an apply may meet.
enum Target {
    /// Just this object: an apply to another one fails.
    Object(String),
    /// The same, after everything that does not belong was taken out: what others still own may stay.
    Restored(String),
    /// None of the child's name.
    Nothing,
}

/// No object has this version (etcd begins after it): an apply that names it makes an object or fails with a conflict,
/// but changes none.
const NO_VERSION: &str = "1";

impl Applier<'_> {
    /// Applies every child in order, sets the number of replicas, then removes what is no longer wanted. The children are left
    /// as they were applied.
    ///
    /// # Errors
    /// The first failure, with what was achieved until then: its inventory holds all that may exist.
    pub async fn apply(&self, children: &mut [Child]) -> Result<Applied, (Applied, Error)> {
        let mut applied = Applied {
            template: Some(self.template.clone()),
            ..Applied::default()
        };
        let result = self.apply_all(children, &mut applied).await;
        let kept = self
            .inventory
            .iter()
            .filter(|old| !applied.inventory.iter().any(|new| same_object(old, new)));
        match result {
            Ok(()) => Ok(applied),
            Err(error) => {
                let kept: Vec<_> = kept.cloned().collect();
                applied.inventory.extend(kept);
                Err((applied, error))
            }
        }
    }

    async fn apply_all(&self, children: &mut [Child], applied: &mut Applied) -> Result<(), Error> {
        let mut contested = None;
        for child in children {
            self.ledger
                .recall(self.plan, child, self.inventory, self.is_observed);
            let standing = self.standing(child);
            if self.is_contested(child, &standing) {
                contested = contested.or_else(|| Some(contested::error(child, &standing)));
            } else if standing != Standing::Intact {
                self.use_template(child, applied).await?;
                let span = tracing::info_span!("apply", kind = child.kind.kind(), name = %child.name);
                self.settle(child, standing, applied).instrument(span).await?;
            } else {
                self.ledger.found_intact(&self.key(child));
            }
            applied.inventory.extend(self.entry(child));
            if child.kind == ChildKind::Deployment {
                let workload = self.scale(&child.name).await?;
                if child.name == names::child(self.plan) {
                    applied.workload = workload;
                }
            }
        }
        match contested {
            Some(error) => Err(error),
            None => self.prune(applied).await,
        }
    }

    async fn settle(&self, child: &Child, standing: Standing, applied: &mut Applied) -> Result<(), Error> {
        match standing {
            Standing::Intact => Ok(()),
            Standing::Outdated { uid } => self.write(child, uid).await,
            Standing::Disturbed(disturbance) => self.repair(child, &disturbance, applied).await,
            Standing::Unproven => self.take(child, applied).await,
            Standing::Absent => {
                if self.make(child, applied).await? {
                    applied
                        .created
                        .push(format!("{}/{}", child.kind.kind(), child.name));
                }
                Ok(())
            }
            Standing::Gone => {
                if self.make(child, applied).await? {
                    self.repaired(child, "deleted", None, applied);
                }
                Ok(())
            }
        }
    }

    /// Makes a child where no object bears its name; otherwise sees what that object is. True when it was made.
    async fn make(&self, child: &Child, applied: &mut Applied) -> Result<bool, Error> {
        match self.patch(child, Target::Nothing).await {
            Ok(_) => Ok(true),
            Err(error) if is_conflict(&error) => self.take(child, applied).await.map(|()| false),
            Err(error) => Err(Error::api("create", child.kind.kind(), &child.name, error)),
        }
    }

    /// Brings an object that is there already to what is wanted, if it is ours or may be taken over. One that had only left
    /// the watch is judged again.
    async fn take(&self, child: &Child, applied: &mut Applied) -> Result<(), Error> {
        let (kind, name) = (child.kind.kind(), &child.name);
        let answer = self.metadata_api(child.kind).get_opt(name).await;
        let answer = answer.map_err(|e| Error::api("read", kind, name, e))?;
        let Some(found) = answer else {
            return Err(self.replaced(child));
        };
        let known = self.known_uid(child);
        let uid = ownership::check(child, &found.metadata, self.plan, self.adopt, known.as_deref())?;
        if let Some(sighting) = ledger::sighting(&found) {
            self.ledger.saw(&self.key(child), sighting);
        }
        match self.standing(child) {
            Standing::Intact => Ok(()),
            Standing::Disturbed(disturbance) => self.repair(child, &disturbance, applied).await,
            _ => self.write(child, uid).await,
        }
    }

    /// The object that was made for the service. The inventory may list one of which the ledger knows nothing: the answer to the
    /// request that made it never came.
    fn known_uid(&self, child: &Child) -> Option<String> {
        let listed = || child.listed(self.inventory).map(|entry| entry.uid.clone());
        self.ledger.uid(&self.key(child)).or_else(listed)
    }

    /// Applies to an object of ours, and takes out what others had added to it.
    async fn write(&self, child: &Child, uid: String) -> Result<(), Error> {
        match self.patch(child, Target::Object(uid.clone())).await {
            Ok(true) => Ok(()),
            Ok(false) => self.restore(child, &uid).await.map(|_| ()),
            // Somebody put one with another content in its place.
            Err(error) if child.kind.is_immutable() && is_invalid(&error) => self.remake(child, uid).await,
            Err(error) => Err(self.refused(child, "apply", error)),
        }
    }

    /// One server-side apply. True when nothing stands in the object that does not belong.
    async fn patch(&self, child: &Child, target: Target) -> kube::Result<bool> {
        let key = self.key(child);
        let mut body = child.body.clone();
        match &target {
            Target::Object(uid) | Target::Restored(uid) => {
                put(&mut body, "/metadata", "uid", Some(json!(uid)));
                self.keep_replicas(child, &mut body);
            }
            Target::Nothing => {
                put(&mut body, "/metadata", "resourceVersion", Some(json!(NO_VERSION)));
                self.begin_with_replicas(child, &mut body);
            }
        }
        let deleted = self.ledger.expect(&key, &self.plan.owner.name);
        let answer = match self.send(child, &body).await {
            Err(error) if is_conflict(&error) => self.send_again(child, body, error).await,
            answer => answer,
        };
        let answer = answer.inspect_err(|_| self.ledger.unsettled(&key, deleted))?;
        self.metrics.child_written(child.kind, ChildOperation::Apply);
        let Some(answer) = ledger::sighting(&answer) else {
            return Ok(true);
        };
        let tolerated = self.ledger.fingerprint(&key).map_or(0, |left| left.added);
        let added = ledger::digest_of_additions(&answer.added);
        let clean = added == tolerated
            || matches!(target, Target::Restored(_))
            || foreign::unwanted(&answer.added, &child.body).is_empty();
        let stays = if clean { added } else { tolerated };
        self.ledger.record(&key, child.digest, &answer, stays);
        Ok(clean)
    }

    async fn send(&self, child: &Child, body: &Value) -> kube::Result<ChildView> {
        let params = PatchParams::apply(FIELD_MANAGER).force();
        if child.kind == ChildKind::Deployment {
            let deployment = self
                .deployments()
                .patch(&child.name, &params, &Patch::Apply(body))
                .await?;
            self.workloads.saw(&deployment);
            return Ok(deployment.child);
        }
        let children = self.metadata_api(child.kind);
        children.patch(&child.name, &params, &Patch::Apply(body)).await
    }

    /// What a refused write means. One that names another object than the one there now (the API server answers 409,
    /// or 422 about the immutable uid) makes the next pass look again at whose it is.
    fn refused(&self, child: &Child, action: &'static str, error: kube::Error) -> Error {
        let replaced = is_conflict(&error) || is_invalid(&error) && is_of_another(&error.to_string());
        if replaced {
            return self.replaced(child);
        }
        if matches!(&error, kube::Error::Api(status) if status.code == 404) {
            self.ledger.forget(&self.key(child));
        }
        Error::api(action, child.kind.kind(), &child.name, error)
    }

    fn replaced(&self, child: &Child) -> Error {
        self.ledger.forget(&self.key(child));
        Error::Replaced {
            kind: child.kind.kind(),
            name: child.name.clone(),
        }
    }

    fn standing(&self, child: &Child) -> Standing {
        self.ledger.standing(&self.key(child), child.digest)
    }

    /// What the status tells of a child.
    fn entry(&self, child: &Child) -> Option<InventoryEntry> {
        let key = self.key(child);
        Some(InventoryEntry {
            api_version: child.kind.api_version(),
            kind: child.kind.kind().to_owned(),
            name: child.name.clone(),
            uid: self.ledger.uid(&key)?,
            fingerprint: self.ledger.fingerprint(&key).map(|left| left.to_string()),
        })
    }

    fn key(&self, child: &Child) -> ChildKey {
        self.key_of(child.kind, &child.name)
    }

    fn key_of(&self, kind: ChildKind, name: &str) -> ChildKey {
        ChildKey::of(kind, self.plan, name)
    }

    fn metadata_api(&self, kind: ChildKind) -> Api<ChildView> {
        Api::namespaced_with(self.client.clone(), &self.plan.owner.namespace, &kind.resource())
    }

    fn deployments(&self) -> Api<DeploymentView> {
        Api::namespaced(self.client.clone(), &self.plan.owner.namespace)
    }
}

/// Whether a refusal is about the identity of the object, or about its controller: an earlier service of the name.
fn is_of_another(message: &str) -> bool {
    message.contains("metadata.uid") || message.contains("Only one reference can have Controller set to true")
}

/// Sets a field of an object within a body, or takes it out.
fn put(body: &mut Value, place: &str, field: &str, value: Option<Value>) {
    if let Some(object) = body.pointer_mut(place).and_then(Value::as_object_mut) {
        match value {
            Some(value) => object.insert(field.to_owned(), value),
            None => object.remove(field),
        };
    }
}

fn same_object(a: &InventoryEntry, b: &InventoryEntry) -> bool {
    a.kind == b.kind && a.name == b.name && a.api_version == b.api_version
}
