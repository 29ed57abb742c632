//! Brings the children to what is wanted, with as few requests as that takes. I/O.

use healthcare_crds::v1alpha1::{Drift, InventoryEntry};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Patch, PatchParams};
use kube::core::{DynamicObject, PartialObjectMeta};
use kube::{Api, Client};
use serde_json::{Value, json};
use tracing::Instrument;

use crate::ledger::{self, ChildKey, FIELD_MANAGER, Ledger, SCALE_MANAGER, Standing};
use crate::metrics::{ChildOperation, OperatorMetrics};
use crate::outcome::{Applied, Error};
use crate::plan::Plan;
use crate::render::{Child, ChildKind};
use crate::workload::Workload;
use crate::workloads::Workloads;

mod ownership;
mod prune;

/// What applying needs besides the plan.
#[derive(Clone, Copy)]
pub struct Applier<'a> {
    /// The API server.
    pub client: &'a Client,
    /// What is remembered of the children.
    pub ledger: &'a Ledger,
    /// State of the Deployments.
    pub workloads: &'a Workloads,
    /// Counters.
    pub metrics: &'a OperatorMetrics,
    /// The plan that the children were rendered from.
    pub plan: &'a Plan,
    /// Whether existing objects may be taken over.
    pub adopt: bool,
    /// Now, for the drift report (RFC 3339).
    pub now: jiff::Timestamp,
}

/// A child and how it stands. Judged once in a pass: what happens later wakes the service for another.
struct Examined {
    child: Child,
    standing: Standing,
    /// The object of its name, where one was looked for and found.
    found: Option<ObjectMeta>,
}

impl Applier<'_> {
    /// Applies every child in order, sets the number of replicas, then removes what is no longer wanted.
    ///
    /// # Errors
    /// The first failure, with what was achieved until then: its inventory holds all that may exist.
    pub async fn apply(
        &self,
        children: Vec<Child>,
        inventory: &[InventoryEntry],
    ) -> Result<Applied, (Applied, Error)> {
        let mut applied = Applied::default();
        let result = self.apply_all(children, inventory, &mut applied).await;
        let kept = inventory
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

    async fn apply_all(
        &self,
        children: Vec<Child>,
        inventory: &[InventoryEntry],
        applied: &mut Applied,
    ) -> Result<(), Error> {
        let examined = children.into_iter().map(|child| self.examine(child));
        for examined in futures::future::try_join_all(examined).await? {
            self.apply_child(&examined, applied).await?;
            if examined.child.kind == ChildKind::Deployment {
                applied.workload = self.scale(&examined.child.name).await?;
            }
        }
        self.prune(inventory, applied).await
    }

    /// Judges a child, reading the metadata of the object that bears the name of one that is new to this process or
    /// out of sight. An object that is still ours had only left the watch: how it stands is judged again.
    async fn examine(&self, child: Child) -> Result<Examined, Error> {
        let standing = self.standing(&child);
        if !matches!(standing, Standing::Unknown | Standing::Gone) {
            return Ok(Examined {
                child,
                standing,
                found: None,
            });
        }
        let answer = self.metadata_api(child.kind).get_opt(&child.name).await;
        let answer = answer.map_err(|e| Error::api("read", child.kind.kind(), &child.name, e))?;
        let found = answer.map(|object| object.metadata);
        if let Some(sighting) = found.as_ref().and_then(ledger::sighting) {
            self.ledger.saw(&self.key(&child), sighting);
        }
        Ok(Examined {
            standing: self.standing(&child),
            child,
            found,
        })
    }

    async fn apply_child(&self, examined: &Examined, applied: &mut Applied) -> Result<(), Error> {
        let Examined {
            child,
            standing,
            found,
        } = examined;
        let key = self.key(child);
        let uid = match (standing, found) {
            (Standing::Intact, _) => None,
            (Standing::Outdated { uid } | Standing::Changed { uid, .. }, _) => Some(uid.clone()),
            (Standing::Unknown | Standing::Gone, Some(found)) => {
                Some(ownership::check(child, found, self.plan, self.adopt)?)
            }
            (Standing::Unknown | Standing::Gone, None) => {
                applied
                    .created
                    .push(format!("{}/{}", child.kind.kind(), child.name));
                None
            }
        };
        if *standing != Standing::Intact {
            let span = tracing::info_span!("apply", kind = child.kind.kind(), name = %child.name);
            self.patch(child, uid).instrument(span).await?;
            applied.repairs.extend(self.repair(child, standing));
        }
        if let Some(uid) = self.ledger.uid(&key) {
            applied.inventory.push(entry(child, uid));
        }
        Ok(())
    }

    /// One server-side apply. The uid makes it fail rather than change an object that took the child's place.
    async fn patch(&self, child: &Child, uid: Option<String>) -> Result<(), Error> {
        let key = self.key(child);
        let mut body = child.body.clone();
        if let (Some(uid), Some(metadata)) =
            (uid, body.pointer_mut("/metadata").and_then(Value::as_object_mut))
        {
            metadata.insert("uid".to_owned(), json!(uid));
        }
        self.ledger.expect(&key, &self.plan.owner.name);
        let answer = self.send(child, &body).await;
        let metadata = answer.map_err(|error| self.refused(child, &key, error))?;
        if let Some(sighting) = ledger::sighting(&metadata) {
            self.ledger.record(&key, ledger::digest(&child.body), sighting);
        }
        self.metrics.child_written(child.kind, ChildOperation::Apply);
        Ok(())
    }

    async fn send(&self, child: &Child, body: &Value) -> Result<ObjectMeta, kube::Error> {
        let params = PatchParams::apply(FIELD_MANAGER).force();
        if child.kind == ChildKind::Deployment {
            let deployment = self
                .deployments()
                .patch(&child.name, &params, &Patch::Apply(body))
                .await?;
            self.workloads.saw(&deployment);
            return Ok(deployment.metadata);
        }
        let answer = self
            .metadata_api(child.kind)
            .patch(&child.name, &params, &Patch::Apply(body))
            .await?;
        Ok(answer.metadata)
    }

    /// What a refused apply means. One that names another object than the one there now (the API server answers 409,
    /// or 422 about the immutable uid) makes the next pass look again at whose it is.
    fn refused(&self, child: &Child, key: &ChildKey, error: kube::Error) -> Error {
        let (kind, name) = (child.kind.kind(), child.name.clone());
        let replaced = matches!(&error, kube::Error::Api(status)
            if status.code == 409 || status.code == 422 && status.message.contains("metadata.uid"));
        let vanished = matches!(&error, kube::Error::Api(status) if status.code == 404);
        if replaced || vanished {
            self.ledger.forget(key);
        }
        if replaced {
            Error::Replaced { kind, name }
        } else {
            Error::api("apply", kind, &name, error)
        }
    }

    /// Sets `spec.replicas` by its own field manager where it is ours to set: dropping a field from the main
    /// manager would reset it (kubernetes/kubernetes#25238).
    async fn scale(&self, name: &str) -> Result<Option<Workload>, Error> {
        let current = self.workloads.get(&self.plan.owner.namespace, name);
        let Some(number) = current
            .as_ref()
            .and_then(|w| w.replicas_to_set(&self.plan.replicas))
        else {
            return Ok(current);
        };
        let body = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {"replicas": number},
        });
        let params = PatchParams::apply(SCALE_MANAGER).force();
        let answer = self
            .deployments()
            .patch(name, &params, &Patch::Apply(&body))
            .await;
        let deployment = answer.map_err(|e| Error::api("scale", "Deployment", name, e))?;
        self.metrics
            .child_written(ChildKind::Deployment, ChildOperation::Scale);
        self.workloads.saw(&deployment);
        Ok(Workload::of(&deployment))
    }

    fn repair(&self, child: &Child, standing: &Standing) -> Option<Drift> {
        let (change, manager) = match standing {
            Standing::Changed { manager, .. } => ("changed", manager.clone()),
            Standing::Gone => ("deleted", None),
            _ => return None,
        };
        self.metrics.drift_repaired(child.kind);
        Some(Drift {
            kind: child.kind.kind().to_owned(),
            name: child.name.clone(),
            change: change.to_owned(),
            manager,
            time: self.now.to_string(),
        })
    }

    fn standing(&self, child: &Child) -> Standing {
        self.ledger
            .standing(&self.key(child), ledger::digest(&child.body))
    }

    fn key(&self, child: &Child) -> ChildKey {
        self.key_of(child.kind, &child.name)
    }

    fn key_of(&self, kind: ChildKind, name: &str) -> ChildKey {
        ChildKey {
            kind,
            namespace: self.plan.owner.namespace.clone(),
            name: name.to_owned(),
        }
    }

    fn metadata_api(&self, kind: ChildKind) -> Api<PartialObjectMeta<DynamicObject>> {
        Api::namespaced_with(self.client.clone(), &self.plan.owner.namespace, &kind.resource())
    }

    fn deployments(&self) -> Api<Deployment> {
        Api::namespaced(self.client.clone(), &self.plan.owner.namespace)
    }
}

fn entry(child: &Child, uid: String) -> InventoryEntry {
    InventoryEntry {
        api_version: child.kind.api_version(),
        kind: child.kind.kind().to_owned(),
        name: child.name.clone(),
        uid,
    }
}

fn same_object(a: &InventoryEntry, b: &InventoryEntry) -> bool {
    a.kind == b.kind && a.name == b.name && a.api_version == b.api_version
}
