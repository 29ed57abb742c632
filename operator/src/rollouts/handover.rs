//! Rollouts that another process began. I/O.

use healthcare_crds::HealthcareService;
use kube::{Api, ResourceExt};

use crate::context::Context;
use crate::outcome::Error;
use crate::queue::Key;
use crate::rollout;

/// The service as it is now, before this process carries its rollout on for the first time: the watch may lag behind what the
/// leader before wrote last, and a step that was taken must not be taken back. None where the watch is good enough.
///
/// # Errors
/// When the API server cannot be asked.
pub async fn taken_over(
    ctx: &Context,
    service: &HealthcareService,
) -> Result<Option<HealthcareService>, Error> {
    let rollout = service.status.as_ref().and_then(|status| status.rollout.as_ref());
    let is_under_way =
        rollout.is_some_and(|now| now.last_good_revision.is_some() && !rollout::is_over(now.phase));
    if !is_under_way || ctx.revisions.knows(&Key::from(service)) {
        return Ok(None);
    }
    let name = service.name_any();
    let api: Api<HealthcareService> =
        Api::namespaced(ctx.client.clone(), &service.namespace().unwrap_or_default());
    let found = api.get_opt(&name).await;
    let found = found.map_err(|e| Error::api("read", "HealthcareService", &name, e))?;
    let found = found.filter(|found| found.uid() == service.uid());
    if let Some(found) = &found {
        // No later pass may go back behind that.
        ctx.generations.learn(found);
    }
    Ok(found)
}
