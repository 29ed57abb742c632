//! What services of a cluster are compared with: the revision that served well last. I/O.

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::RolloutPhase;
use healthcare_operator::risk::History;
use healthcare_operator::rollout::{Revision, last_good};
use k8s_openapi::api::apps::v1::ControllerRevision;
use kube::{Api, ResourceExt};

use crate::cluster::{Cluster, ClusterError, failed};
use crate::commands::diff::live::keep_annotations;
use crate::commands::render::identify;
use crate::report::Error;
use crate::risk::{Before, Proposal};
use crate::service::full_name;
use crate::style::{WARN, paint};

/// Services with what they are compared with, and what could not be compared as the operator does.
pub(super) async fn proposals(
    cluster: &Cluster,
    services: Vec<HealthcareService>,
) -> Result<(Vec<Proposal>, Vec<String>), Error> {
    let (mut proposals, mut notes) = (Vec::new(), Vec::new());
    for mut service in services {
        let stored = identify(cluster, &mut service).await?;
        keep_annotations(&mut service, stored.as_ref());
        let (before, compared_with) = match &stored {
            Some(stored) => before(cluster, stored, &mut notes).await?,
            None => (Before::Nothing, "nothing: it is not in the cluster".to_owned()),
        };
        proposals.push(Proposal {
            service,
            before,
            compared_with,
            history: stored.as_ref().map(history).unwrap_or_default(),
        });
    }
    Ok((proposals, notes))
}

/// As the operator takes it, except that a spec whose revision is gone is compared with the spec: a score of 0 would hide the
/// change.
async fn before(
    cluster: &Cluster,
    stored: &HealthcareService,
    notes: &mut Vec<String>,
) -> Result<(Before, String), ClusterError> {
    let live = || {
        (
            Before::Spec(Box::new(stored.spec.clone())),
            "the spec in the cluster".to_owned(),
        )
    };
    let status = stored.status.as_ref();
    let Some(rollout) = status.and_then(|status| status.rollout.as_ref()) else {
        return Ok(live());
    };
    let Some(name) = last_good(rollout) else {
        return Ok((Before::Nothing, "nothing: none of it has served yet".to_owned()));
    };
    if let Some(revision) = revision(cluster, stored, name).await? {
        return Ok((Before::Revision(Box::new(revision)), format!("revision {name}")));
    }
    notes.push(format!(
        "{}: {}: ControllerRevision {name} is gone, so that the operator has nothing to go back to: compared with the spec",
        paint(WARN, "warning"),
        full_name(stored)
    ));
    Ok(live())
}

async fn revision(
    cluster: &Cluster,
    service: &HealthcareService,
    name: &str,
) -> Result<Option<Revision>, ClusterError> {
    let namespace = service.namespace().unwrap_or_default();
    let api: Api<ControllerRevision> = Api::namespaced(cluster.client.clone(), &namespace);
    let found = api.get_opt(name).await;
    let found = found.map_err(failed("read", format!("ControllerRevision {namespace}/{name}")))?;
    Ok(found.and_then(Revision::of))
}

fn history(stored: &HealthcareService) -> History {
    let rollout = stored.status.as_ref().and_then(|status| status.rollout.as_ref());
    History {
        last_rollout_failed: rollout.is_some_and(|rollout| rollout.phase == RolloutPhase::RolledBack),
        error_budget_spent: None,
    }
}
