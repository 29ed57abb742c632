//! Reads the pod template that is in use. I/O.

use kube::Api;
use kube::core::DynamicObject;

use super::Applier;
use crate::digest::deployment_digest;
use crate::ledger;
use crate::metadata::ChildView;
use crate::outcome::{Applied, Error};
use crate::render::{Child, ChildKind, names};
use crate::template::{self, Choice};

impl Applier<'_> {
    /// Gives the primary, or the revision that keeps it, when it must be written, the template that its pods run with, where that is to stay. Where somebody has
    /// put another one in its place, the pods restart anyway: with the newest.
    pub(super) async fn use_template(&self, child: &mut Child, applied: &mut Applied) -> Result<(), Error> {
        let (Choice::InUse { newest, .. }, Some(place)) =
            (self.template, place(child, names::child(self.plan)))
        else {
            return Ok(());
        };
        let (kind, name) = (ChildKind::Deployment, names::child(self.plan));
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &self.plan.owner.namespace, &kind.resource());
        let live = api.get_opt(name).await;
        let live = live.map_err(|e| Error::api("read", kind.kind(), name, e))?;
        let left = self.ledger.fingerprint(&self.key_of(kind, name));
        let as_left = |live: &DynamicObject| {
            let seen = ledger::sighting(&ChildView::of(&live.metadata));
            seen.is_some_and(|seen| left.is_some_and(|left| left.template == seen.template))
        };
        let live = live.filter(as_left);
        let in_use = live
            .and_then(|live| serde_json::to_value(live).ok())
            .and_then(|live| template::in_use(&live));
        if let (Some(in_use), Some(place)) = (in_use, child.body.pointer_mut(place)) {
            *place = in_use;
        } else if child.kind == kind {
            child.digest = deployment_digest(&child.body, &newest.digest);
            applied.template = Some(Choice::Newest(newest.clone()));
        }
        Ok(())
    }
}

/// Where the primary's template stands in a child, if it does.
fn place(child: &Child, primary: &str) -> Option<&'static str> {
    match child.kind {
        ChildKind::Deployment if child.name == primary => Some("/spec/template"),
        ChildKind::ControllerRevision => Some("/data/template"),
        _ => None,
    }
}
