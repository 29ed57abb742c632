//! The number of replicas. I/O.
//!
//! A Deployment is made with it. From then on it belongs to whoever sets it: the autoscaler, a person, or the operator by
//! a field manager of its own. Until somebody does, the main manager has to send along what is there: a field that it
//! drops and nobody else owns would be reset (kubernetes/kubernetes#25238). It does so with the version in which it saw
//! the number, so that what an autoscaler decides meanwhile is never overwritten.

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::{Applier, put};
use crate::field_managers::SCALE_MANAGER;
use crate::metadata::ChildView;
use crate::metrics::ChildOperation;
use crate::outcome::Error;
use crate::plan::ReplicasPlan;
use crate::refusals::is_conflict;
use crate::render::{Child, ChildKind, names};
use crate::workload::{ReplicasOwner, Workload};

/// How often a Deployment is sent again whose version was another by then.
const TRIES: usize = 3;

impl Applier<'_> {
    /// Adds to a Deployment that is to be made the number of pods to begin with.
    pub(super) fn begin_with_replicas(&self, child: &Child, body: &mut Value) {
        if child.kind == ChildKind::Deployment {
            let number = self.size(&child.name).minimum();
            put(body, "/spec", "replicas", Some(json!(number)));
        }
    }

    /// Who decides on the number of pods of a Deployment.
    fn size(&self, name: &str) -> &ReplicasPlan {
        let candidate = self.sizes.candidate.as_ref();
        let candidate = candidate.filter(|_| name != names::child(self.plan));
        candidate.unwrap_or(&self.sizes.primary)
    }

    /// Adds to a Deployment the number of pods that it has, and the version in which it has it, as long as nobody has set
    /// another since it was made.
    pub(super) fn keep_replicas(&self, child: &Child, body: &mut Value) {
        if child.kind != ChildKind::Deployment {
            return;
        }
        let known = self.workloads.get(&self.plan.owner.namespace, &child.name);
        let kept = known.filter(|known| known.replicas_owner == ReplicasOwner::Maker);
        let version = kept.as_ref().map(|kept| json!(kept.resource_version.to_string()));
        put(body, "/spec", "replicas", kept.map(|kept| json!(kept.wanted)));
        put(body, "/metadata", "resourceVersion", version);
    }

    /// Sends a Deployment that was refused for its version again, with the number of pods of the newest one: its status
    /// moves all the time.
    pub(super) async fn send_again(
        &self,
        child: &Child,
        mut body: Value,
        refusal: kube::Error,
    ) -> kube::Result<ChildView> {
        let uid = body.pointer("/metadata/uid").cloned();
        let Some(uid) = uid.filter(|_| child.kind == ChildKind::Deployment) else {
            return Err(refusal);
        };
        let mut last = refusal;
        for _ in 0..TRIES {
            let found = self.deployments().get_opt(&child.name).await?;
            let Some(found) = found.filter(|found| found.child.metadata.uid.as_deref() == uid.as_str())
            else {
                break;
            };
            self.workloads.saw(&found);
            self.keep_replicas(child, &mut body);
            match self.send(child, &body).await {
                Err(error) if is_conflict(&error) => last = error,
                answer => return answer,
            }
        }
        Err(last)
    }

    /// Sets `spec.replicas` by its own field manager where it is ours to set.
    pub(super) async fn scale(&self, name: &str) -> Result<Option<Workload>, Error> {
        let current = self.workloads.get(&self.plan.owner.namespace, name);
        let Some(number) = current.as_ref().and_then(|w| w.replicas_to_set(self.size(name))) else {
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
}
