//! One pass over one service: plan → render → apply → conditions → status.

use healthcare_crds::v1alpha1::{HealthcareServiceStatus, InventoryEntry, RolloutStatus, condition as types};
use healthcare_crds::{HealthcareService, keys};
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::{Api, ResourceExt};

use crate::access;
use crate::apply::Applier;
use crate::compliance::Judgement;
use crate::conditions::Facts;
use crate::context::Context;
use crate::events;
use crate::judge::{Case, Planned, judge};
use crate::outcome::{Applied, Error, Next};
use crate::plan::{Plan, pod_labels};
use crate::pods::{self, PodFault, Turn};
use crate::queue::Key;
use crate::render::labels;
use crate::rollout;
use crate::rollouts;
use crate::status;
use crate::template::Choice;
use crate::workload::Workload;

mod again;

/// Brings one service to what its spec says, and reports.
///
/// # Errors
/// [`Error`] with [`Retry::Backoff`](crate::outcome::Retry::Backoff): to be tried again after a pause.
#[tracing::instrument(name = "reconcile", skip_all, fields(namespace = service.namespace(), name = %service.name_any()))]
pub async fn reconcile(service: &HealthcareService, ctx: &Context) -> Result<Next, Error> {
    if service.metadata.deletion_timestamp.is_some() {
        return Ok(Next::OnChange);
    }
    let taken_over = rollouts::taken_over(ctx, service).await?;
    let service = taken_over.as_ref().unwrap_or(service);
    if ctx.generations.is_ahead_of(service) {
        // The watch is about to show it, and asks for a pass then.
        return Ok(Next::OnChange);
    }
    let before = ctx.statuses.newest(service);
    let inventory = ctx.strays.added_to(&before.inventory, service);
    let Converged {
        plan,
        applied,
        planned,
        rollout,
        error,
    } = Box::pin(attempt(ctx, service, &before, &inventory)).await;
    // Should anything fail from here on, a later pass must know of it.
    ctx.strays.made(service, &before.inventory, &applied.inventory);
    let case = Case {
        service,
        before: &before,
        inventory: if planned.is_some() {
            &applied.inventory
        } else {
            &inventory
        },
    };
    let judgement = judge(ctx, &case, planned.as_ref(), plan.as_ref());
    // What was decided counts only once it is so.
    let decided = planned.filter(|_| rollout.is_some()).map(|planned| planned.plan);
    let plan = decided.or(plan);
    let rollout = rollout.or_else(|| before.rollout.clone());
    let outcome = Outcome {
        plan: plan.as_ref(),
        rollout: rollout.as_ref(),
        applied: &applied,
        error: error.as_ref(),
        judgement: &judgement,
    };
    let status = assess(ctx, service, &outcome, &before).await?;
    let is_news = status::write(&ctx.client, &ctx.statuses, service, &before, &status).await?;
    ctx.strays.reported(service, &status.inventory);
    if error.is_none() && !service.spec.paused {
        // Those that were not wanted are gone.
        ctx.strays.reported(service, &inventory);
    }
    if is_news {
        tell(ctx, service, &before, &status, &applied);
    }
    ctx.metrics
        .service_observed(service, is_true(&status, types::READY));
    let next_look = ctx.looks.pause(&Key::from(service), ctx.clock.now());
    let settings = service.spec.rollout.clone().unwrap_or_default();
    let pace = status.rollout.as_ref().filter(|_| !service.spec.paused);
    let pace = pace.and_then(|now| rollout::pause(before.rollout.as_ref(), now, &settings, ctx.clock.now()));
    again::next(error, &status, next_look, pace).map(|next| next.within(judgement.holds_for()))
}

/// Counts a written status, and makes Events of what it tells that is new.
fn tell(
    ctx: &Context,
    service: &HealthcareService,
    before: &HealthcareServiceStatus,
    status: &HealthcareServiceStatus,
    applied: &Applied,
) {
    ctx.metrics.status_written();
    let events = events::transitions(service, before, status, applied);
    ctx.events.publish(service, events);
}

/// What a pass has come to, before it is told.
struct Outcome<'a> {
    plan: Option<&'a Plan>,
    rollout: Option<&'a RolloutStatus>,
    applied: &'a Applied,
    error: Option<&'a Error>,
    judgement: &'a Judgement,
}

/// What a pass brought about, and how far the rollout is by that.
struct Converged {
    /// Plan of the spec, none when it cannot be planned.
    plan: Option<Plan>,
    applied: Applied,
    /// What the children were to be, none when the pass did not come to decide it.
    planned: Option<Planned>,
    /// State of the rollout, none when the pass did not get through.
    rollout: Option<RolloutStatus>,
    error: Option<Error>,
}

impl Converged {
    fn nothing(plan: Option<Plan>, applied: Applied) -> Self {
        Self {
            plan,
            applied,
            planned: None,
            rollout: None,
            error: None,
        }
    }
}

/// Plans and applies, unless somebody holds the operator's hands.
async fn attempt(
    ctx: &Context,
    service: &HealthcareService,
    before: &HealthcareServiceStatus,
    inventory: &[InventoryEntry],
) -> Converged {
    let plan = Plan::new(service, &ctx.defaults, *ctx.capabilities.borrow());
    match plan {
        Ok(plan) if service.spec.paused => {
            let observed = observed(ctx, &plan);
            Converged::nothing(Some(plan), observed)
        }
        Ok(plan) => Box::pin(converge(ctx, service, plan, before, inventory)).await,
        Err(invalid) => {
            let untouched = Applied {
                inventory: before.inventory.clone(),
                ..Applied::default()
            };
            Converged {
                error: Some(invalid.into()),
                ..Converged::nothing(None, untouched)
            }
        }
    }
}

/// Decides what the children are, and applies them.
async fn converge(
    ctx: &Context,
    service: &HealthcareService,
    plan: Plan,
    before: &HealthcareServiceStatus,
    inventory: &[InventoryEntry],
) -> Converged {
    let mut step = match rollouts::step(ctx, service, &plan, before).await {
        Ok(step) => step,
        Err(error) => {
            let untouched = Applied {
                inventory: before.inventory.clone(),
                ..observed(ctx, &plan)
            };
            return Converged {
                error: Some(error),
                ..Converged::nothing(Some(plan), untouched)
            };
        }
    };
    let writer = Applier {
        client: &ctx.client,
        ledger: &ctx.ledger,
        contests: &ctx.contests,
        workloads: &ctx.workloads,
        metrics: &ctx.metrics,
        plan: &step.plan,
        adopt: service
            .annotations()
            .get(keys::ADOPT)
            .is_some_and(|value| value == "true"),
        template: &step.template,
        sizes: &step.sizes,
        inventory,
        is_observed: before.observed_generation == service.metadata.generation,
        now: ctx.clock.now(),
    };
    let (applied, error) = match writer.apply(&mut step.children).await {
        Ok(applied) => (applied, None),
        Err((applied, error)) => (applied, Some(error)),
    };
    Converged {
        plan: Some(plan),
        planned: Some(Planned {
            plan: step.plan,
            children: step.children,
            is_template_pending: applied.template.as_ref().is_some_and(Choice::is_pending),
        }),
        rollout: error.is_none().then_some(step.rollout),
        applied,
        error,
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
    outcome: &Outcome<'_>,
    before: &HealthcareServiceStatus,
) -> Result<HealthcareServiceStatus, Error> {
    let Outcome {
        plan,
        rollout,
        applied,
        error,
        judgement,
    } = *outcome;
    let workload = applied.workload.clone().or_else(|| {
        ctx.workloads
            .get(&service.namespace().unwrap_or_default(), &service.name_any())
    });
    let fault = match (plan, &workload) {
        (Some(plan), Some(workload)) => look_at_pods(ctx, service, plan, workload, before).await?,
        _ => None,
    };
    let access = access::inconsistencies(service, |callee| ctx.services.get(callee));
    let facts = Facts {
        plan,
        paused: service.spec.paused,
        error,
        workload: workload.as_ref(),
        fault: fault.as_ref(),
        rollout,
        access: access.as_deref(),
        template_pending: applied.template.as_ref().is_some_and(Choice::is_pending),
        wants_monitoring: wants_monitoring(service),
        compliance: judgement,
    };
    Ok(status::report(service, &facts, applied, before, ctx.clock.now()))
}

/// Why pods do not serve, by looks that grow rarer.
async fn look_at_pods(
    ctx: &Context,
    service: &HealthcareService,
    plan: &Plan,
    workload: &Workload,
    before: &HealthcareServiceStatus,
) -> Result<Option<PodFault>, Error> {
    let (key, now) = (Key::from(service), ctx.clock.now());
    let minimum = plan.replicas.minimum();
    if workload.wanted == 0 || workload.is_rolled_out(minimum) && workload.serves(minimum) {
        ctx.looks.forget(&key);
        return Ok(None);
    }
    match ctx.looks.turn(
        &key,
        workload,
        unready_since(before, now),
        now,
        ctx.started.elapsed(),
    ) {
        Turn::Found(fault) => Ok(fault),
        Turn::Look => {
            let fault = list_pods(ctx, plan).await?;
            ctx.looks.looked(&key, fault.as_ref(), now);
            Ok(fault)
        }
    }
}

async fn list_pods(ctx: &Context, plan: &Plan) -> Result<Option<PodFault>, Error> {
    let selector = labels::selector_text(&pod_labels(&plan.owner.name));
    let api: Api<Pod> = Api::namespaced(ctx.client.clone(), &plan.owner.namespace);
    let list = api.list(&ListParams::default().labels(&selector)).await;
    let list = list.map_err(|e| Error::api("list the pods of", "HealthcareService", &plan.owner.name, e))?;
    Ok(pods::worst(&list.items))
}

/// Since when the service has not been ready; now, as far as the status knows, when it was.
fn unready_since(before: &HealthcareServiceStatus, now: jiff::Timestamp) -> jiff::Timestamp {
    let ready = before.conditions.iter().find(|c| c.type_ == types::READY);
    let unready = ready.filter(|c| c.status == "False");
    unready.map_or(now, |c| c.last_transition_time.0)
}

fn wants_monitoring(service: &HealthcareService) -> bool {
    let observability = service.spec.observability.clone().unwrap_or_default();
    observability.metrics.enabled || observability.alerts.enabled || observability.slo.is_some()
}

fn is_true(status: &HealthcareServiceStatus, type_: &str) -> bool {
    status
        .conditions
        .iter()
        .any(|c| c.type_ == type_ && c.status == "True")
}
