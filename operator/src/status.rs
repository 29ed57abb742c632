//! Writes the status, once, and only when it changed. I/O at the end of a pass.

use std::collections::HashMap;
use std::sync::Mutex;

use healthcare_crds::v1alpha1::{Drift, HealthcareServiceStatus};
use healthcare_crds::{HealthcareService, keys};
use jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use crate::conditions::{Facts, conditions};
use crate::field_managers::FIELD_MANAGER;
use crate::generations::generation;
use crate::locked::lock;
use crate::outcome::{Applied, Error};
use crate::plan::Plan;
use crate::refusals::is_conflict;
use crate::render::labels;
use crate::workload::Workload;

/// Repairs that the status remembers.
const KEPT_DRIFT: usize = 5;

/// The statuses written last, by uid: a watch may still show an older one.
#[derive(Debug, Default)]
pub struct StatusMemory {
    written: Mutex<HashMap<String, Written>>,
}

/// What the API server answered to a write of a status.
#[derive(Debug)]
struct Written {
    version: u64,
    status: HealthcareServiceStatus,
}

impl StatusMemory {
    /// The newest status known: what the watch shows, or what was written after that.
    pub fn newest(&self, service: &HealthcareService) -> HealthcareServiceStatus {
        let shown = service.status.clone().unwrap_or_default();
        let uid = service.uid().unwrap_or_default();
        match lock(&self.written).get(&uid) {
            Some(written) if written.version > version_of(service) => written.status.clone(),
            _ => shown,
        }
    }

    /// Drops what the watch shows by now.
    pub fn shown(&self, service: &HealthcareService) {
        let uid = service.metadata.uid.as_deref().unwrap_or_default();
        let mut written = lock(&self.written);
        if written
            .get(uid)
            .is_some_and(|written| written.version <= version_of(service))
        {
            written.remove(uid);
        }
    }

    /// The version that a write of the status replaces: as the watch shows it, or as we left it after that.
    fn newest_version(&self, service: &HealthcareService) -> u64 {
        let uid = service.uid().unwrap_or_default();
        let written = lock(&self.written).get(&uid).map(|written| written.version);
        version_of(service).max(written.unwrap_or_default())
    }

    /// Forgets a deleted service.
    pub fn forget(&self, uid: &str) {
        lock(&self.written).remove(uid);
    }

    fn record(&self, written: &HealthcareService) {
        let entry = Written {
            version: version_of(written),
            status: written.status.clone().unwrap_or_default(),
        };
        lock(&self.written).insert(written.uid().unwrap_or_default(), entry);
    }
}

fn version_of(service: &HealthcareService) -> u64 {
    service
        .resource_version()
        .and_then(|v| v.parse().ok())
        .unwrap_or_default()
}

/// What is to be reported after a pass. Pure.
pub fn report(
    service: &HealthcareService,
    facts: &Facts<'_>,
    applied: &Applied,
    before: &HealthcareServiceStatus,
    now: Timestamp,
) -> HealthcareServiceStatus {
    let generation = generation(service);
    let workload = facts.workload;
    let requested = service.annotations().get(keys::RECONCILE_REQUESTED_AT).cloned();
    HealthcareServiceStatus {
        observed_generation: Some(generation),
        conditions: conditions(facts, generation, &before.conditions, now),
        replicas: Some(workload.map_or(0, |w| w.replicas)),
        ready_replicas: Some(workload.map_or(0, |w| w.ready)),
        available: Some(available(workload)),
        selector: facts
            .plan
            .map(|plan| labels::selector_text(&labels::selector(plan)))
            .or_else(|| before.selector.clone()),
        image: if facts.paused {
            before.image.clone()
        } else {
            facts
                .plan
                .map(|plan| plan.image.clone())
                .or_else(|| before.image.clone())
        },
        url: facts.plan.and_then(url),
        inventory: if facts.paused {
            before.inventory.clone()
        } else {
            applied.inventory.clone()
        },
        pod_template: match &applied.template {
            Some(choice) => Some(choice.record().clone()),
            None => before.pod_template.clone(),
        },
        drift: drift(applied, &before.drift),
        rollout: facts.rollout.cloned(),
        compliance: facts.compliance.status(before.compliance.as_ref()),
        last_handled_reconcile_at: requested.or_else(|| before.last_handled_reconcile_at.clone()),
    }
}

fn available(workload: Option<&Workload>) -> String {
    workload.map_or_else(|| "0/0".to_owned(), |w| format!("{}/{}", w.available, w.wanted))
}

fn url(plan: &Plan) -> Option<String> {
    plan.exposure.as_ref()?.url()
}

/// Newest first.
fn drift(applied: &Applied, before: &[Drift]) -> Vec<Drift> {
    let new = applied.repairs.iter().rev().map(|repair| &repair.drift);
    new.chain(before).take(KEPT_DRIFT).cloned().collect()
}

/// Writes the status if it differs from the one known. True when it was written.
///
/// The write carries the version that it was drawn up for. A uid would not do: for the status of a custom resource the
/// API server puts the stored metadata in the place of what was sent before it compares, so that the status of a
/// deleted service could be written to one that was made after it under its name.
///
/// # Errors
/// [`Error::Api`] when the API server refuses, also because somebody else has written a status since: a later pass knows
/// more.
pub async fn write(
    client: &Client,
    memory: &StatusMemory,
    service: &HealthcareService,
    before: &HealthcareServiceStatus,
    status: &HealthcareServiceStatus,
) -> Result<bool, Error> {
    if before == status {
        return Ok(false);
    }
    let name = service.name_any();
    let api: Api<HealthcareService> =
        Api::namespaced(client.clone(), &service.namespace().unwrap_or_default());
    let mut answer = send(&api, &name, memory.newest_version(service), status).await;
    if answer.as_ref().is_err_and(is_conflict)
        && let Some(version) = unchanged(&api, service, before).await
    {
        answer = send(&api, &name, version, status).await;
    }
    match answer {
        Ok(written) => {
            memory.record(&written);
            Ok(true)
        }
        // The service was deleted meanwhile: there is nobody to report to.
        Err(kube::Error::Api(answer)) if answer.code == 404 => Ok(false),
        Err(error) => Err(Error::api(
            "report the status of",
            "HealthcareService",
            &name,
            error,
        )),
    }
}

async fn send(
    api: &Api<HealthcareService>,
    name: &str,
    version: u64,
    status: &HealthcareServiceStatus,
) -> kube::Result<HealthcareService> {
    let body = json!({
        "apiVersion": format!("{}/v1alpha1", keys::GROUP),
        "kind": "HealthcareService",
        "metadata": {"name": name, "resourceVersion": version.to_string()},
        "status": status,
    });
    let params = PatchParams::apply(FIELD_MANAGER).force();
    api.patch_status(name, &params, &Patch::Apply(&body)).await
}

/// The version of the service now, if it is the same one and its status still the one known: then somebody changed only
/// something else, and what this pass did must not go unreported.
async fn unchanged(
    api: &Api<HealthcareService>,
    service: &HealthcareService,
    before: &HealthcareServiceStatus,
) -> Option<u64> {
    let now = api.get(&service.name_any()).await.ok()?;
    let same = now.uid() == service.uid() && now.status.clone().unwrap_or_default() == *before;
    same.then(|| version_of(&now))
}

#[cfg(test)]
mod tests;
