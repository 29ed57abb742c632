//! Writes what people say to a rollout. I/O; what may be said is decided in [`crate::rollout`].

use healthcare_crds::HealthcareService;
use healthcare_operator::rollout::Gate;
use kube::api::{Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::json;

use super::ServiceArgs;
use crate::cluster::{Cluster, ClusterError, failed};
use crate::report::Error;
use crate::rollout::{Ask, ask};
use crate::service::full_name;
use crate::style::{STRONG, paint};

/// Who writes the annotation, in `managedFields`.
const MANAGER: &str = "gitops-health";
/// How often the service is read again when somebody else, mostly the operator, writes at the same time.
const TRIES: usize = 8;

/// Says it to the rollout that is under way now, and tells so.
///
/// # Errors
/// When it would do nothing, when another step came in between, or when the cluster cannot be asked.
pub(super) async fn run(
    cluster: &Cluster,
    args: &ServiceArgs,
    gate: Gate,
    step: Option<i32>,
) -> Result<String, Error> {
    let namespace = args.namespace.as_ref().unwrap_or(&cluster.namespace);
    let api = Api::namespaced(cluster.client.clone(), namespace);
    let mut meant = step;
    for _ in 0..TRIES {
        let service = cluster.service(namespace, &args.name).await?;
        let ask = ask(&service, gate, meant)?;
        if ask.is_said || write(&api, &service, &ask).await? {
            return Ok(told(&service, gate, &ask));
        }
        // Read again it may be at the next step, which nobody meant. An abort takes back any.
        meant = Some(ask.rollout.step).filter(|_| gate == Gate::Promote);
    }
    Err(Error::Usage(format!(
        "HealthcareService {namespace}/{} changes all the time, and nothing was written: try again",
        args.name
    )))
}

/// Whether it was written: not when the service has changed since it was read, so that it says nothing to what nobody saw.
async fn write(
    api: &Api<HealthcareService>,
    service: &HealthcareService,
    ask: &Ask,
) -> Result<bool, ClusterError> {
    let patch = json!({"metadata": {
        "resourceVersion": service.resource_version(),
        "annotations": {ask.key: ask.value},
    }});
    let params = PatchParams {
        field_manager: Some(MANAGER.to_owned()),
        ..PatchParams::default()
    };
    match api
        .patch(&service.name_any(), &params, &Patch::Merge(patch))
        .await
    {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        Err(error) => {
            let what = format!("HealthcareService {}", full_name(service));
            Err(failed("annotate", what)(error))
        }
    }
}

fn told(service: &HealthcareService, gate: Gate, ask: &Ask) -> String {
    let name = paint(STRONG, full_name(service));
    let rollout = &ask.rollout;
    let (step, steps, revision) = (rollout.step, rollout.steps, &rollout.revision);
    let already = if ask.is_said { "already " } else { "" };
    match gate {
        Gate::Promote => {
            format!("{name}: step {step} of {steps} of revision {revision} is {already}promoted\n")
        }
        Gate::PromoteFully => format!("{name}: revision {revision} is {already}promoted in full\n"),
        Gate::Abort => format!("{name}: revision {revision} is {already}aborted\n"),
    }
}
