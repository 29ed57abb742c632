//! Writes the status, once, and only when it changed. I/O at the end of a pass.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use healthcare_crds::v1alpha1::{Drift, HealthcareServiceStatus};
use healthcare_crds::{HealthcareService, keys};
use jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use crate::conditions::{Facts, conditions};
use crate::ledger::FIELD_MANAGER;
use crate::outcome::{Applied, Error};
use crate::plan::Plan;
use crate::render::labels;
use crate::workload::Workload;

/// Repairs that the status remembers.
const KEPT_DRIFT: usize = 5;

/// The statuses written last, by uid: a watch may still show an older one.
#[derive(Debug, Default)]
pub struct StatusMemory {
    written: Mutex<HashMap<String, (u64, HealthcareServiceStatus)>>,
}

impl StatusMemory {
    /// The newest status known: what the watch shows, or what was written after that.
    pub fn newest(&self, service: &HealthcareService) -> HealthcareServiceStatus {
        let shown = service.status.clone().unwrap_or_default();
        let uid = service.uid().unwrap_or_default();
        match self.lock().get(&uid) {
            Some((version, written)) if *version > version_of(service) => written.clone(),
            _ => shown,
        }
    }

    /// Forgets a deleted service.
    pub fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    fn record(&self, written: &HealthcareService) {
        let status = written.status.clone().unwrap_or_default();
        self.lock()
            .insert(written.uid().unwrap_or_default(), (version_of(written), status));
    }

    /// A poisoned lock means that a thread panicked between two plain assignments: the data is still whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, (u64, HealthcareServiceStatus)>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
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
    let generation = service.metadata.generation.unwrap_or_default();
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
            Some(service.spec.image.clone())
        },
        url: facts.plan.and_then(url),
        inventory: if facts.paused {
            before.inventory.clone()
        } else {
            applied.inventory.clone()
        },
        drift: drift(&applied.repairs, &before.drift),
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
fn drift(new: &[Drift], before: &[Drift]) -> Vec<Drift> {
    new.iter().rev().chain(before).take(KEPT_DRIFT).cloned().collect()
}

/// Writes the status if it differs from the one known. True when it was written.
///
/// # Errors
/// [`Error::Api`] when the API server refuses.
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
    let body = json!({
        "apiVersion": format!("{}/v1alpha1", keys::GROUP),
        "kind": "HealthcareService",
        "metadata": {"name": name, "uid": service.uid()},
        "status": status,
    });
    let answer = api
        .patch_status(
            &name,
            &PatchParams::apply(FIELD_MANAGER).force(),
            &Patch::Apply(&body),
        )
        .await;
    match answer {
        Ok(written) => {
            memory.record(&written);
            Ok(true)
        }
        // The service was deleted meanwhile: there is nobody to report to.
        Err(kube::Error::Api(answer)) if matches!(answer.code, 404 | 409) => Ok(false),
        Err(error) => Err(Error::api(
            "report the status of",
            "HealthcareService",
            &name,
            error,
        )),
    }
}

#[cfg(test)]
mod tests;
