//! One pass over one service: plan → render → apply → conditions → status.

use std::sync::Arc;
use std::time::Duration;

use healthcare_crds::v1alpha1::{HealthcareServiceStatus, condition as types};
use healthcare_crds::{HealthcareService, keys};
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use kube::{Api, ResourceExt};

use crate::access;
use crate::apply::Applier;
use crate::conditions::Facts;
use crate::context::Context;
use crate::events;
use crate::outcome::{Applied, Error, Retry};
use crate::plan::{Plan, pod_labels};
use crate::pods::{self, PodFault};
use crate::render::{self, labels};
use crate::status;
use crate::workload::Workload;

/// Pause between looks at a refusal that only a person can lift, such as a name taken by a foreign object.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// Shortest and longest pause between looks at pods that do not serve yet.
const POD_LOOKS: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// Brings one service to what its spec says, and reports.
///
/// # Errors
/// [`Error`] with [`Retry::Backoff`]: to be tried again after a pause.
#[tracing::instrument(name = "reconcile", skip_all, fields(namespace = service.namespace(), name = %service.name_any()))]
pub async fn reconcile(service: Arc<HealthcareService>, ctx: Arc<Context>) -> Result<Action, Error> {
    if service.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change());
    }
    let before = ctx.statuses.newest(&service);
    let plan = Plan::new(&service, &ctx.defaults, *ctx.capabilities.borrow()).map_err(Error::from);
    let (applied, error) = match &plan {
        Ok(plan) if service.spec.paused => (observed(&ctx, plan), None),
        Ok(plan) => converge(&ctx, &service, plan, &before).await,
        Err(_) => (
            Applied {
                inventory: before.inventory.clone(),
                ..Applied::default()
            },
            None,
        ),
    };
    let (plan, error) = match plan {
        Ok(plan) => (Some(plan), error),
        Err(invalid) => (None, Some(invalid)),
    };
    let status = assess(&ctx, &service, plan.as_ref(), &applied, error.as_ref(), &before).await?;
    if status::write(&ctx.client, &ctx.statuses, &service, &before, &status).await? {
        ctx.metrics.status_written();
        let events = events::transitions(&service, &before, &status, &applied);
        events::publish(&ctx.recorder, &service, events).await;
    }
    ctx.metrics
        .service_observed(&service, is_true(&status, types::READY));
    next(error, &status, ctx.clock.now())
}

/// Renders and applies.
async fn converge(
    ctx: &Context,
    service: &HealthcareService,
    plan: &Plan,
    before: &HealthcareServiceStatus,
) -> (Applied, Option<Error>) {
    let applier = Applier {
        client: &ctx.client,
        ledger: &ctx.ledger,
        workloads: &ctx.workloads,
        metrics: &ctx.metrics,
        plan,
        adopt: service
            .annotations()
            .get(keys::ADOPT)
            .is_some_and(|value| value == "true"),
        now: ctx.clock.now(),
    };
    let rendered = render::children(plan).and_then(render::Children::into_list);
    match rendered {
        Ok(children) => match applier.apply(children, &before.inventory).await {
            Ok(done) => (done, None),
            Err((done, error)) => (done, Some(error)),
        },
        Err(error) => (
            Applied {
                inventory: before.inventory.clone(),
                ..observed(ctx, plan)
            },
            Some(error.into()),
        ),
    }
}

/// What is known without touching anything.
fn observed(ctx: &Context, plan: &Plan) -> Applied {
    let workload = ctx.workloads.get(&plan.owner.namespace, &plan.owner.name);
    Applied {
        workload,
        ..Applied::default()
    }
}

/// Looks at the pods where that tells something, and draws up the status.
async fn assess(
    ctx: &Context,
    service: &HealthcareService,
    plan: Option<&Plan>,
    applied: &Applied,
    error: Option<&Error>,
    before: &HealthcareServiceStatus,
) -> Result<HealthcareServiceStatus, Error> {
    let workload = applied.workload.clone().or_else(|| {
        ctx.workloads
            .get(&service.namespace().unwrap_or_default(), &service.name_any())
    });
    let fault = match (plan, &workload) {
        (Some(plan), Some(workload)) => look_at_pods(ctx, plan, workload).await?,
        _ => None,
    };
    let find = |namespace: &str, name: &str| ctx.services.get(&ObjectRef::new(name).within(namespace));
    let access = access::inconsistencies(service, find);
    let facts = Facts {
        plan,
        paused: service.spec.paused,
        error,
        workload: workload.as_ref(),
        fault: fault.as_ref(),
        access: access.as_deref(),
        wants_monitoring: wants_monitoring(service),
    };
    Ok(status::report(service, &facts, applied, before, ctx.clock.now()))
}

/// Lists the service's pods, only while some of them do not serve.
async fn look_at_pods(ctx: &Context, plan: &Plan, workload: &Workload) -> Result<Option<PodFault>, Error> {
    if workload.wanted == 0 || workload.is_rolled_out(plan.replicas.minimum()) && workload.is_available {
        return Ok(None);
    }
    let selector = labels::selector_text(&pod_labels(&plan.owner.name));
    let api: Api<Pod> = Api::namespaced(ctx.client.clone(), &plan.owner.namespace);
    let list = api.list(&ListParams::default().labels(&selector)).await;
    let list = list.map_err(|e| Error::api("list the pods of", "HealthcareService", &plan.owner.name, e))?;
    Ok(pods::worst(&list.items))
}

fn wants_monitoring(service: &HealthcareService) -> bool {
    let observability = service.spec.observability.clone().unwrap_or_default();
    observability.metrics.enabled || observability.alerts.enabled || observability.slo.is_some()
}

/// When to look again: only while something is under way that no watch tells about.
fn next(
    error: Option<Error>,
    status: &HealthcareServiceStatus,
    now: jiff::Timestamp,
) -> Result<Action, Error> {
    match error {
        // Refusals too: a quota is raised, a policy lifted, and no watch tells.
        Some(error) if error.retry() == Retry::Backoff || matches!(error, Error::Api { .. }) => Err(error),
        Some(error) => {
            tracing::warn!(reason = error.reason(), %error, "refused");
            Ok(Action::requeue(LOOK_AGAIN))
        }
        None if is_true(status, types::RECONCILING) || is_true(status, types::STALLED) => {
            Ok(Action::requeue(pause_between_looks(status, now)))
        }
        None => Ok(Action::await_change()),
    }
}

/// A quarter of the time that the service has not been ready, within bounds.
fn pause_between_looks(status: &HealthcareServiceStatus, now: jiff::Timestamp) -> Duration {
    let since = status
        .conditions
        .iter()
        .find(|c| c.type_ == types::READY)
        .map_or(now, |c| c.last_transition_time.0);
    let waited = now.duration_since(since).unsigned_abs();
    (waited / 4).clamp(POD_LOOKS.0, POD_LOOKS.1)
}

fn is_true(status: &HealthcareServiceStatus, type_: &str) -> bool {
    status
        .conditions
        .iter()
        .any(|c| c.type_ == type_ && c.status == "True")
}
